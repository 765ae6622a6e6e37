//! `usher user`

use serde_json::Value;

use crate::place::Place;

#[test]
fn m09_a_known_person_is_added_listed_promoted_and_deleted() {
    let place = Place::on_storage_of_this_run();
    let added = place.add("known@example.com --verified --username Known").fine();
    assert!(
        added.contains("known@example.com") && added.contains(" verified "),
        "{added}"
    );
    assert_eq!(place.run("user list").fine(), added);
    assert!(
        place
            .run("user promote known@example.com")
            .fine()
            .contains("admin")
    );
    assert!(
        !place
            .run("user promote known@example.com --role user")
            .fine()
            .contains("admin")
    );
    let kept = place.run("user delete known@example.com").refused();
    assert!(kept.contains("--yes"), "{kept}");
    place.run("user delete known@example.com --yes").fine();
    assert_eq!(place.run("user list").fine().trim(), "");
}

#[test]
fn m09_an_account_that_is_not_verified_can_be_made_so() {
    let place = Place::on_storage_of_this_run();
    assert!(place.add("someone@example.com").fine().contains("unverified"));
    assert!(
        !place
            .run("user verify someone@example.com")
            .fine()
            .contains("unverified")
    );
    place.add("else@example.com --verified").fine();
    assert_eq!(place.run("user list").fine().lines().count(), 2);
    assert_eq!(place.run("user list --search else").fine().lines().count(), 1);
}

#[test]
fn m14_everything_about_a_person_is_printed_and_no_hash() {
    let place = Place::on_storage_of_this_run();
    place.add("someone@example.com --verified --username Some").fine();
    place.run("user promote someone@example.com").fine();
    let printed = place.run("export SOMEONE@example.com").fine();
    let export: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(export["profile"]["email"], "someone@example.com");
    assert_eq!(export["profile"]["username"], "Some");
    let events: Vec<_> = export["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["kind"])
        .collect();
    assert_eq!(events, ["account.created", "account.role_changed"]);
    assert!(!printed.contains("$argon2"), "{printed}");
    let refused = place.run("export stranger@example.com").refused();
    assert!(refused.contains("usher user list"), "{refused}");
}

#[test]
fn m14_a_disabled_account_is_listed_as_such_until_it_is_enabled() {
    let place = Place::on_storage_of_this_run();
    place.add("someone@example.com --verified").fine();
    for (line, state) in [
        ("disable", " disabled "),
        ("disable", " disabled "),
        ("enable", " verified "),
    ] {
        let said = place.run(&format!("user {line} someone@example.com")).fine();
        assert!(said.contains(state), "{line}: {said}");
        assert_eq!(place.run("user list").fine(), said);
    }
    let printed = place.run("export someone@example.com").fine();
    let (disabled, enabled) = ("account.disabled", "account.enabled");
    assert_eq!(
        [disabled, enabled].map(|kind| printed.matches(kind).count()),
        [1, 1],
        "{printed}"
    );
}

#[test]
fn m09_what_cannot_be_added_is_refused_in_one_line() {
    let place = Place::on_storage_of_this_run();
    place.add("known@example.com --username Known").fine();
    place.add("KNOWN@example.com").refused();
    place.add("other@example.com --username known").refused();
    place.add("nobody").refused();
    place.run("user add other@example.com").refused();
    place
        .run_with("user add other@example.com", "seven77", &[])
        .refused();
    for line in ["user verify", "user promote", "user disable", "user delete --yes"] {
        let refused = place.run(&format!("{line} stranger@example.com")).refused();
        assert!(refused.contains("usher user list"), "{refused}");
    }
    assert_eq!(place.run("user list").fine().lines().count(), 1);
}

#[test]
fn m09_people_come_over_with_the_hashes_they_had() {
    let place = Place::new();
    place.add("known@example.com --username Known").fine();
    let lines = concat!(
        r#"{"email":"django@example.com","password_hash":"pbkdf2_sha256$1000$seasaltseasaltseasalt$KofYJaqLcUqQJ3HBsz1gRlKpu2/M70+C+P7Xrahf4Kg="}"#,
        "\n",
        r#"{"email":"flask@example.com","username":"Flask","role":"admin","verified":false,"password_hash":"$2b$04$atqwadI/ch1WaDo4U6sopOtOkc.uH2gzh2sNGBA7BvkB/3Jp.EbcW"}"#,
        "\n",
        r#"{"email":"known@example.com","password_hash":"$2b$04$atqwadI/ch1WaDo4U6sopOtOkc.uH2gzh2sNGBA7BvkB/3Jp.EbcW"}"#,
        "\n",
    );
    std::fs::write(place.path().join("people.jsonl"), lines).expect("a file");
    let checked = place.run("user import people.jsonl --check").fine();
    assert!(checked.contains("3 of 3 lines"), "{checked}");
    assert_eq!(place.run("user list").fine().lines().count(), 1);
    let said = place.run("user import people.jsonl --verified").fine();
    assert!(said.starts_with("imported 2; 1 had"), "{said}");
    let list = place.run("user list").fine();
    let line = |email: &str| list.lines().find(|line| line.contains(email)).expect("a line");
    assert!(line("django@").contains(" verified "), "{list}");
    assert!(
        line("flask@").contains("admin") && line("flask@").contains("unverified"),
        "{list}"
    );
    let again = place.run_with("user import -", lines, &[]).fine();
    assert!(again.starts_with("imported 0; 3 had"), "{again}");
    let csv = "email,password_hash,username\nnew@example.com,md5$a$b,New\nother@example.com,$2b$04$atqwadI/ch1WaDo4U6sopOtOkc.uH2gzh2sNGBA7BvkB/3Jp.EbcW,known\n";
    let outcome = place.run_with("user import -", csv, &[]);
    assert!(
        outcome.out.contains("line 2: ") && outcome.out.contains("line 3: "),
        "{}",
        outcome.out
    );
    assert!(!outcome.out.contains("md5"), "{}", outcome.out);
    let refused = outcome.refused();
    assert!(refused.contains("2 of 2 lines"), "{refused}");
}
