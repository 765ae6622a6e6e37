use super::*;

fn place(url: &str) -> (String, u16, Protection) {
    let server = Server::parse(url).expect(url);
    (server.host, server.port, server.protection)
}

#[test]
fn the_scheme_decides_port_and_protection_unless_the_url_does() {
    let host = || "mail.example.org".to_owned();
    assert_eq!(
        place("smtp://mail.example.org"),
        (host(), 587, Protection::StartTls)
    );
    assert_eq!(
        place("smtp://mail.example.org/?tls=starttls"),
        (host(), 587, Protection::StartTls)
    );
    assert_eq!(place("smtps://mail.example.org"), (host(), 465, Protection::Tls));
    assert_eq!(
        place("smtps://mail.example.org:2465?tls=tls"),
        (host(), 2465, Protection::Tls)
    );
    assert_eq!(
        place("smtp://mail.example.org?tls=tls"),
        (host(), 465, Protection::Tls)
    );
    assert_eq!(
        place("smtp://mail.example.org:25"),
        (host(), 25, Protection::StartTls)
    );
}

#[test]
fn without_encryption_only_this_machine_is_spoken_to() {
    for own in ["localhost", "LOCALHOST", "127.0.0.1", "127.8.8.8", "[::1]"] {
        assert_eq!(place(&format!("smtp://{own}:1025?tls=none")).2, Protection::None);
    }
    for other in [
        "mail.example.org",
        "localhost.example.org",
        "10.0.0.1",
        "0.0.0.0",
        "[::]",
        "[fe80::1]",
    ] {
        let refused = Server::parse(&format!("smtp://{other}?tls=none"));
        assert_eq!(refused.err(), Some(SmtpUrlError::PlainBeyondLoopback), "{other}");
    }
}

#[test]
fn another_container_may_be_spoken_to_plainly_as_long_as_there_is_no_password() {
    assert_eq!(place("smtp://maildev:1025?tls=none").2, Protection::None);
    let with_password = Server::parse("smtp://me:secret@maildev:1025?tls=none");
    assert_eq!(with_password.err(), Some(SmtpUrlError::PlainBeyondLoopback));
}

#[test]
fn credentials_are_percent_decoded() {
    let server =
        Server::parse("smtp://ada%40example.org:p%40ss%3Aw%2Frd%25@mail.example.org").expect("a URL");
    let expected = Credentials::new("ada@example.org".to_owned(), "p@ss:w/rd%".to_owned());
    assert_eq!(server.credentials, Some(expected));
    assert_eq!(
        Server::parse("smtp://mail.example.org")
            .expect("a URL")
            .credentials,
        None
    );
}

#[test]
fn t16_debug_and_errors_keep_the_password() {
    let server = Server::parse("smtp://ada:hunter2@mail.example.org").expect("a URL");
    assert!(!format!("{server:?}").contains("hunter2"));
    assert!(!format!("{server:?}").contains("ada"));
    let error = Server::parse("hunter2://ada:hunter2@mail?hunter2").expect_err("not a URL");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[test]
fn every_mistake_has_its_own_answer() {
    for (url, error) in [
        ("", SmtpUrlError::Scheme),
        ("mail.example.org", SmtpUrlError::Scheme),
        ("http://mail.example.org", SmtpUrlError::Scheme),
        ("smtp://", SmtpUrlError::Host),
        ("smtp://mail example", SmtpUrlError::Host),
        ("smtp://mail.example.org/path", SmtpUrlError::Host),
        ("smtp://mail\r\n.org", SmtpUrlError::Host),
        ("smtp://[::1", SmtpUrlError::Host),
        ("smtp://[::1]587", SmtpUrlError::Host),
        ("smtp://[mail]:587", SmtpUrlError::Host),
        ("smtp://mail.example.org:", SmtpUrlError::Port),
        ("smtp://mail.example.org:0", SmtpUrlError::Port),
        ("smtp://mail.example.org:65536", SmtpUrlError::Port),
        ("smtp://ada@mail.example.org", SmtpUrlError::Credentials),
        ("smtp://:secret@mail.example.org", SmtpUrlError::Credentials),
        ("smtp://ada:@mail.example.org", SmtpUrlError::Credentials),
        ("smtp://ada:a%0d%0ab@mail.example.org", SmtpUrlError::Credentials),
        ("smtp://ada:%ff@mail.example.org", SmtpUrlError::Credentials),
        (
            "smtp://mail.example.org?tls=opportunistic",
            SmtpUrlError::Parameter,
        ),
        ("smtp://mail.example.org?insecure=true", SmtpUrlError::Parameter),
        ("smtp://localhost?tls=none&insecure=true", SmtpUrlError::Parameter),
        (
            "smtps://mail.example.org?tls=starttls",
            SmtpUrlError::Contradiction,
        ),
        ("smtps://localhost?tls=none", SmtpUrlError::Contradiction),
    ] {
        assert_eq!(Server::parse(url).err(), Some(error), "{url:?}");
    }
}
