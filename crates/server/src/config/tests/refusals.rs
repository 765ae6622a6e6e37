//! What is refused, and in which words.

use super::*;

#[test]
fn unknown_keys_are_errors_that_name_the_nearest_known_one() {
    for (text, expected) in [
        (
            "[server]\nlissten = 'x'\n",
            "unknown setting server.lissten (usher.toml, line 2); did you mean server.listen?",
        ),
        (
            "[verificaton]\ncode_ttl = '1s'\n",
            "unknown setting verificaton (usher.toml, line 1); did you mean verification?",
        ),
        (
            "[session]\naccess_ttl = '1s'\n",
            "unknown setting session.access_ttl (usher.toml, line 2); did you mean login.access_ttl?",
        ),
        (
            "listen = 'x'\n",
            "unknown setting listen (usher.toml, line 1); did you mean server.listen?",
        ),
        (
            "server = 1\n",
            "unknown setting server (usher.toml, line 1); did you mean server?",
        ),
        (
            "[zzz]\n",
            "unknown setting zzz (usher.toml, line 1); `usher config sample` lists every setting",
        ),
    ] {
        assert_eq!(Case::new().file(text).error(), expected);
    }
}

#[test]
fn unknown_variables_are_errors_that_name_the_nearest_known_one() {
    let error = Case::new().env("USHER_VERIFICATION__CODE_TLL", "2s").error();
    let expected = "unknown setting USHER_VERIFICATION__CODE_TLL (environment variable \
                    USHER_VERIFICATION__CODE_TLL); did you mean USHER_VERIFICATION__CODE_TTL?";
    assert_eq!(error, expected);
    assert!(
        Case::new().env("USHER_SEAT", "1").load().is_development(),
        "no key without two underscores"
    );
}

#[test]
fn a_wrong_value_names_its_key_its_place_and_what_is_allowed() {
    for (text, expected) in [
        (
            "[server]\n\nlisten = 'here'\n",
            "server.listen (usher.toml, line 3) must be an IP address and port \
             such as \"127.0.0.1:8000\" or \"[::1]:8000\"; found \"here\" (invalid socket address syntax)",
        ),
        (
            "[verification]\ncode_digits = 3\n",
            "verification.code_digits (usher.toml, line 2) must be 4 to 8; found 3",
        ),
        (
            "[verification]\ncode_digits = '4'\n",
            "verification.code_digits (usher.toml, line 2) must be a whole number; found \"4\"",
        ),
        (
            "[verification]\ncode_ttl = '11m'\n",
            "verification.code_ttl (usher.toml, line 2) must be 1s to 10m; found 11m",
        ),
        (
            "[password]\nmemory_kib = 1024\n",
            "password.memory_kib (usher.toml, line 2) must be 19456 to 1048576; found 1024",
        ),
        (
            "[registration]\nexisting = 'hide'\n",
            "registration.existing (usher.toml, line 2) must be \"reveal\" or \"silent\"; found \"hide\"",
        ),
        (
            "[registration]\nper_address = 1\n",
            "registration.per_address_and_source (not set) must not be more than registration.per_address, 1",
        ),
    ] {
        assert_eq!(Case::new().file(text).error(), expected);
    }
}

#[test]
fn a_bare_number_is_no_duration() {
    let error = Case::new().env("USHER_VERIFICATION__CODE_TTL", "60").error();
    assert!(
        error.ends_with("found \"60\" (a bare number does not say its unit; 60s or 60m would)"),
        "{error}"
    );
    let error = Case::new().file("[verification]\ncode_ttl = 60\n").error();
    assert!(
        error.ends_with("found 60 (a bare number does not say its unit; 60s or 60m would)"),
        "{error}"
    );
}

#[test]
fn a_file_that_is_no_toml_names_the_line() {
    let error = Case::new().file("[server]\nlisten = \n").error();
    assert!(
        error.starts_with("usher.toml, line 2: not valid TOML: "),
        "{error}"
    );
}

#[test]
fn t16_no_error_repeats_a_secret() {
    for text in [
        "[secrets]\nkey = 'hunter2'\n",
        "[secrets]\nkey = ['hunter2']\n",
        "[database]\nurl = 'mysql://u:hunter2@h/d'\n",
        "[mail.smtp]\nurl = 'http://u:hunter2@h'\n",
        "[mail.http]\nurl = 'https://api:hunter2@h'\n",
        "[mail.http]\nkey = 'hunter2 hunter3'\n",
        "[secrets]\nkey = 'hunter2\n",
        "[secrets]\nkey = hunter2\n",
    ] {
        let error = Case::new().file(text).error();
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn t54_placeholder_and_short_keys_are_refused_in_development_too() {
    for key in ["change-me", "your-secret-key", "0123456789abcdef"] {
        let error = Case::new().env("SECRET_KEY", key).error();
        let start = "secrets.key (environment variable SECRET_KEY) must be at least 32 random bytes";
        assert!(error.starts_with(start), "{error}");
    }
}

#[test]
fn a_list_says_that_it_is_one() {
    let error = Case::new()
        .file("[server]\ntrusted_proxies = '10.0.0.1'\n")
        .error();
    let expected = "must be a list, each an IP address or network such as \"10.0.0.0/8\"; found \"10.0.0.1\"";
    assert!(error.ends_with(expected), "{error}");
    let error = Case::new()
        .env("USHER_SERVER__TRUSTED_PROXIES", "10.0.0.1,proxy")
        .error();
    assert!(error.ends_with("found [\"10.0.0.1\", \"proxy\"]"), "{error}");
}

#[test]
fn m20_a_queue_nobody_could_read_is_refused() {
    let error = Case::new().file("[queue]\nbroker = 'amqp'\n").error();
    assert_eq!(
        error,
        "queue.url (not set) must be set for queue.broker = \"amqp\""
    );
    let error = Case::new().file("[queue]\nembedded = false\n").error();
    assert!(
        error.contains("queue.embedded") && error.contains("mail.transport"),
        "{error}"
    );
    let error = Case::new().file("[queue]\nname = 'amq.mine'\n").error();
    assert!(error.contains("queue.name") && error.contains("amq."), "{error}");
    let error = Case::new().env("USHER_QUEUE__URL", "http://u:hunter2@h").error();
    assert!(
        error.contains("neither amqp nor amqps") && !error.contains("hunter2"),
        "{error}"
    );
}
