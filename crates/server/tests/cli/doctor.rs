//! `usher doctor`

use serde_json::Value;

use crate::place::Place;

/// What is said about each check.
fn levels(json: &str) -> Vec<(String, String)> {
    let found: Vec<Value> = serde_json::from_str(json).expect("JSON");
    let text = |finding: &Value, key: &str| finding[key].as_str().expect("text").to_owned();
    found
        .iter()
        .map(|finding| (text(finding, "check"), text(finding, "level")))
        .collect()
}

#[test]
fn the_doctor_says_what_to_do_and_then_that_all_is_well() {
    let place = Place::new();
    let outcome = place.run("doctor");
    assert!(outcome.out.contains("run usher migrate"), "{}", outcome.out);
    outcome.refused();
    place.run("migrate").fine();
    let found = place.run("doctor").fine();
    assert!(!found.contains("fail "), "{found}");
    let json = place.run("doctor --json").fine();
    let levels = levels(&json);
    let checks: Vec<_> = levels.iter().map(|(check, _)| check.as_str()).collect();
    for check in [
        "settings",
        "proxies",
        "secrets",
        "files",
        "disk",
        "open files",
        "database",
        "schema",
        "integrity",
        "clock",
        "mail",
    ] {
        assert!(checks.contains(&check) || cfg!(windows), "{check}: {checks:?}");
    }
    assert!(
        levels.iter().all(|(_, level)| level == "ok" || level == "warn"),
        "{json}"
    );
}

#[test]
fn the_doctor_finds_what_is_wrong_with_settings_and_parts() {
    let place = Place::new();
    place.run("migrate").fine();
    let production = [
        ("USHER_SERVER__PUBLIC_URL", "https://accounts.example.org"),
        ("USHER_MAIL__TRANSPORT", "smtp"),
        (
            "USHER_MAIL__SMTP__URL",
            "smtp://mailer:hunter2@127.0.0.1:9?tls=none",
        ),
    ];
    let outcome = place.run_with("doctor --json", "", &production);
    assert!(!outcome.ok && !outcome.out.contains("hunter2"), "{}", outcome.out);
    let level = |found: &[(String, String)], check: &str| {
        let line = found.iter().find(|(name, _)| name == check);
        line.map(|(_, level)| level.clone()).unwrap_or_default()
    };
    let found = levels(&outcome.out);
    assert_eq!(level(&found, "mail"), "fail");
    assert_eq!(level(&found, "proxies"), "warn");
    let everybody = [("USHER_SERVER__TRUSTED_PROXIES", "0.0.0.0/0")];
    let outcome = place.run_with("doctor --json", "", &everybody);
    assert_eq!(level(&levels(&outcome.out), "proxies"), "fail");
    let nobody = [("DATABASE_URL", "postgres://u:hunter2@127.0.0.1:1/d")];
    let outcome = place.run_with("doctor --json", "", &nobody);
    assert_eq!(level(&levels(&outcome.out), "database"), "fail");
    assert!(!outcome.out.contains("hunter2") && !outcome.err.contains("hunter2"));
    let outcome = place.run_with("doctor --json", "", &[("USHER_SESSION__TLL", "1h")]);
    assert_eq!(levels(&outcome.out), [("settings".to_owned(), "fail".to_owned())]);
}

#[cfg(unix)]
#[test]
fn r11_the_doctor_names_the_command_that_closes_a_file() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::new();
    place.run("migrate").fine();
    let file = place.path().join("usher-data/usher.db");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let outcome = place.run("doctor");
    assert!(
        outcome.out.contains("run: chmod 600 ./usher-data/usher.db"),
        "{}",
        outcome.out
    );
    outcome.refused();
}
