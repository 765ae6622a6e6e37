use proptest::prelude::*;

use super::*;

const SMALL: HashScheme = HashScheme::Argon2id {
    memory_kib: 64,
    passes: 1,
};
const BCRYPT: HashScheme = HashScheme::Bcrypt { cost: 4 };

fn password(text: &str) -> Password {
    Password::given(text.to_owned()).unwrap()
}

fn hashed(text: &str, scheme: HashScheme) -> String {
    hash(&password(text), scheme, [7; 16], &mut Scratch::default()).unwrap()
}

fn matches(text: &str, stored: &str) -> Result<bool, HashError> {
    verify(&password(text), stored, &mut Scratch::default())
}

#[test]
fn a_hash_opens_for_its_password_alone() {
    for scheme in [SMALL, BCRYPT, HashScheme::default()] {
        let stored = hashed("correct horse", scheme);
        assert_eq!(matches("correct horse", &stored), Ok(true), "{stored}");
        assert_eq!(matches("correct horsf", &stored), Ok(false), "{stored}");
    }
}

#[test]
fn the_stored_form_names_its_scheme() {
    assert!(hashed("correct horse", HashScheme::default()).starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert!(hashed("correct horse", BCRYPT).starts_with("$2b$04$"));
}

/// Made with the reference implementation in C; two lanes, so that these are filled as well.
#[test]
fn argon2_hashes_made_elsewhere_are_verified() {
    for stored in [
        "$argon2id$v=19$m=1024,t=2,p=2$c29tZXNhbHQ$kEfNQbPvk6Q7hokW6Jrvn1Mjb9kdT/I7OXVDKsviazk",
        "$argon2i$v=19$m=1024,t=2,p=2$c29tZXNhbHQ$L5PmjAVnzK105vF+MVHkys50egOLjT2ezk1HL3KqpE0",
        "$argon2d$v=19$m=1024,t=2,p=2$c29tZXNhbHQ$QUWn8+lb/DqLTOHyPe0xQ3OScGMuazJ2dJlz9kH6fQc",
        "$argon2i$v=16$m=1024,t=2,p=1$c29tZXNhbHQ$+RbH6T/wQa0oThAq2V8XLETF7dXxpZ3gqmtkOTDZwdA",
        "$argon2i$m=1024,t=2,p=1$c29tZXNhbHQ$+RbH6T/wQa0oThAq2V8XLETF7dXxpZ3gqmtkOTDZwdA",
    ] {
        assert_eq!(matches("password", stored), Ok(true), "{stored}");
        assert_eq!(matches("Password", stored), Ok(false), "{stored}");
    }
}

/// Made with the implementation of OpenBSD.
#[test]
fn bcrypt_hashes_made_elsewhere_are_verified() {
    for (text, stored) in [
        (
            "pässword",
            "$2a$04$JpjkY4qwAmqAVUBEUf0CLenhUl.jEz7VMeRN6rclgfu73psl2u5RK",
        ),
        (
            "pässword",
            "$2b$04$eD8uN3XL3wyGHKZntdffkeYEqbEKyse2PVBWf1cVBMjMa72.4h.2S",
        ),
        (
            "pässword",
            "$2y$04$eD8uN3XL3wyGHKZntdffkeYEqbEKyse2PVBWf1cVBMjMa72.4h.2S",
        ),
        (
            &"x".repeat(72),
            "$2b$04$70zKIH6Euu8nN4YaKX8tTu1HD3RgNlmm28y6IkfID5XbpysZ/kTBG",
        ),
    ] {
        assert_eq!(matches(text, stored), Ok(true), "{stored}");
        assert_eq!(matches("passwort", stored), Ok(false), "{stored}");
    }
    let broken = "$2x$04$eD8uN3XL3wyGHKZntdffkeYEqbEKyse2PVBWf1cVBMjMa72.4h.2S";
    assert_eq!(matches("pässword", broken), Err(HashError::Unreadable));
}

#[test]
fn bcrypt_tells_apart_what_it_would_confuse() {
    let long = "x".repeat(72);
    let stored = hashed(&format!("{long}a"), BCRYPT);
    assert_eq!(matches(&format!("{long}a"), &stored), Ok(true));
    assert_eq!(matches(&format!("{long}b"), &stored), Ok(false));
    assert_eq!(matches(&long, &stored), Ok(false));
    assert_eq!(matches("abc\0abc", &hashed("abc", BCRYPT)), Ok(false));
    assert_eq!(matches("abc", &hashed("abc\0abc", BCRYPT)), Ok(false));
}

#[test]
fn t17_stored_parameters_are_bounded_before_any_work() {
    let rest = "c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    for params in [
        "m=262145,t=2,p=1",
        "m=4194304,t=50,p=1",
        "m=65536,t=11,p=1",
        "m=65536,t=2,p=9",
    ] {
        let stored = format!("$argon2id$v=19${params}${rest}");
        assert_eq!(
            matches("password", &stored),
            Err(HashError::OutOfBounds),
            "{params}"
        );
    }
    let stored = hashed("correct horse", BCRYPT);
    for cost in ["15", "31", "03"] {
        let costly = stored.replacen("$04$", &format!("${cost}$"), 1);
        assert_eq!(
            matches("correct horse", &costly),
            Err(HashError::OutOfBounds),
            "{costly}"
        );
    }
}

