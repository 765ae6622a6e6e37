//! Usernames: how people call themselves, in any script. Never shaped like an address, and no two that
//! look the same because of case, width or characters nobody can see.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::text::is_invisible;

const MAX_CHARACTERS: usize = 64;

/// A username as typed, together with the key it is unique by.
#[derive(Clone, Debug)]
pub struct Username {
    typed: String,
    key: String,
}

/// Which rule of a username is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsernameError {
    /// Empty or more than 64 characters.
    #[error("A username has 1 to 64 characters.")]
    Length,
    /// Something other than letters, digits, spaces and `. _ - '`.
    #[error("A username may contain letters, digits, spaces and . _ - ' only.")]
    Character,
    /// A space at an end, or two in a row.
    #[error("A username must not begin or end with a space, nor contain two spaces in a row.")]
    Spacing,
}

impl Username {
    /// Reads what somebody typed. Nothing is trimmed or repaired.
    pub fn parse(text: &str) -> Result<Self, UsernameError> {
        check(text)?;
        // The folded form keeps the rules too: a single character may unfold into several, or into others.
        let key = fold(text);
        check(&key)?;
        Ok(Self {
            typed: text.to_owned(),
            key,
        })
    }

    /// The name as its owner writes it.
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// The form names are compared and looked up by: NFKC in lower case.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// Normalised on both sides of lowering, which itself may leave a letter and its mark apart.
fn fold(text: &str) -> String {
    text.nfkc().collect::<String>().to_lowercase().nfkc().collect()
}

fn check(text: &str) -> Result<(), UsernameError> {
    if text.is_empty() || text.chars().nth(MAX_CHARACTERS).is_some() {
        return Err(UsernameError::Length);
    }
    if text.starts_with(is_combining_mark) || !text.chars().all(is_allowed) {
        return Err(UsernameError::Character);
    }
    if text.starts_with(' ') || text.ends_with(' ') || text.contains("  ") {
        return Err(UsernameError::Spacing);
    }
    Ok(())
}

/// Combining marks belong to the letters of many scripts.
fn is_allowed(character: char) -> bool {
    let is_part_of_a_name = character.is_alphanumeric() || is_combining_mark(character);
    " ._-'".contains(character) || is_part_of_a_name && !is_invisible(character)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key_of(text: &str) -> String {
        Username::parse(text).unwrap().key().to_owned()
    }

    #[test]
    fn names_of_any_script_are_kept_as_typed() {
        for name in [
            "Bob",
            "Zoë O'Neil-Smith",
            "j_r.2",
            "Ольга",
            "李小龍",
            "محمد",
            "हिन्दी",
            "Đặng",
            "e\u{301}a",
            "x",
        ] {
            assert_eq!(Username::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn case_width_and_composition_make_no_second_name() {
        assert_eq!(key_of("ZOË"), key_of("zoe\u{308}"));
        assert_eq!(key_of("Ｂｏｂ"), key_of("bob"));
        assert_eq!(key_of("Straße"), "straße");
        // A letter and its mark that become one only in lower case.
        assert_eq!(key_of("J\u{30C}o"), key_of("\u{1F0}o"));
    }

    #[test]
    fn t38_a_name_is_never_shaped_like_an_address() {
        for name in [
            "bob@example.org",
            "@bob",
            "bob\u{FF20}example.org",
            "bob\u{FE6B}example.org",
        ] {
            assert_eq!(
                Username::parse(name).unwrap_err(),
                UsernameError::Character,
                "{name}"
            );
        }
    }

    #[test]
    fn t38_invisible_characters_make_no_second_name() {
        for hidden in [
            '\u{200B}', '\u{200D}', '\u{AD}', '\u{202E}', '\u{3164}', '\u{FE0F}', '\u{34F}', '\0', '\r', '\t',
        ] {
            let name = format!("bo{hidden}b");
            assert_eq!(
                Username::parse(&name).unwrap_err(),
                UsernameError::Character,
                "{name:?}"
            );
        }
    }

    #[test]
    fn signs_and_other_spaces_are_refused() {
        for name in [
            "<b>",
            "a/b",
            "a\"b",
            "a&b",
            "a;b",
            "a\u{A0}b",
            "a\u{3000}b",
            "🙂",
            "\u{301}a",
            "a\nb",
        ] {
            assert_eq!(
                Username::parse(name).unwrap_err(),
                UsernameError::Character,
                "{name:?}"
            );
        }
    }

    #[test]
    fn single_spaces_stand_inside_only() {
        assert!(Username::parse("Bob the Third").is_ok());
        for name in [" bob", "bob ", "bob  smith", " "] {
            assert_eq!(
                Username::parse(name).unwrap_err(),
                UsernameError::Spacing,
                "{name:?}"
            );
        }
    }

    #[test]
    fn length_is_counted_in_characters_also_after_folding() {
        assert!(Username::parse(&"ж".repeat(64)).is_ok());
        assert_eq!(
            Username::parse(&"ж".repeat(65)).unwrap_err(),
            UsernameError::Length
        );
        assert_eq!(Username::parse("").unwrap_err(), UsernameError::Length);
        // One ligature that unfolds into eighteen characters.
        assert_eq!(
            Username::parse(&"\u{FDFA}".repeat(4)).unwrap_err(),
            UsernameError::Length
        );
    }

    proptest! {
        #[test]
        fn a_key_is_a_name_with_the_same_key(text in "\\PC{0,12}|[\\p{L}\\p{M}\\p{N} .'_-]{0,12}") {
            if let Ok(name) = Username::parse(&text) {
                prop_assert_eq!(key_of(name.key()), name.key());
            }
        }
    }
}
