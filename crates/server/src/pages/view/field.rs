//! Form fields: what was typed, and what is wrong with it.

use serde::Serialize;

/// A field whose content comes back when the form has to be shown again.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TextField {
    /// What stands in it.
    pub value: String,
    /// What is wrong with it, in a sentence.
    pub error: Option<String>,
}

impl TextField {
    /// A field with something in it and nothing wrong.
    pub fn filled(value: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            error: None,
        }
    }

    /// The same, with what is wrong with it.
    #[must_use]
    pub fn wrong(self, error: impl Into<String>) -> Self {
        Self {
            error: Some(error.into()),
            ..self
        }
    }
}

/// A field whose content is never sent back: a password or a code.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SecretField {
    /// What is wrong with it, in a sentence.
    pub error: Option<String>,
}

impl SecretField {
    /// An empty field, with what was wrong with its content.
    pub fn wrong(error: impl Into<String>) -> Self {
        Self {
            error: Some(error.into()),
        }
    }
}