#[test]
fn a_scheme_that_could_not_be_verified_makes_no_hash() {
    for scheme in [
        HashScheme::Argon2id {
            memory_kib: 7,
            passes: 1,
        },
        HashScheme::Argon2id {
            memory_kib: 64,
            passes: 0,
        },
        HashScheme::Argon2id {
            memory_kib: 262_145,
            passes: 1,
        },
        HashScheme::Argon2id {
            memory_kib: 64,
            passes: 11,
        },
        HashScheme::Bcrypt { cost: 3 },
        HashScheme::Bcrypt { cost: 15 },
    ] {
        let result = hash(
            &password("correct horse"),
            scheme,
            [7; 16],
            &mut Scratch::default(),
        );
        assert_eq!(result, Err(HashError::OutOfBounds), "{scheme:?}");
    }
}

#[test]
fn only_what_differs_from_the_scheme_is_rehashed() {
    for scheme in [SMALL, BCRYPT] {
        assert!(!needs_rehash(&hashed("correct horse", scheme), scheme));
        assert!(needs_rehash(
            &hashed("correct horse", scheme),
            HashScheme::default()
        ));
        assert!(needs_rehash("damaged", scheme));
    }
    for (scheme, part, other) in [
        (SMALL, "argon2id", "argon2i"),
        (SMALL, "v=19", "v=16"),
        (SMALL, "m=64", "m=65"),
        (SMALL, "t=1", "t=2"),
        (SMALL, "p=1", "p=2"),
        (BCRYPT, "$2b$", "$2a$"),
        (BCRYPT, "$04$", "$05$"),
    ] {
        let stored = hashed("correct horse", scheme).replacen(part, other, 1);
        assert!(needs_rehash(&stored, scheme), "{stored}");
    }
}

#[test]
fn t20_the_dummy_costs_the_same_and_opens_for_nobody() {
    for scheme in [SMALL, BCRYPT, HashScheme::default()] {
        assert_eq!(matches("correct horse", &dummy(scheme)), Ok(false));
        assert!(
            !needs_rehash(&dummy(scheme), scheme),
            "same parameters, same work"
        );
    }
}

#[test]
fn scratch_memory_keeps_what_its_scheme_needs_and_no_more() {
    let mut scratch = Scratch::for_scheme(SMALL);
    let large = hashed(
        "correct horse",
        HashScheme::Argon2id {
            memory_kib: 512,
            passes: 1,
        },
    );
    assert_eq!(verify(&password("correct horse"), &large, &mut scratch), Ok(true));
    assert_eq!(scratch.blocks.capacity(), 64);
    let small = hash(&password("correct horse"), SMALL, [7; 16], &mut scratch).unwrap();
    assert_eq!(
        small,
        hashed("correct horse", SMALL),
        "what was there before leaves no trace"
    );
}

proptest! {
    #[test]
    fn no_stored_text_breaks_the_reader(text in any::<String>(), tail in "[$a-zA-Z0-9=,./+]{0,80}") {
        for stored in [text, format!("$argon2id$v=19${tail}"), format!("$2b${tail}")] {
            prop_assert!(needs_rehash(&stored, SMALL));
            prop_assert_ne!(matches("correct horse", &stored), Ok(true));
        }
    }
}

