//! `usher backup`, `restore` and `move`

use std::fs;

use crate::place::Place;

/// With two accounts in its database.
fn peopled() -> Place {
    let place = Place::new();
    place.add("one@example.com --verified --username One").fine();
    place.add("two@example.com").fine();
    place
}

#[test]
fn a_backup_brings_the_accounts_to_another_place() {
    let (place, other) = (peopled(), Place::new());
    let file = other.path().join("friday.db");
    let said = place.run(&format!("backup {}", file.display())).fine();
    assert!(said.contains("friday.db: ") && said.contains(" rows"), "{said}");
    let restored = other.run("restore friday.db").fine();
    assert!(restored.contains("Everybody signs in anew."), "{restored}");
    assert_eq!(other.run("user list").fine(), place.run("user list").fine());
    assert!(!other.path().join("usher-data/restore.part").exists());
}

#[test]
fn a_backup_never_takes_the_place_of_a_file() {
    let place = peopled();
    fs::write(place.path().join("precious"), "text").unwrap();
    let refused = place.run("backup precious").refused();
    assert!(
        refused.contains("precious") && refused.contains("exists"),
        "{refused}"
    );
    assert_eq!(fs::read_to_string(place.path().join("precious")).unwrap(), "text");
}

#[test]
fn a_backup_of_nothing_is_refused_and_makes_nothing() {
    let place = Place::new();
    let refused = place.run("backup friday.db").refused();
    assert!(refused.contains("no database"), "{refused}");
    assert!(!place.path().join("friday.db").exists() && !place.path().join("usher-data/usher.db").exists());
    // Made by hand, without a schema.
    place.run("config show").fine();
    fs::create_dir_all(place.path().join("usher-data")).unwrap();
    fs::write(place.path().join("usher-data/usher.db"), "").unwrap();
    let refused = place.run("backup friday.db").refused();
    assert!(refused.contains("run usher migrate"), "{refused}");
}

#[test]
fn a_database_in_use_is_not_replaced_unless_that_is_said() {
    let place = peopled();
    place.run("backup friday.db").fine();
    place.add("three@example.com").fine();
    let refused = place.run("restore friday.db").refused();
    assert!(refused.contains("--replace"), "{refused}");
    assert_eq!(place.run("user list").fine().lines().count(), 3);
    place.run("restore friday.db --replace").fine();
    assert_eq!(place.run("user list").fine().lines().count(), 2);
}

#[test]
fn what_is_no_backup_is_refused_and_changes_nothing() {
    let place = peopled();
    fs::write(place.path().join("text"), "no database").unwrap();
    for file in ["text", "none", "usher-data/usher.db"] {
        let refused = place.run(&format!("restore {file} --replace")).refused();
        assert!(refused.contains(file), "{refused}");
    }
    assert_eq!(place.run("user list").fine().lines().count(), 2);
}

#[test]
fn the_secret_is_in_a_backup_only_when_that_is_said() {
    let (place, other) = (peopled(), Place::new());
    let secret = fs::read_to_string(place.path().join("usher-data/secret.key")).unwrap();
    place.run("backup plain.db").fine();
    place.run("backup full.db --with-secrets").fine();
    let holds = |file: &str| {
        let bytes = fs::read(place.path().join(file)).unwrap();
        bytes
            .windows(secret.trim_end().len())
            .any(|word| word == secret.trim_end().as_bytes())
    };
    assert!(!holds("plain.db") && holds("full.db"));
    let full = place.path().join("full.db");
    let said = other.run(&format!("restore {}", full.display())).fine();
    let there = other.path().join("usher-data/secret.key");
    assert!(
        said.contains("secret.key") && !said.contains(secret.trim_end()),
        "{said}"
    );
    assert_eq!(fs::read_to_string(&there).unwrap(), secret);
    // One that is there already stays.
    let third = peopled();
    let own = fs::read_to_string(third.path().join("usher-data/secret.key")).unwrap();
    third.run(&format!("restore {} --replace", full.display())).fine();
    assert_eq!(
        fs::read_to_string(third.path().join("usher-data/secret.key")).unwrap(),
        own
    );
}

#[test]
fn a_secret_that_is_not_in_the_data_folder_cannot_be_put_in() {
    let place = Place::new();
    let own = [(
        "SECRET_KEY",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    )];
    place.run_with("migrate", "", &own).fine();
    fs::remove_file(place.path().join("usher-data/signing-keys.json")).unwrap_or_default();
    let refused = place
        .run_with("backup full.db --with-secrets", "", &own)
        .refused();
    assert!(
        refused.contains("SECRET_KEY") && !refused.contains(own[0].1),
        "{refused}"
    );
}

#[test]
fn a_move_needs_an_empty_target_and_leaves_the_source_alone() {
    let place = peopled();
    let before = place.run("user list").fine();
    // It was started once, and nobody has come yet.
    place
        .run_with("user list", "", &[("DATABASE_URL", "sqlite:other.db")])
        .fine();
    let said = place.run("move --to sqlite:other.db").fine();
    assert!(
        said.contains("DATABASE_URL") && said.contains("sqlite:other.db"),
        "{said}"
    );
    let moved = [("DATABASE_URL", "sqlite:other.db")];
    assert_eq!(place.run_with("user list", "", &moved).fine(), before);
    assert_eq!(place.run("user list").fine(), before);
    let refused = place.run("move --to sqlite:other.db").refused();
    assert!(refused.contains("empty"), "{refused}");
    let refused = place.run("move --to sqlite:usher-data/usher.db").refused();
    assert!(refused.contains("the same database"), "{refused}");
    let refused = place
        .run("move --from sqlite:none.db --to sqlite:third.db")
        .refused();
    assert!(refused.contains("no database"), "{refused}");
    assert!(!place.path().join("none.db").exists());
}

#[test]
fn t16_a_move_does_not_repeat_a_password() {
    let place = peopled();
    for url in ["mysql://u:hunter2@h/d", "postgres://u:hunter2@127.0.0.1:1/d"] {
        let refused = place.run(&format!("move --to {url}")).refused();
        assert!(!refused.contains("hunter2"), "{refused}");
    }
}

#[test]
fn t55_keys_are_published_before_they_sign_and_can_be_replaced() {
    let place = peopled();
    let one = place.run("keys list").fine();
    assert!(one.lines().count() == 1 && one.contains("  signs "), "{one}");
    let said = place.run("keys rotate").fine();
    assert!(said.contains("nobody is signed out"), "{said}");
    let two = place.run("keys list").fine();
    assert!(
        two.starts_with(&one) && two.lines().nth(1).expect("a line").contains("published"),
        "{two}"
    );
    let refused = place.run("keys replace").refused();
    assert!(refused.contains("--yes"), "{refused}");
    place.run("keys replace --yes").fine();
    let new = place.run("keys list").fine();
    assert!(new.lines().count() == 1 && new != one, "{new}");
    // With another secret nothing starts, and the doctor says what to do.
    fs::remove_file(place.path().join("usher-data/secret.key")).unwrap();
    place.run("user list").refused();
    let outcome = place.run("doctor");
    assert!(
        outcome.out.contains("usher keys replace --yes"),
        "{}",
        outcome.out
    );
    outcome.refused();
    place.run("keys replace --yes").fine();
    place.run("user list").fine();
}
