//! What development mode is, and what everything else needs.

use super::*;

#[test]
fn development_needs_a_loopback_listener_and_a_loopback_http_name() {
    let mode = |address: &str, url: &str| {
        let case = Case::new()
            .flags(listen(address))
            .env("USHER_SERVER__PUBLIC_URL", url);
        load(&case.env("USHER_MAIL__TRANSPORT", "file").sources)
            .map(|settings| settings.mode)
            .ok()
    };
    assert_eq!(mode("127.0.0.1:8000", ""), Some(Mode::Development));
    assert_eq!(
        mode("[::1]:8000", "http://localhost:9000"),
        Some(Mode::Development)
    );
    assert_eq!(
        mode("127.0.0.1:8000", "https://a.example"),
        Some(Mode::Production)
    );
    assert_eq!(
        mode("127.0.0.1:8000", "https://localhost"),
        Some(Mode::Production)
    );
    assert_eq!(
        mode("0.0.0.0:8000", "http://localhost:8000"),
        Some(Mode::Production)
    );
    assert_eq!(mode("0.0.0.0:8000", "http://a.example"), None);
    assert_eq!(mode("0.0.0.0:8000", ""), None);
}

#[test]
fn t54_production_refuses_to_start_without_a_public_url() {
    let error = Case::new().flags(listen("0.0.0.0:80")).error();
    assert!(
        error.starts_with("server.public_url (not set) must be set outside development mode"),
        "{error}"
    );
    let flags = Flags {
        production: true,
        ..Flags::default()
    };
    let error = Case::new().flags(flags).error();
    assert!(
        error.starts_with("server.public_url (not set) must be set outside development mode"),
        "{error}"
    );
}

#[test]
fn production_refuses_to_start_without_a_real_transport() {
    let case = Case::new().env("USHER_SERVER__PUBLIC_URL", "https://a.example");
    let error = case.error();
    assert!(
        error.starts_with("mail.transport (not set) must be \"smtp\", \"http\" or \"file\""),
        "{error}"
    );
    let case = case.env("USHER_MAIL__TRANSPORT", "smtp");
    assert_eq!(
        case.error(),
        "mail.smtp.url (not set) must be set for mail.transport = \"smtp\""
    );
    let settings = case.env("USHER_MAIL__SMTP__URL", "smtp://mail").load();
    assert_eq!(settings.mode, Mode::Production);
    assert_eq!(settings.metrics.unwrap().to_string(), "127.0.0.1:9464");
}

#[test]
fn m19_a_provider_needs_what_it_cannot_do_without() {
    let case = |settings: &[(&str, &str)]| {
        let case = Case::new().env("USHER_MAIL__TRANSPORT", "http");
        settings
            .iter()
            .fold(case, |case, (name, value)| case.env(name, value))
    };
    let (provider, url, key) = (
        "USHER_MAIL__HTTP__PROVIDER",
        (
            "USHER_MAIL__HTTP__URL",
            "https://api.mailgun.net/v3/mg.example.org",
        ),
        ("USHER_MAIL__HTTP__KEY", "hunter2"),
    );
    for (settings, expected) in [
        (
            vec![],
            "mail.http.provider (not set) must be set for mail.transport = \"http\"",
        ),
        (
            vec![(provider, "mailgun"), key],
            "mail.http.url (not set) must be set for mail.http.provider = \"mailgun\"",
        ),
        (
            vec![(provider, "mailgun"), url],
            "mail.http.key (not set) must be set for mail.http.provider = \"mailgun\"",
        ),
        (
            vec![(provider, "resend")],
            "mail.http.key (not set) must be set for mail.http.provider = \"resend\"",
        ),
    ] {
        assert_eq!(case(&settings).error(), expected);
    }
    for settings in [
        vec![(provider, "mailgun"), url, key],
        vec![(provider, "resend"), key],
        vec![(provider, "mailpit")],
        vec![(provider, "webhook"), url, key],
    ] {
        let transport = case(&settings).load().mail.transport;
        assert!(matches!(transport, Transport::Http { .. }), "{transport:?}");
        assert!(!format!("{transport:?}").contains("hunter2"));
    }
}

#[test]
fn metrics_are_where_they_are_told_to_be() {
    let metrics = |text: &str| Case::new().env("USHER_METRICS__LISTEN", text).load().metrics;
    assert_eq!(metrics("off"), None);
    assert_eq!(metrics("127.0.0.1:1"), Some("127.0.0.1:1".parse().unwrap()));
}
