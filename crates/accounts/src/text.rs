//! Which characters a person cannot see, so that two texts that look alike are alike.

/// Characters that take no space or only steer how others are shown, in ascending ranges: Unicode's
/// default-ignorable ones and the interlinear annotations.
const INVISIBLE: [(char, char); 18] = [
    ('\u{00AD}', '\u{00AD}'),
    ('\u{034F}', '\u{034F}'),
    ('\u{061C}', '\u{061C}'),
    ('\u{115F}', '\u{1160}'),
    ('\u{17B4}', '\u{17B5}'),
    ('\u{180B}', '\u{180F}'),
    ('\u{200B}', '\u{200F}'),
    ('\u{2028}', '\u{202E}'),
    ('\u{2060}', '\u{206F}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{FE00}', '\u{FE0F}'),
    ('\u{FEFF}', '\u{FEFF}'),
    ('\u{FFA0}', '\u{FFA0}'),
    ('\u{FFF0}', '\u{FFFB}'),
    ('\u{1BCA0}', '\u{1BCA3}'),
    ('\u{1D173}', '\u{1D17A}'),
    ('\u{E0000}', '\u{E0FFF}'),
];

/// Whether the character is a control or cannot be seen.
pub(crate) fn is_invisible(character: char) -> bool {
    character.is_control()
        || INVISIBLE
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_joiners_fillers_and_marks_of_direction_are_invisible() {
        for character in [
            '\0',
            '\r',
            '\u{85}',
            '\u{200D}',
            '\u{202E}',
            '\u{3164}',
            '\u{FE0F}',
            '\u{E0041}',
        ] {
            assert!(is_invisible(character), "{character:?}");
        }
    }

    #[test]
    fn letters_digits_and_the_plain_space_are_visible() {
        assert!(
            "aZ9 é漢ي\u{301}'"
                .chars()
                .all(|character| !is_invisible(character))
        );
    }
}
