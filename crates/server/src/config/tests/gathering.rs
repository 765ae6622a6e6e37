//! Where settings come from, and which source goes before which.

use std::path::PathBuf;
use std::time::Duration;

use super::*;

#[test]
fn without_any_source_the_published_defaults_hold() {
    let settings = Case::new().load();
    assert_eq!(settings.mode, Mode::Development);
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:8000");
    assert_eq!(settings.server.public_url.as_str(), "http://127.0.0.1:8000");
    assert_eq!(
        settings.database,
        DatabaseUrl::Sqlite("./usher-data/usher.db".into())
    );
    assert_eq!(settings.registration.existing, Existing::Reveal);
    assert_eq!(settings.verification.code_digits, 4);
    assert_eq!(settings.verification.code_ttl.duration(), Duration::from_mins(1));
    assert_eq!(settings.login.access_ttl, Span::minutes(30));
    assert_eq!(settings.session.ttl, Span::hours(168));
    assert_eq!(
        (settings.password.memory_kib, settings.password.passes),
        (19_456, 2)
    );
    assert_eq!(settings.mail.transport, Transport::Mailbox);
    assert_eq!(settings.metrics, None);
    assert_eq!(settings.secret_key, None);
}

#[test]
fn stronger_sources_go_before_weaker_ones() {
    let file = "[server]\nlisten = '127.0.0.1:1'\n[session]\nttl = '1h'\n[login]\naccess_ttl = '1m'\n";
    let case = Case::new()
        .file(file)
        .env("SESSION_EXPIRE_HOURS", "2")
        .env("ACCESS_TOKEN_EXPIRE_MINUTES", "2")
        .env("USHER_LOGIN__ACCESS_TTL", "3m")
        .env("USHER_SERVER__LISTEN", "127.0.0.1:2")
        .flags(listen("127.0.0.1:3"));
    let settings = case.load();
    assert_eq!(settings.server.listen.port(), 3);
    assert_eq!(settings.session.ttl, Span::hours(2));
    assert_eq!(settings.login.access_ttl, Span::minutes(3));
}

#[test]
fn the_file_is_found_where_it_is_said_to_be() {
    let digits = |count: u32| format!("[verification]\ncode_digits = {count}\n");
    let case = Case::new().file_at("usher-data/usher.toml", &digits(5));
    assert_eq!(case.load().verification.code_digits, 5);
    let case = case.file(&digits(6));
    assert_eq!(case.load().verification.code_digits, 6);
    let case = case
        .file_at("etc/other.toml", &digits(7))
        .env("USHER_CONFIG", "etc/other.toml");
    assert_eq!(case.load().verification.code_digits, 7);
    let flags = Flags {
        config: Some("etc/eight.toml".into()),
        ..Flags::default()
    };
    let case = case.file_at("etc/eight.toml", &digits(8)).flags(flags);
    assert_eq!(case.load().verification.code_digits, 8);
}

#[test]
fn the_data_folder_of_a_flag_is_searched_for_the_file() {
    let flags = Flags {
        data_dir: Some("elsewhere".to_owned()),
        ..Flags::default()
    };
    let case = Case::new()
        .file_at("elsewhere/usher.toml", "[session]\nmax_per_account = 3\n")
        .flags(flags);
    let settings = case.load();
    assert_eq!(settings.session.max_per_account, 3);
    assert_eq!(settings.server.data_dir, PathBuf::from("elsewhere"));
}

#[test]
fn a_named_file_that_is_missing_is_an_error() {
    let error = Case::new().env("USHER_CONFIG", "nowhere.toml").error();
    assert!(
        error.starts_with("cannot read the settings file nowhere.toml:"),
        "{error}"
    );
}

#[test]
fn the_environment_gives_each_key_its_own_type() {
    let settings = Case::new()
        .env("USHER_VERIFICATION__CODE_TTL", "2s")
        .env("USHER_LOGIN__UNVERIFIED", "false")
        .env("USHER_PASSWORD__PASSES", "3")
        .env("USHER_SERVER__TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1")
        .env("USHER_SERVER__CORS_ORIGINS", "")
        .env("USHER_MAIL__TRANSPORT", "smtp")
        .env(
            "USHER_MAIL__SMTP__URL",
            "smtp://0123456:0123456@localhost:25?tls=none",
        )
        .load();
    assert_eq!(settings.verification.code_ttl, Span::seconds(2));
    assert!(!settings.login.unverified);
    assert_eq!(settings.password.passes, 3);
    assert_eq!(settings.server.trusted_proxies.len(), 2);
    assert!(settings.server.cors_origins.is_empty());
    let Transport::Smtp(url) = settings.mail.transport else {
        panic!("smtp")
    };
    assert_eq!(url.expose(), "smtp://0123456:0123456@localhost:25?tls=none");
}

#[test]
fn a_path_made_of_digits_keeps_its_leading_zeros() {
    let settings = Case::new().env("USHER_SERVER__DATA_DIR", "0123456").load();
    assert_eq!(settings.server.data_dir, PathBuf::from("0123456"));
}

#[test]
fn the_well_known_names_work() {
    let key = "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=";
    let settings = Case::new()
        .env("DATABASE_URL", "postgres://u:p@db/usher")
        .env("SECRET_KEY", key)
        .env("ACCESS_TOKEN_EXPIRE_MINUTES", "15")
        .env("SESSION_EXPIRE_HOURS", "12")
        .env("SESSION_CLEANUP_INTERVAL_HOURS", "6")
        .load();
    assert!(matches!(settings.database, DatabaseUrl::Postgres(_)));
    assert_eq!(settings.secret_key.unwrap().expose(), key.as_bytes());
    assert_eq!(settings.login.access_ttl, Span::minutes(15));
    assert_eq!(settings.session.ttl, Span::hours(12));
    assert_eq!(settings.session.cleanup_every, Span::hours(6));
}
