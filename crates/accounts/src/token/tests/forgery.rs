//! Tokens somebody else made, or made something else of.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::EncodingKey;

use super::*;

#[test]
fn t11_no_other_algorithm_is_believed() {
    for alg in ["none", "None", "HS256", "ES256", "RS256", "eddsa", "Ed25519", ""] {
        let header = header().replace("EdDSA", alg);
        assert_eq!(
            verify(&forged(&header, &claims_json())),
            Err(TokenError::WrongType),
            "{alg}"
        );
    }
}

#[test]
fn t11_a_missing_signature_or_one_by_the_public_key_is_refused() {
    let token = signed(&claims());
    let (message, _) = token.rsplit_once('.').unwrap();
    assert_eq!(verify(&format!("{message}.")), Err(TokenError::BadSignature));
    assert_eq!(verify(message), Err(TokenError::Malformed));
    let jwk = key(1).jwk();
    let public = EncodingKey::from_secret(&URL_SAFE_NO_PAD.decode(jwk["x"].as_str().unwrap()).unwrap());
    let mac = jsonwebtoken::crypto::sign(message.as_bytes(), &public, Algorithm::HS256).unwrap();
    assert_eq!(verify(&format!("{message}.{mac}")), Err(TokenError::BadSignature));
}

#[test]
fn t11_only_our_keys_are_believed() {
    let stranger = KeySet::new(key(9), vec![]).sign(&claims()).unwrap();
    assert_eq!(verify(&stranger), Err(TokenError::UnknownKey));
    // Signed by a stranger under the name of our key.
    let (_, body) = stranger.split_once('.').unwrap();
    assert_eq!(
        verify(&format!("{}.{body}", URL_SAFE_NO_PAD.encode(header()))),
        Err(TokenError::BadSignature)
    );
    for kid in ["", "../../dev/null", "' OR 1=1"] {
        let header = header().replace(key(1).kid(), kid);
        assert_eq!(
            verify(&forged(&header, &claims_json())),
            Err(TokenError::UnknownKey),
            "{kid}"
        );
    }
}

#[test]
fn t11_a_header_with_more_or_less_than_its_three_members_is_refused() {
    let kid = key(1).kid().to_owned();
    for header in [
        format!(r#"{{"alg":"EdDSA","typ":"at+jwt","kid":"{kid}","crit":["exp"]}}"#),
        format!(
            r#"{{"alg":"EdDSA","typ":"at+jwt","kid":"{kid}","jwk":{}}}"#,
            key(9).jwk()
        ),
        format!(r#"{{"alg":"EdDSA","typ":"at+jwt","kid":"{kid}","jku":"https://eve.example/keys"}}"#),
        format!(r#"{{"alg":"none","alg":"EdDSA","typ":"at+jwt","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"at+jwt","kid":"x","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"at+jwt","kid":["{kid}"]}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{kid}"}}"#),
        r#"{"alg":"EdDSA","typ":"at+jwt"}"#.to_owned(),
        format!(r#"["EdDSA","at+jwt","{kid}"]"#),
        format!("{} x", self::header()),
        String::new(),
    ] {
        assert_eq!(
            verify(&forged(&header, &claims_json())),
            Err(TokenError::Malformed),
            "{header}"
        );
    }
}

#[test]
fn t11_missing_mistyped_doubled_and_foreign_claims_are_refused() {
    let whole: serde_json::Map<String, Value> = serde_json::from_str(&claims_json()).unwrap();
    for name in whole.keys() {
        let mut less = whole.clone();
        less.remove(name);
        let mut mistyped = whole.clone();
        mistyped.insert(name.clone(), json!([1]));
        let mut empty = whole.clone();
        empty.insert(name.clone(), Value::Null);
        for claims in [less, mistyped, empty].map(|claims| Value::Object(claims).to_string()) {
            assert_eq!(
                verify(&forged(&header(), &claims)),
                Err(TokenError::Malformed),
                "{claims}"
            );
        }
        let doubled = claims_json().replacen('{', &format!(r#"{{"{name}":{},"#, whole[name]), 1);
        assert_eq!(
            verify(&forged(&header(), &doubled)),
            Err(TokenError::Malformed),
            "{doubled}"
        );
    }
    for (from, to) in [
        ("1800000000", "1.8e9"),
        ("1800000000", "\"1800000000\""),
        ("true", "1"),
        ("true", "\"true\""),
    ] {
        let mistyped = claims_json().replacen(from, to, 1);
        assert_eq!(
            verify(&forged(&header(), &mistyped)),
            Err(TokenError::Malformed),
            "{mistyped}"
        );
    }
    let members =
        ["iss", "aud", "sub", "sid", "jti", "iat", "exp", "verified"].map(|name| whole[name].clone());
    assert_eq!(
        verify(&forged(&header(), &json!(members).to_string())),
        Err(TokenError::Malformed)
    );
    let foreign = claims_json().replacen('{', r#"{"role":"admin","#, 1);
    assert_eq!(verify(&forged(&header(), &foreign)), Err(TokenError::Malformed));
}
