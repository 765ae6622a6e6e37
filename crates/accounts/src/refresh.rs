//! Refresh tokens: opaque, one family per session, each knowing its successor. A tag lets forged ones
//! be refused without asking the database.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::dice::Dice;
use crate::id::SessionId;
use crate::keys::{MacKeys, same, sha256};

const SESSION_BYTES: usize = 16;
const GENERATION_BYTES: usize = 4;
const SECRET_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
const BODY_BYTES: usize = SESSION_BYTES + GENERATION_BYTES + SECRET_BYTES;
const BYTES: usize = BODY_BYTES + TAG_BYTES;

/// Session ‖ generation ‖ secret ‖ tag.
#[derive(Clone)]
pub struct RefreshToken {
    session_id: SessionId,
    generation: u32,
    raw: Zeroizing<[u8; BYTES]>,
}

impl RefreshToken {
    /// The first token of a session.
    pub fn mint(session_id: SessionId, keys: &MacKeys, dice: &dyn Dice) -> Self {
        Self::assemble(session_id, 0, &Zeroizing::new(dice.bytes()), keys)
    }

    /// Reads what a client sent; only a token of ours comes through.
    pub fn parse(text: &str, keys: &MacKeys) -> Option<Self> {
        let mut raw = Zeroizing::new([0; BYTES]);
        let length = URL_SAFE_NO_PAD.decode_slice(text, raw.as_mut_slice()).ok()?;
        let (body, tag) = raw.split_at(BODY_BYTES);
        if length != BYTES || !same(tag, &tag_of(body, keys)) {
            return None;
        }
        let (session_id, rest) = body.split_first_chunk()?;
        let (generation, _) = rest.split_first_chunk()?;
        Some(Self {
            session_id: SessionId::from_uuid(Uuid::from_bytes(*session_id)),
            generation: u32::from_be_bytes(*generation),
            raw,
        })
    }

    /// The session this token refreshes.
    pub const fn session_id(&self) -> SessionId {
        self.session_id
    }

    /// How many rotations lie behind it.
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    /// The token after this one. Always the same, so a client that lost the answer and asks again
    /// gets it without anything having been stored in clear.
    #[must_use]
    pub fn successor(&self, keys: &MacKeys) -> Self {
        let secret = Zeroizing::new(keys.refresh.mac(&[b"next", &self.raw[..BODY_BYTES]]));
        Self::assemble(self.session_id, self.generation.wrapping_add(1), &secret, keys)
    }

    /// What is stored of it.
    pub fn hash(&self) -> [u8; 32] {
        sha256(self.raw.as_slice())
    }

    /// What the client keeps.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.raw.as_slice())
    }

    fn assemble(session_id: SessionId, generation: u32, secret: &[u8; SECRET_BYTES], keys: &MacKeys) -> Self {
        let mut raw = Zeroizing::new([0; BYTES]);
        let (body, tag) = raw.split_at_mut(BODY_BYTES);
        let (head, tail) = body.split_at_mut(SESSION_BYTES + GENERATION_BYTES);
        head[..SESSION_BYTES].copy_from_slice(session_id.as_bytes());
        head[SESSION_BYTES..].copy_from_slice(&generation.to_be_bytes());
        tail.copy_from_slice(secret);
        tag.copy_from_slice(&tag_of(body, keys));
        Self {
            session_id,
            generation,
            raw,
        }
    }
}

fn tag_of(body: &[u8], keys: &MacKeys) -> [u8; TAG_BYTES] {
    let mut tag = [0; TAG_BYTES];
    tag.copy_from_slice(&keys.refresh.mac(&[b"tag", body])[..TAG_BYTES]);
    tag
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::CountedDice;
    use crate::time::Timestamp;

    fn keys() -> MacKeys {
        MacKeys::derive(b"a secret of the tests")
    }

    fn mint(start: u64) -> RefreshToken {
        let dice = CountedDice::from(start);
        RefreshToken::mint(SessionId::mint(Timestamp::from_seconds(1), &dice), &keys(), &dice)
    }

    #[test]
    fn a_token_reads_back_with_its_session() {
        let token = mint(0);
        let read = RefreshToken::parse(&token.encode(), &keys()).unwrap();
        assert_eq!(read.session_id(), token.session_id());
        assert_eq!(read.generation(), 0);
        assert_eq!(read.hash(), token.hash());
    }

    #[test]
    fn t28_a_successor_is_always_the_same_and_of_the_next_generation() {
        let token = mint(0);
        let next = token.successor(&keys());
        assert_eq!(next.encode(), token.successor(&keys()).encode());
        assert_eq!((next.session_id(), next.generation()), (token.session_id(), 1));
        assert_ne!(next.hash(), token.hash());
        assert_eq!(
            RefreshToken::parse(&next.encode(), &keys()).unwrap().generation(),
            1
        );
        assert_ne!(next.successor(&keys()).hash(), next.hash());
    }

    #[test]
    fn a_token_of_another_installation_is_refused() {
        assert!(RefreshToken::parse(&mint(0).encode(), &MacKeys::derive(b"another secret")).is_none());
    }

    #[test]
    fn t16_debug_shows_nothing() {
        assert_eq!(format!("{:?}", mint(0)), "***");
    }

    #[test]
    fn what_is_not_exactly_a_token_is_refused() {
        let token = mint(0).encode();
        for text in [
            "",
            "AAAA",
            &token[..88],
            &format!("{token}="),
            &format!("{token}A"),
            &format!("{token}\n"),
        ] {
            assert!(RefreshToken::parse(text, &keys()).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn two_tokens_are_never_the_same(start in 0..u64::MAX - 100) {
            prop_assert_ne!(mint(start).hash(), mint(start + 1).hash());
        }

        #[test]
        fn any_change_of_one_byte_is_refused(start in any::<u64>(), at in 0..91_usize, byte in any::<u8>()) {
            let token = mint(start).encode();
            let mut bytes = token.clone().into_bytes();
            bytes[at] = byte;
            let changed = String::from_utf8_lossy(&bytes);
            prop_assert_eq!(RefreshToken::parse(&changed, &keys()).is_some(), changed == token);
        }

        #[test]
        fn no_text_breaks_the_reader(text in any::<String>(), like in "[A-Za-z0-9_-]{89,93}") {
            prop_assert!(RefreshToken::parse(&text, &keys()).is_none());
            prop_assert!(RefreshToken::parse(&like, &keys()).is_none());
        }
    }
}