/// Made with Django, Werkzeug and passlib.
const ELSEWHERE: [&str; 13] = [
    "pbkdf2_sha256$1000$seasaltseasaltseasalt$KofYJaqLcUqQJ3HBsz1gRlKpu2/M70+C+P7Xrahf4Kg=",
    "pbkdf2_sha1$1000$seasaltseasaltseasalt$gCqwsyHBRh7W4g0C+OuDrqULrf8=",
    "scrypt$1024$seasaltseasaltseasalt$8$1$B4PjGNSqLgnuF8w83pjMoDQ+BSG+rd7DwHMDTrRsamypYEmJ+OeONdhKllnVgsVAJBE/DQMEQjoLenBpkisbug==",
    "argon2$argon2id$v=19$m=1024,t=1,p=1$c2Vhc2FsdHNlYXNhbHRzZWFzYWx0$Y/QJfY2+nl35uiGdWHFBueMh6YAutyUYqw03PGDgPts",
    "bcrypt$$2b$04$atqwadI/ch1WaDo4U6sopOtOkc.uH2gzh2sNGBA7BvkB/3Jp.EbcW",
    "bcrypt_sha256$$2b$04$CoFo5Thi0n4o8mStaQuyOuM44lJMFvpnwooei7b68eKBnsziKBkEm",
    "pbkdf2:sha256:1000$lTevLQX2wIQoUIQp$65dc00a980fd403191deaf679b260eaf6d14ef6a016aedd26e5f2fba3b98fc9a",
    "pbkdf2:sha512:1000$wbKHQ0Ptf6Si7NeD$d4c8a026df7921fdfec0db63c9af46ef11f22e8260a610ca923751adbe8a14cc6ae4f7cddc1c5ad97f4aad281ef17306d2b9dab9d0cf31ea27dcb4c86b2cb2a8",
    "scrypt:1024:8:1$kKuZ3HE9r9JCEgTh$d3bfe007075702ed2f9660516021ac9aa33e3fde4778b252cd7be301fc16df5f5a62aa03faf25f181cf1e5e905ac5d70472099e430702bbee357ef08019f8562",
    "$pbkdf2-sha256$1000$mTNmDKFUipEy5twbA0AohQ$wh6y8FYyyOLsYNz0Wwlwh4t60c09D.GioTTgOzpNvRA",
    "$pbkdf2-sha512$1000$ilFqDaEUQohRqrXWWotR6g$YfPCjZYa20gW9RQStAjyq3waJ9Nm/wtI8RiOv/ZxjTXQX1JFAak7rndrTwO2ZGaHr8rm1EEMmf4mT6ncYtPSMA",
    "$pbkdf2$1000$sjbm3HsvRWgtZUxJyVnLGQ$2BeYHsVu0e33SV3n0XlkkooORcA",
    "$scrypt$ln=10,r=8,p=1$JcT4fy+FMAYgpLS2tjaGEA$/SQx4Xtt2uaHwx5yfitJBZQRE+LByxGyqaCWJpyfSnY",
];

#[test]
fn m09_hashes_of_other_programs_open_for_their_password_alone_and_are_replaced() {
    for stored in ELSEWHERE {
        assert_eq!(is_readable(stored), Ok(()), "{stored}");
        assert_eq!(matches("pässword", stored), Ok(true), "{stored}");
        assert_eq!(matches("passwords", stored), Ok(false), "{stored}");
        assert!(needs_rehash(stored, HashScheme::default()), "{stored}");
    }
}

#[test]
fn t17_work_that_an_import_asks_for_is_bounded() {
    for stored in [
        "pbkdf2_sha256$2000001$salt$KofYJaqLcUqQJ3HBsz1gRlKpu2/M70+C+P7Xrahf4Kg=",
        "pbkdf2_sha256$0$salt$KofYJaqLcUqQJ3HBsz1gRlKpu2/M70+C+P7Xrahf4Kg=",
        "scrypt:1048576:8:1$salt$d3bfe007075702ed2f9660516021ac9a",
        "scrypt:1024:8:5$salt$d3bfe007075702ed2f9660516021ac9a",
        "scrypt:1000:8:1$salt$d3bfe007075702ed2f9660516021ac9a",
        "$scrypt$ln=63,r=8,p=1$JcT4fy+FMAYgpLS2tjaGEA$/SQx4Xtt2uaHwx5yfitJBZQRE+LByxGyqaCWJpyfSnY",
        "pbkdf2:sha256:1000$salt$d3bf",
        "bcrypt$$2b$31$atqwadI/ch1WaDo4U6sopOtOkc.uH2gzh2sNGBA7BvkB/3Jp.EbcW",
        "argon2$argon2id$v=19$m=1024,t=99,p=1$c2Vhc2FsdHNlYXNhbHRzZWFzYWx0$Y/QJfY2+nl35uiGdWHFBueMh6YAutyUYqw03PGDgPts",
    ] {
        assert!(is_readable(stored).is_err(), "{stored}");
        assert!(matches("password", stored).is_err(), "{stored}");
    }
}

proptest! {
    #[test]
    fn no_text_breaks_the_readers_of_other_forms(
        start in "(pbkdf2|scrypt|bcrypt|argon2|\\$pbkdf2-sha256|\\$scrypt|bcrypt_sha256|pbkdf2_sha256|pbkdf2:sha1:1|)",
        rest in "[$:,=a-z0-9ä./+]{0,60}",
    ) {
        let text = format!("{start}{rest}");
        if is_readable(&text).is_err() {
            prop_assert!(matches("password", &text).is_err());
        }
    }
}
