//! What went wrong between here and whoever takes mail, told without telling whose mail it was.

use crate::error::{SendError, Stage};

/// Words longer than this are no words: encoded bodies, tokens.
const MAX_WORD: usize = 40;

/// A run of digits this long may be a code; reply codes have three.
const CODE_DIGITS: usize = 4;

/// An error, and whether the connection rather than the mail was at fault.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) error: SendError,
    /// The server was gone, so the same mail may pass over a fresh connection.
    pub(crate) is_lost: bool,
}

impl Fault {
    pub(crate) const fn lost(error: SendError) -> Self {
        Self { error, is_lost: true }
    }

    pub(crate) const fn plain(error: SendError) -> Self {
        Self {
            error,
            is_lost: false,
        }
    }
}

/// The server's words without those that may be an address, a link, a code or a piece of the mail.
/// Of a refused sign-in nothing is kept but the numbers, since the words may quote the credentials.
pub(crate) fn masked(stage: Stage, said: &str, recipient: &str) -> String {
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
