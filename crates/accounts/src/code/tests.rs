use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;

use super::*;
use crate::testing::CountedDice;

const OWNER: [u8; 16] = [1; 16];

fn keys() -> MacKeys {
    MacKeys::derive(b"a secret of the tests")
}

fn mac_of(text: &str) -> [u8; 32] {
    Code::parse(text)
        .unwrap()
        .mac(&keys(), Purpose::Registration, &OWNER, "bob@example.org")
}

fn minted(text: &str, expires_at: i64) -> Minted {
    Minted {
        mac: mac_of(text).to_vec(),
        expires_at: Timestamp::from_micros(expires_at),
    }
}

#[test]
fn a_code_has_the_digits_asked_for_within_bounds() {
    let dice = CountedDice::from(0);
    for (asked, length) in [(0, 4), (4, 4), (5, 5), (6, 6), (8, 8), (255, 8)] {
        assert_eq!(Code::mint(asked, &dice).expose().len(), length);
    }
}

#[test]
fn every_first_digit_is_equally_likely_and_leading_zeros_stay() {
    let dice = CountedDice::from(0);
    let mut seen = [0_u32; 10];
    for _ in 0..10_000 {
        seen[usize::from(Code::mint(4, &dice).expose().as_bytes()[0] - b'0')] += 1;
    }
    assert!(seen.iter().all(|count| (850..1_150).contains(count)), "{seen:?}");
}

/// Dice that first give a number beyond the last whole multiple of 10,000, then zero.
#[derive(Debug, Default)]
struct Loaded(AtomicBool);

impl Dice for Loaded {
    fn fill(&self, buffer: &mut [u8]) {
        let again = self.0.swap(true, Ordering::Relaxed);
        let roll: u32 = if again { 0 } else { 4_294_960_001 };
        buffer.copy_from_slice(&roll.to_be_bytes());
    }
}

#[test]
fn a_roll_that_would_favour_small_codes_is_rolled_again() {
    assert_eq!(Code::mint(4, &Loaded::default()).expose(), "0000");
}

#[test]
fn t09_only_plain_digits_are_a_code() {
    for text in [
        "",
        "123",
        "123456789",
        "12a4",
        " 1234",
        "1234\n",
        "+123",
        "12.4",
        "１２３４",
        "١٢٣٤",
        "1 234",
        "-1234",
    ] {
        assert!(Code::parse(text).is_none(), "{text:?}");
    }
    assert_eq!(Code::parse("0012").unwrap().expose(), "0012");
}

#[test]
fn t16_debug_shows_nothing() {
    assert_eq!(format!("{:?}", Code::parse("1234").unwrap()), "***");
}

#[test]
fn t12_a_mac_holds_for_its_purpose_owner_address_and_key_alone() {
    let code = Code::parse("1234").unwrap();
    let right = mac_of("1234");
    assert_eq!(
        right,
        code.mac(&keys(), Purpose::Registration, &OWNER, "bob@example.org")
    );
    assert_ne!(
        right,
        code.mac(&keys(), Purpose::EmailChange, &OWNER, "bob@example.org")
    );
    assert_ne!(
        right,
        code.mac(&keys(), Purpose::Registration, &[2; 16], "bob@example.org")
    );
    assert_ne!(
        right,
        code.mac(&keys(), Purpose::Registration, &OWNER, "eve@example.org")
    );
    let others = MacKeys::derive(b"another secret");
    assert_ne!(
        right,
        code.mac(&others, Purpose::Registration, &OWNER, "bob@example.org")
    );
}

#[test]
fn a_code_older_than_its_minute_says_expired() {
    let sent = Timestamp::from_seconds(1_000);
    let policy = CodePolicy::default();
    let codes = StoredCodes {
        current: Some(minted("1234", (sent + policy.ttl).micros())),
        previous: None,
    };
    let last = Timestamp::from_micros((sent + policy.ttl).micros() - 1);
    assert_eq!(codes.judge(&mac_of("1234"), last), Verdict::Right);
    assert_eq!(codes.judge(&mac_of("1234"), sent + policy.ttl), Verdict::Expired);
    assert_eq!(codes.judge(&mac_of("4321"), sent + policy.ttl), Verdict::Wrong);
}

#[test]
fn the_code_before_a_resend_keeps_its_own_time() {
    let codes = StoredCodes {
        current: Some(minted("1111", 200)),
        previous: Some(minted("2222", 100)),
    };
    assert_eq!(
        codes.judge(&mac_of("2222"), Timestamp::from_micros(99)),
        Verdict::Right
    );
    assert_eq!(
        codes.judge(&mac_of("2222"), Timestamp::from_micros(100)),
        Verdict::Expired
    );
    assert_eq!(
        codes.judge(&mac_of("1111"), Timestamp::from_micros(100)),
        Verdict::Right
    );
}

#[test]
fn the_same_code_minted_twice_holds_as_long_as_one_of_the_two() {
    let codes = StoredCodes {
        current: Some(minted("1111", 200)),
        previous: Some(minted("1111", 100)),
    };
    assert_eq!(
        codes.judge(&mac_of("1111"), Timestamp::from_micros(150)),
        Verdict::Right
    );
}

#[test]
fn a_damaged_or_missing_mac_opens_for_nothing() {
    let damaged = Minted {
        mac: mac_of("1111")[..31].to_vec(),
        expires_at: Timestamp::from_micros(200),
    };
    let codes = StoredCodes {
        current: Some(damaged),
        previous: None,
    };
    assert_eq!(
        codes.judge(&mac_of("1111"), Timestamp::from_micros(0)),
        Verdict::Wrong
    );
    assert_eq!(
        StoredCodes::default().judge(&mac_of("1111"), Timestamp::from_micros(0)),
        Verdict::Wrong
    );
}

proptest! {
    #[test]
    fn a_minted_code_reads_back(start in any::<u64>(), digits in 4..=8_u8) {
        let code = Code::mint(digits, &CountedDice::from(start));
        let read = Code::parse(code.expose()).unwrap();
        prop_assert_eq!(read.expose(), code.expose());
    }

    #[test]
    fn a_verdict_follows_from_equality_and_time(
        guess in 0..3_usize,
        current in (0..3_usize, 0..4_i64),
        previous in (0..3_usize, 0..4_i64),
        now in 0..4_i64,
    ) {
        let texts = ["1111", "2222", "3333"];
        let codes = StoredCodes {
            current: Some(minted(texts[current.0], current.1)),
            previous: Some(minted(texts[previous.0], previous.1)),
        };
        let equal = [current, previous].into_iter().filter(|(text, _)| *text == guess);
        let latest_end = equal.map(|(_, end)| end).max();
        let expected = match latest_end {
            None => Verdict::Wrong,
            Some(end) if now < end => Verdict::Right,
            Some(_) => Verdict::Expired,
        };
        prop_assert_eq!(codes.judge(&mac_of(texts[guess]), Timestamp::from_micros(now)), expected);
    }
}
