//! What went wrong between here and a mail server, told without telling whose mail it was.

use lettre::transport::smtp::Error;
use lettre::transport::smtp::response::Response;

use crate::error::{SendError, Stage};

/// "Service not available, closing": what a server says when it ends a connection of its own accord.
const CLOSING: u16 = 421;

/// Words longer than this are no words: encoded bodies, tokens.
const MAX_WORD: usize = 40;

/// A run of digits this long may be a code; reply codes have three.
const CODE_DIGITS: usize = 4;

/// An error, and whether the connection rather than the mail was at fault.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) error: SendError,
    /// The server was gone, so the same mail may pass over a fresh connection.
    pub(super) is_lost: bool,
}

impl Fault {
    pub(super) const fn lost(error: SendError) -> Self {
        Self { error, is_lost: true }
    }

    pub(super) const fn plain(error: SendError) -> Self {
        Self {
            error,
            is_lost: false,
        }
    }

    /// From the protocol's own error. 5xx is permanent, everything else may pass.
    pub(super) fn of(stage: Stage, error: &Error, recipient: &str) -> Self {
        if let Some(code) = error.status() {
            let said = std::error::Error::source(error)
                .map(ToString::to_string)
                .unwrap_or_default();
            let detail = format!("{code} {}", masked(stage, &said, recipient));
            return if error.is_permanent() {
                Self::plain(SendError::permanent(stage, detail.trim_end()))
            } else {
                Self {
                    error: SendError::transient(stage, detail.trim_end()),
                    is_lost: u16::from(code) == CLOSING,
                }
            };
        }
        if error.is_response() {
            // Not quoted: what cannot be read as a reply may be anything, the mail itself included.
            return Self::lost(SendError::transient(
                stage,
                "connection closed or unreadable reply",
            ));
        }
        let error_text = SendError::transient(stage, &error.to_string());
        if error.is_client() {
            Self::plain(error_text)
        } else {
            Self::lost(error_text)
        }
    }

    /// From a positive reply at the wrong moment, such as an acceptance of a mail not yet sent.
    pub(super) fn out_of_turn(stage: Stage, reply: &Response) -> Self {
        Self::plain(SendError::transient(
            stage,
            &format!("{} out of turn", reply.code()),
        ))
    }
}

/// The server's words without those that may be an address, a link, a code or a piece of the mail.
/// Of a refused sign-in nothing is kept but the numbers, since the words may quote the credentials.
fn masked(stage: Stage, said: &str, recipient: &str) -> String {
    let local = recipient.split('@').next().unwrap_or_default();
    let is_private = |word: &str| {
        let bare = word.trim_matches(|character: char| !character.is_ascii_alphanumeric());
        word.contains('@')
            || word.contains("://")
            || word.len() > MAX_WORD
            || longest_run_of_digits(word) >= CODE_DIGITS
            || (!local.is_empty() && bare.eq_ignore_ascii_case(local))
    };
    let is_number = |word: &&str| word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    said.split_whitespace()
        .filter(|word| stage != Stage::Auth || is_number(word))
        .map(|word| if is_private(word) { "***" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}

fn longest_run_of_digits(word: &str) -> usize {
    word.split(|character: char| !character.is_ascii_digit())
        .map(str::len)
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t16_a_servers_words_lose_addresses_links_codes_and_pieces_of_the_mail() {
        let said = "5.1.1 <Ada@example.org>: user ada unknown, see https://mx.example/1 0412 code:0412 \
                    Q29kZTogMDQxMkNvZGU6IDA0MTJDb2RlOiAwNDEyQ29kZTogMDQxMg== [192.0.2.1]";
        assert_eq!(
            masked(Stage::Recipient, said, "ADA@example.org"),
            "5.1.1 *** user *** unknown, see *** *** *** *** [192.0.2.1]"
        );
    }

    #[test]
    fn t16_of_a_refused_sign_in_only_numbers_are_kept() {
        assert_eq!(
            masked(Stage::Auth, "5.7.8 bad password hunter2 for ada", ""),
            "5.7.8"
        );
    }
}
