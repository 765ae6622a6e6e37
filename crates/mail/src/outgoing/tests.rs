use super::*;
use crate::error::Failure;

fn outgoing() -> Outgoing {
    Outgoing {
        message_id: "0191-7a.1@accounts.example.org".to_owned(),
        from: "Usher <no-reply@accounts.example.org>".to_owned(),
        to: EmailAddress::parse("Ada@Example.ORG").expect("an address"),
        date: Timestamp::from_seconds(1_700_000_000),
        rendered: Rendered {
            subject: "Your verification code: 0412".to_owned(),
            text: "Code: 0412\n".to_owned(),
            html: "<p>Grüße: 0412</p>\n".to_owned(),
        },
    }
}

fn bytes(mail: &Outgoing) -> String {
    String::from_utf8(mail.build().expect("a sound mail").formatted()).expect("ASCII")
}

#[test]
fn a_mail_carries_both_forms_and_the_headers_of_an_automatic_one() {
    insta::assert_snapshot!(bytes(&outgoing()));
}

#[test]
fn two_attempts_send_the_same_bytes() {
    assert_eq!(bytes(&outgoing()), bytes(&outgoing()));
}

#[test]
fn only_ascii_goes_over_the_wire() {
    let mut mail = outgoing();
    mail.from = "Bordbüro <no-reply@example.org>".to_owned();
    mail.rendered.subject = "Grüße 🛰".to_owned();
    mail.to = EmailAddress::parse("ada@exämple.org").expect("an address");
    let sent = bytes(&mail);
    assert!(sent.is_ascii());
    assert!(sent.contains("To: ada@xn--exmple-cua.org\r\n"));
}

#[test]
fn t15_a_line_break_in_any_header_refuses_the_mail() {
    let injection = "\r\nBcc: everybody@example.org";
    for end in [injection, "\n", "\r", "\0", "\u{85}", "\u{2028}"] {
        let hostile: [fn(&mut Outgoing, &str); 4] = [
            |mail, end| mail.message_id.push_str(end),
            |mail, end| mail.from.insert_str(5, end),
            |mail, end| mail.rendered.subject.push_str(end),
            |mail, end| {
                let address = format!("ada{end}@example.org");
                mail.to = EmailAddress::from_stored(&address, &address);
            },
        ];
        for (field, spoil) in hostile.iter().enumerate() {
            let mut mail = outgoing();
            spoil(&mut mail, end);
            let refused = mail.build().expect_err("a line break");
            assert_eq!(
                (refused.kind, refused.stage),
                (Failure::Permanent, Stage::Local),
                "{field} {end:?}"
            );
        }
    }
}

#[test]
fn a_message_id_has_two_sides_and_no_brackets() {
    for wrong in ["", "a", "@b", "a@", "a@b@c", "<a@b>", "a b@c", "ä@b"] {
        let mail = Outgoing {
            message_id: wrong.to_owned(),
            ..outgoing()
        };
        assert_eq!(
            mail.build().map_err(|error| error.stage).err(),
            Some(Stage::Local),
            "{wrong:?}"
        );
    }
}

#[test]
fn a_sender_is_one_ascii_address() {
    for wrong in [
        "",
        "Usher",
        "a@example.org, b@example.org",
        "bø@example.org",
        "a@exämple.org",
    ] {
        let mail = Outgoing {
            from: wrong.to_owned(),
            ..outgoing()
        };
        assert_eq!(
            mail.build().map_err(|error| error.stage).err(),
            Some(Stage::Local),
            "{wrong:?}"
        );
    }
}

#[test]
fn t36_no_clock_makes_a_date_that_cannot_be_written() {
    for micros in [i64::MIN, -1, i64::MAX] {
        let mail = Outgoing {
            date: Timestamp::from_micros(micros),
            ..outgoing()
        };
        assert!(mail.build().is_ok());
    }
}

#[test]
fn t16_debug_shows_neither_people_nor_words() {
    let shown = format!("{:?} {:?}", outgoing(), outgoing().rendered);
    assert_eq!(
        shown,
        "Outgoing { message_id: \"0191-7a.1@accounts.example.org\", .. } ***"
    );
}
