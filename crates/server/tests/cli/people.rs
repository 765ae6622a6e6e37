//! `usher user`

use crate::place::Place;

#[test]
fn m09_a_known_person_is_added_listed_promoted_and_deleted() {
    let place = Place::new();
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
    let place = Place::new();
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
fn m09_what_cannot_be_added_is_refused_in_one_line() {
    let place = Place::new();
    place.add("known@example.com --username Known").fine();
    place.add("KNOWN@example.com").refused();
    place.add("other@example.com --username known").refused();
    place.add("nobody").refused();
    place.run("user add other@example.com").refused();
    place
        .run_with("user add other@example.com", "seven77", &[])
        .refused();
    for line in ["user verify", "user promote", "user delete --yes"] {
        let refused = place.run(&format!("{line} stranger@example.com")).refused();
        assert!(refused.contains("usher user list"), "{refused}");
    }
    assert_eq!(place.run("user list").fine().lines().count(), 1);
}
