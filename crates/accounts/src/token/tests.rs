use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;

use super::*;
use crate::code::Purpose;
use crate::keys::MacKeys;
use crate::link::LinkToken;
use crate::refresh::RefreshToken;
use crate::testing::CountedDice;

mod forgery;

const ISS: &str = "https://usher.example";
const AUD: &str = "usher";
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn key(number: u8) -> SigningKey {
    SigningKey::from_seed([number; 32])
}

fn key_set() -> KeySet {
    KeySet::new(key(1), vec![key(2)])
}

fn claims() -> AccessClaims {
    let dice = CountedDice::from(0);
    AccessClaims {
        iss: ISS.to_owned(),
        aud: AUD.to_owned(),
        sub: PersonId::mint(NOW, &dice),
        sid: SessionId::mint(NOW, &dice),
        jti: "token-1".to_owned(),
        iat: NOW,
        exp: NOW + Duration::from_mins(30),
        verified: true,
    }
}

fn verify(token: &str) -> Result<AccessClaims, TokenError> {
    key_set().verify(token, ISS, AUD, NOW)
}

fn signed(claims: &AccessClaims) -> String {
    key_set().sign(claims).unwrap()
}

/// A token with a true signature over whatever header and claims are given.
fn forged(header: &str, claims: &str) -> String {
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let signature =
        jsonwebtoken::crypto::sign(message.as_bytes(), key(1).private(), Algorithm::EdDSA).unwrap();
    format!("{message}.{signature}")
}

fn header() -> String {
    format!(r#"{{"alg":"EdDSA","typ":"at+jwt","kid":"{}"}}"#, key(1).kid())
}

fn claims_json() -> String {
    serde_json::to_string(&claims()).unwrap()
}

#[test]
fn a_token_says_what_was_signed() {
    assert_eq!(verify(&signed(&claims())), Ok(claims()));
    assert_eq!(verify(&forged(&header(), &claims_json())), Ok(claims()));
}

#[test]
fn the_header_names_algorithm_type_and_key() {
    let token = signed(&claims());
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(
        header,
        json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": key(1).kid() })
    );
}

#[test]
fn t55_a_retiring_key_is_believed_until_it_is_gone() {
    let token = KeySet::new(key(2), vec![]).sign(&claims()).unwrap();
    assert_eq!(verify(&token), Ok(claims()));
    let later = KeySet::new(key(1), vec![]);
    assert_eq!(later.verify(&token, ISS, AUD, NOW), Err(TokenError::UnknownKey));
}

#[test]
fn public_halves_are_published_active_first() {
    let keys = key_set().jwks()["keys"].as_array().unwrap().clone();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0]["kid"], key(1).kid());
    assert_eq!(keys[0]["kty"], "OKP");
    assert_eq!(keys[0]["crv"], "Ed25519");
    assert_eq!(keys[0]["use"], "sig");
    assert_eq!(keys[0]["alg"], "EdDSA");
    assert!(keys.iter().all(|key| key.get("d").is_none()));
}

/// RFC 8037, appendix A.
#[test]
fn a_seed_gives_the_public_key_of_the_standard() {
    let seed = URL_SAFE_NO_PAD
        .decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
        .unwrap();
    let key = SigningKey::from_seed(seed.clone().try_into().unwrap());
    assert_eq!(key.jwk()["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    assert_eq!(key.seed().as_slice(), seed);
}

#[test]
fn t16_debug_shows_nothing_of_a_key() {
    assert_eq!(
        format!("{:?}", key_set()),
        "KeySet { active: ***, retiring: [***] }"
    );
}

#[test]
fn a_token_holds_until_its_last_second_and_not_from_the_future() {
    let token = signed(&claims());
    let at = |seconds| key_set().verify(&token, ISS, AUD, Timestamp::from_seconds(NOW.seconds() + seconds));
    assert!(at(1_799).is_ok());
    assert_eq!(at(1_800), Err(TokenError::Expired));
    assert!(at(-5).is_ok());
    assert_eq!(at(-6), Err(TokenError::NotYet));
}

#[test]
fn t12_a_token_of_another_issuer_or_audience_is_refused() {
    let token = signed(&claims());
    assert_eq!(
        key_set().verify(&token, "https://other.example", AUD, NOW),
        Err(TokenError::WrongIssuer)
    );
    assert_eq!(
        key_set().verify(&token, ISS, "other", NOW),
        Err(TokenError::WrongAudience)
    );
}

#[test]
fn t12_a_token_of_another_kind_is_refused() {
    for typ in ["JWT", "jwt", "AT+JWT", "at+jwt ", "dpop+jwt", ""] {
        let header = header().replace("at+jwt", typ);
        assert_eq!(
            verify(&forged(&header, &claims_json())),
            Err(TokenError::WrongType),
            "{typ}"
        );
    }
    let macs = MacKeys::derive(b"a secret of the tests");
    let refresh = RefreshToken::mint(claims().sid, &macs, &CountedDice::from(0)).encode();
    let link = LinkToken::mint(
        &macs,
        Purpose::Registration,
        claims().sub.as_bytes(),
        "bob@example.org",
    );
    assert_eq!(verify(&refresh), Err(TokenError::Malformed));
    assert_eq!(verify(&link), Err(TokenError::Malformed));
}

#[test]
fn t19_a_token_of_more_than_two_kib_is_refused_unread() {
    let mut long = claims();
    long.jti = "x".repeat(2_000);
    assert_eq!(verify(&signed(&long)), Err(TokenError::Malformed));
    assert!(signed(&claims()).len() < 600);
}

#[test]
fn what_has_not_three_parts_is_refused() {
    let token = signed(&claims());
    for text in [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        &format!("{token}.x"),
        &format!(".{token}"),
        &format!("{token}="),
    ] {
        assert_eq!(verify(text), Err(TokenError::Malformed), "{text}");
    }
}

#[test]
fn times_beyond_any_clock_neither_wrap_nor_panic() {
    let endless = claims_json().replace("1800001800", &i64::MAX.to_string());
    assert!(verify(&forged(&header(), &endless)).is_ok());
    let ancient = claims_json().replace("1800001800", &i64::MIN.to_string());
    assert_eq!(verify(&forged(&header(), &ancient)), Err(TokenError::Expired));
}

proptest! {
    #[test]
    fn t11_any_change_of_one_byte_is_refused(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let token = signed(&claims());
        let mut bytes = token.clone().into_bytes();
        bytes[at.index(token.len())] = byte;
        let changed = String::from_utf8_lossy(&bytes);
        prop_assert_eq!(verify(&changed).is_ok(), changed == token);
    }

    #[test]
    fn no_text_breaks_the_reader(
        text in any::<String>(),
        parts in "([A-Za-z0-9_-]{0,40}[.]){2}[A-Za-z0-9_-]{0,40}",
    ) {
        prop_assert!(verify(&text).is_err());
        prop_assert!(verify(&parts).is_err());
    }
}
