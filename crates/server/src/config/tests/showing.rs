//! The sample, the reference page and the settings in force.

use super::*;

/// The sample with the # before every key taken away.
fn sample_in_force() -> String {
    let keys: Vec<_> = written::keys().map(section::Key::name).collect();
    let active = |line: &str| {
        let key = line.strip_prefix("# ").and_then(|rest| rest.split_once(" = "));
        key.is_some_and(|(key, _)| keys.contains(&key))
    };
    sample()
        .lines()
        .map(|line| if active(line) { &line[2..] } else { line })
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn the_sample_as_it_is_changes_nothing() {
    let plain = Case::new().load();
    let sampled = Case::new().file(&sample()).load();
    assert_eq!(show(&plain), show(&sampled));
}

#[test]
fn every_key_of_the_sample_can_be_put_in_force() {
    let text = sample_in_force();
    let case = Case::new().file(&text);
    assert!(
        case.error().contains("secrets.key"),
        "the example key is not to be used"
    );
    let text = text.replace(
        "64 random hexadecimal digits",
        "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=",
    );
    let text = text.replace("transport = \"mailbox\"", "transport = \"smtp\"");
    let settings = Case::new().file(&text).load();
    let unwritten = settings
        .shown
        .iter()
        .filter(|shown| !matches!(shown.place, Place::File { .. }));
    assert_eq!(unwritten.map(|shown| shown.path).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn every_default_is_within_its_own_range_and_explained() {
    written::Written::read(&values::Values::default()).unwrap();
    for key in written::keys() {
        assert!(
            key.meaning.iter().all(|line| !line.trim().is_empty()),
            "{}",
            key.path
        );
        assert!(
            reference_markdown().contains(&format!("### `{}`", key.path)),
            "{}",
            key.path
        );
    }
}

#[test]
fn what_is_in_force_is_shown_with_its_place_and_without_secrets() {
    let settings = Case::new()
        .file("[verification]\ncode_digits = 6\n")
        .env("DATABASE_URL", "postgres://u:hunter2@db/usher")
        .env("SECRET_KEY", "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=")
        .flags(listen("127.0.0.1:9000"))
        .load();
    let text = show(&settings);
    for line in [
        "# Mode: development",
        "listen = \"127.0.0.1:9000\"  # flag --listen",
        "public_url = \"http://127.0.0.1:9000\"  # follows from other settings",
        "url = \"postgres://u:***@db/usher\"  # environment variable DATABASE_URL",
        "code_digits = 6  # usher.toml, line 2",
        "code_ttl = \"60s\"",
        "key = \"***\"  # environment variable SECRET_KEY",
        "# templates is not set",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
    }
    let everything = format!("{text}{settings:?}");
    assert!(
        !everything.contains("hunter2") && !everything.contains("n4bQ"),
        "{everything}"
    );
}

#[test]
fn the_table_of_limits_names_every_budget() {
    let settings = Case::new().env("USHER_LIMITS__MAILS_PER_ADDRESS_DAY", "7").load();
    let table = settings.limits_table();
    assert!(
        table
            .lines()
            .any(|line| line.split_whitespace().eq(["mails", "address", "7", "24h"])),
        "{table}"
    );
    assert!(show(&settings).contains("# wrong passwords"));
    let off = Case::new().env("USHER_LIMITS__ENABLED", "false").load();
    assert!(off.limits_table().starts_with("switched off"));
}
