//! How a value enters a template's output. It is decided here for every template, an operator's own
//! included, because one forgotten filter would be enough for an injection.

use std::fmt::Write;

use minijinja::{AutoEscape, Error, Output, State, Value};

/// How the names of subjects end.
pub(crate) const SUBJECT: &str = ".subject.txt";

/// Whether this character could start a line of its own or steer a terminal or mail reader.
pub(crate) fn breaks_line(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

/// HTML is escaped, and a text's value stays on its line. Subjects are written as they are: a
/// subject with a line break is refused as a whole.
pub(crate) fn write_value(out: &mut Output, state: &State, value: &Value) -> Result<(), Error> {
    let text = value.to_string();
    if matches!(state.auto_escape(), AutoEscape::Html) {
        return if value.is_safe() {
            Ok(out.write_str(&text)?)
        } else {
            write_html(out, &text)
        };
    }
    if !state.name().ends_with(SUBJECT) {
        return Ok(out.write_str(&text.replace(breaks_line, " "))?);
    }
    Ok(out.write_str(&text)?)
}

/// Escapes what ends a text or an attribute. The slash stays, so that links can be read and found.
fn write_html(out: &mut Output, text: &str) -> Result<(), Error> {
    for character in text.chars() {
        match character {
            '&' => out.write_str("&amp;")?,
            '<' => out.write_str("&lt;")?,
            '>' => out.write_str("&gt;")?,
            '"' => out.write_str("&quot;")?,
            '\'' => out.write_str("&#39;")?,
            other if breaks_line(other) => out.write_char(' ')?,
            other => out.write_char(other)?,
        }
    }
    Ok(())
}
