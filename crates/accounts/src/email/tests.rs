use proptest::prelude::*;

use super::*;

fn key_of(text: &str) -> String {
    EmailAddress::parse(text).unwrap().key().to_owned()
}

fn error_of(text: &str) -> EmailError {
    EmailAddress::parse(text).unwrap_err()
}

#[test]
fn the_key_lowers_ascii_and_encodes_the_domain_while_the_typed_form_stays() {
    let address = EmailAddress::parse("Bob.O'Neil+Ship@Exämple.ORG").unwrap();
    assert_eq!(address.as_typed(), "Bob.O'Neil+Ship@Exämple.ORG");
    assert_eq!(address.key(), "bob.o'neil+ship@xn--exmple-cua.org");
    assert_eq!(address.domain(), "xn--exmple-cua.org");
    assert_eq!(address.for_transport(), "Bob.O'Neil+Ship@xn--exmple-cua.org");
}

#[test]
fn spellings_of_one_mailbox_are_equal() {
    for spelling in [
        "BOB@bücher.example",
        "bob@xn--bcher-kva.EXAMPLE",
        "bob@BÜCHER。example",
    ] {
        assert_eq!(
            EmailAddress::parse(spelling).unwrap(),
            EmailAddress::parse("bob@bücher.example").unwrap(),
            "{spelling}"
        );
    }
}

#[test]
fn neither_dots_nor_plus_tags_are_folded() {
    assert_ne!(key_of("b.ob@example.org"), key_of("bob@example.org"));
    assert_ne!(key_of("bob+a@example.org"), key_of("bob@example.org"));
}

#[test]
fn debug_shows_the_domain_alone() {
    assert_eq!(
        format!("{:?}", EmailAddress::parse("bob@example.org").unwrap()),
        "***@example.org"
    );
}

#[test]
fn a_stored_address_is_the_one_that_was_parsed() {
    let parsed = EmailAddress::parse("Bob@exämple.org").unwrap();
    let stored = EmailAddress::from_stored(parsed.as_typed(), parsed.key());
    assert_eq!(stored, parsed);
    assert_eq!(stored.for_transport(), parsed.for_transport());
}

#[test]
fn t09_look_alike_letters_are_another_address_or_none() {
    // Cyrillic а in the domain: another domain. In the local part: no address at all.
    assert_ne!(key_of("bob@ex\u{0430}mple.org"), key_of("bob@example.org"));
    assert_eq!(error_of("b\u{043E}b@example.org"), EmailError::Local);
    // Kelvin sign and dotless i, which Unicode case mapping would turn into k and i.
    assert_eq!(error_of("\u{212A}im@example.org"), EmailError::Local);
    assert_eq!(error_of("k\u{0131}m@example.org"), EmailError::Local);
    assert_ne!(key_of("bob@fa\u{00DF}.example"), key_of("bob@fass.example"));
}

#[test]
fn t09_mail_goes_to_the_domain_of_the_key() {
    let fullwidth = EmailAddress::parse("bob@\u{FF45}xample.org").unwrap();
    assert_eq!(fullwidth.key(), "bob@example.org");
    assert_eq!(fullwidth.for_transport(), "bob@example.org");
}

#[test]
fn t09_invisible_characters_are_refused() {
    for text in [
        "bob@exam\u{AD}ple.org",
        "bob@exam\u{200B}ple.org",
        "bob@\u{202E}elpmaxe.org",
        "b\u{200D}ob@x.org",
    ] {
        assert!(EmailAddress::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn t15_line_breaks_and_other_controls_are_refused_everywhere() {
    for control in [
        "\r\n",
        "\n",
        "\r",
        "\0",
        "\t",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        "\r\nBcc: eve@example.com\r\n",
    ] {
        for at in [0, 2, 3, 4, 8, 11, 15] {
            let mut text = "bob@example.org".to_owned();
            text.insert_str(at, control);
            assert!(EmailAddress::parse(&text).is_err(), "{text:?}");
        }
    }
}

#[test]
fn t39_what_is_not_a_dot_atom_is_refused() {
    for local in [
        "", ".bob", "bob.", "b..ob", "\"a b\"", "\"bob\"", "a b", "a,b", "a:b", "<bob", "bob(x)", "bøb",
        "a\\b",
    ] {
        assert_eq!(
            error_of(&format!("{local}@example.org")),
            EmailError::Local,
            "{local}"
        );
    }
    for text in ["Bob <bob@example.org>", " bob@example.org"] {
        assert_eq!(error_of(text), EmailError::Local, "{text}");
    }
}

#[test]
fn t39_what_is_not_a_public_domain_name_is_refused() {
    for domain in [
        "",
        ".",
        "localhost",
        "example",
        "example.org.",
        ".example.org",
        "example..org",
        "-example.org",
        "example-.org",
        "exam_ple.org",
        "exam ple.org",
        "example.org ",
        "a@example.org",
        "127.0.0.1",
        "1.2.3.0x7f",
        "[127.0.0.1]",
        "[IPv6:::1]",
        "example.o",
        "xn--a.org",
        "example.org>",
        "example.org:25",
    ] {
        assert_eq!(error_of(&format!("bob@{domain}")), EmailError::Domain, "{domain}");
    }
    assert_eq!(error_of("bob.example.org"), EmailError::NoAt);
}

#[test]
fn lengths_are_bounded_as_typed_and_as_encoded() {
    let label = "a".repeat(63);
    assert!(EmailAddress::parse(&format!("{}@example.org", "b".repeat(64))).is_ok());
    assert_eq!(
        error_of(&format!("{}@example.org", "b".repeat(65))),
        EmailError::Local
    );
    assert_eq!(
        error_of(&format!("bob@{}.org", "a".repeat(64))),
        EmailError::Domain
    );
    let longest = format!("{}@{label}.{label}.{}.org", "b".repeat(64), "a".repeat(57));
    assert_eq!(longest.len(), 254);
    assert!(EmailAddress::parse(&longest).is_ok());
    assert_eq!(error_of(&format!("{longest}g")), EmailError::TooLong);
    let grows = format!("{}@{}org", "b".repeat(64), "aé.".repeat(20));
    assert!(grows.len() <= 254);
    assert_eq!(error_of(&grows), EmailError::TooLong);
}

proptest! {
    #[test]
    fn whatever_parses_is_safe_for_a_mail_server_and_stable(
        text in "[ -~\r\n\u{80}-\u{FFFF}]{0,12}@?[a-zA-Z0-9.é\u{3002}-]{0,12}[.][a-z]{0,4}",
    ) {
        if let Ok(address) = EmailAddress::parse(&text) {
            let sent = address.for_transport();
            prop_assert!(sent.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert_eq!(sent.matches('@').count(), 1);
            prop_assert_eq!(sent.to_ascii_lowercase(), address.key());
            let again = EmailAddress::parse(address.key()).unwrap();
            prop_assert_eq!(again.key(), address.key());
        }
    }

    #[test]
    fn no_text_breaks_the_parser(text in any::<String>(), domain in any::<String>()) {
        let _ = EmailAddress::parse(&text);
        let _ = EmailAddress::parse(&format!("bob@{domain}.org"));
    }

    #[test]
    fn ordinary_addresses_parse(
        local in "[a-z][a-z0-9+_-]{0,20}",
        domain in "[a-z][a-z0-9]{0,20}[.][a-z]{2,6}",
    ) {
        let text = format!("{local}@{domain}");
        prop_assert_eq!(key_of(&text), text);
    }
}
