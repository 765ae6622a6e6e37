//! Links in mails: who is meant and a MAC that proves the mailbox. Derived, so nothing of them is stored.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::code::Purpose;
use crate::keys::{MacKeys, same};

const OWNER_BYTES: usize = 16;
const BYTES: usize = OWNER_BYTES + 32;

/// The secret part of a link: owner ‖ MAC, URL-safe base64 without padding.
#[derive(Clone, Copy, Debug)]
pub struct LinkToken;

impl LinkToken {
    /// The token of this owner, purpose and address; always the same one.
    pub fn mint(keys: &MacKeys, purpose: Purpose, owner: &[u8; 16], email_key: &str) -> String {
        let mut raw = [0; BYTES];
        raw[..OWNER_BYTES].copy_from_slice(owner);
        raw[OWNER_BYTES..].copy_from_slice(&mac(keys, purpose, owner, email_key));
        URL_SAFE_NO_PAD.encode(raw)
    }

    /// Takes a token apart, so that its owner can be looked up. Proves nothing yet.
    pub fn open(text: &str) -> Option<OpenedLink> {
        let mut raw = [0; BYTES];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut raw).ok()?;
        let (owner, mac) = raw.split_first_chunk()?;
        (length == BYTES).then_some(OpenedLink {
            owner: *owner,
            mac: mac.try_into().ok()?,
        })
    }
}

/// A token taken apart; [`OpenedLink::holds`] says whether it is worth anything.
#[derive(Clone)]
pub struct OpenedLink {
    /// Whom the link is about, as it claims.
    pub owner: [u8; 16],
    mac: [u8; 32],
}

impl OpenedLink {
    /// Whether we made this link for its owner, this purpose and this address.
    pub fn holds(&self, keys: &MacKeys, purpose: Purpose, email_key: &str) -> bool {
        same(&self.mac, &mac(keys, purpose, &self.owner, email_key))
    }
}

impl fmt::Debug for OpenedLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

fn mac(keys: &MacKeys, purpose: Purpose, owner: &[u8; 16], email_key: &str) -> [u8; 32] {
    keys.link
        .mac(&[purpose.as_str().as_bytes(), owner, email_key.as_bytes()])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OWNER: [u8; 16] = [7; 16];
    const KEY: &str = "bob@example.org";

    fn keys() -> MacKeys {
        MacKeys::derive(b"a secret of the tests")
    }

    fn token() -> String {
        LinkToken::mint(&keys(), Purpose::Registration, &OWNER, KEY)
    }

    fn holds(text: &str) -> bool {
        LinkToken::open(text).is_some_and(|link| link.holds(&keys(), Purpose::Registration, KEY))
    }

    #[test]
    fn a_link_is_always_the_same_and_names_its_owner() {
        assert_eq!(token(), token());
        assert_eq!(LinkToken::open(&token()).unwrap().owner, OWNER);
        assert!(holds(&token()));
    }

    #[test]
    fn a_link_needs_no_escaping_in_a_url() {
        assert!(
            token()
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        );
    }

    #[test]
    fn t12_a_link_holds_for_its_purpose_address_and_key_alone() {
        let link = LinkToken::open(&token()).unwrap();
        assert!(!link.holds(&keys(), Purpose::EmailChange, KEY));
        assert!(!link.holds(&keys(), Purpose::Registration, "eve@example.org"));
        assert!(!link.holds(&MacKeys::derive(b"another secret"), Purpose::Registration, KEY));
    }

    #[test]
    fn what_is_not_exactly_a_token_does_not_open() {
        let token = token();
        for text in [
            "",
            "AAAA",
            &token[..60],
            &format!("{token}AAAA"),
            &format!("{token}="),
            &format!(" {token}"),
        ] {
            assert!(LinkToken::open(text).is_none(), "{text}");
        }
    }

    #[test]
    fn t16_debug_shows_nothing() {
        assert_eq!(format!("{:?}", LinkToken::open(&token()).unwrap()), "***");
    }

    proptest! {
        #[test]
        fn t33_any_change_of_one_byte_is_refused(at in 0..64_usize, byte in any::<u8>()) {
            let token = token();
            let mut bytes = token.clone().into_bytes();
            bytes[at] = byte;
            let changed = String::from_utf8_lossy(&bytes);
            prop_assert_eq!(holds(&changed), changed == token);
        }

        #[test]
        fn no_text_breaks_the_reader(text in any::<String>(), like in "[A-Za-z0-9_-]{62,66}") {
            prop_assert!(!holds(&text));
            prop_assert!(!holds(&like));
        }
    }
}
