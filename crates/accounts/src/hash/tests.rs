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
