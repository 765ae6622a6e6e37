//! Where a refusal stands on the page: at the field that is to blame, or above the form.

use crate::pages::view::{Notice, SecretField, TextField};
use crate::web::problem::{Code, FieldError, Problem};

const SECOND_PROOF: &str = "The code is right. Enter the password you registered with, too: it shows that \
     the registration is yours.";

/// What is wrong with a form. Each field takes what is said about it; the rest goes above the form.
#[derive(Debug, Default)]
pub(super) struct Complaints {
    fields: Vec<FieldError>,
    general: Option<String>,
}

impl Complaints {
    pub(super) fn of(problem: &Problem) -> Self {
        let mut fields = problem.errors.clone();
        if let [only] = fields.as_mut_slice() {
            // The sentence of the whole is the more exact one.
            only.detail.clone_from(&problem.detail);
        }
        Self {
            general: fields.is_empty().then(|| problem.detail.clone()),
            fields,
        }
    }

    /// The same for a form with a code in the field of that name and perhaps a password.
    pub(super) fn of_code(problem: &Problem, code: &str) -> Self {
        let (field, detail) = match problem.code {
            Code::CodeInvalid | Code::CodeExpired => (code, problem.detail.as_str()),
            Code::RegistrationAmbiguous => ("password", SECOND_PROOF),
            Code::InvalidCredentials => ("password", problem.detail.as_str()),
            _ => return Self::of(problem),
        };
        Self {
            fields: vec![FieldError {
                field: field.to_owned(),
                code: problem.code.as_str(),
                detail: detail.to_owned(),
            }],
            general: None,
        }
    }

    /// A field that shows again what was typed.
    pub(super) fn text(&mut self, field: &str, value: impl Into<String>) -> TextField {
        TextField {
            value: value.into(),
            error: self.take(field),
        }
    }

    /// A field that does not.
    pub(super) fn secret(&mut self, field: &str) -> SecretField {
        SecretField {
            error: self.take(field),
        }
    }

    /// What no field has taken.
    pub(super) fn rest(self) -> Option<Notice> {
        let sentences: Vec<_> = self
            .fields
            .into_iter()
            .map(|error| error.detail)
            .chain(self.general)
            .collect();
        (!sentences.is_empty()).then(|| Notice::error(sentences.join(" ")))
    }

    fn take(&mut self, field: &str) -> Option<String> {
        let index = self.fields.iter().position(|error| error.field == field)?;
        Some(self.fields.remove(index).detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_takes_its_own_sentence_and_nothing_is_said_twice() {
        let mut complaints = Complaints::of(&Problem::of_field(Code::EmailTaken, "email"));
        let field = complaints.text("email", "a@example.org");
        assert_eq!(field.value, "a@example.org");
        assert!(field.error.is_some());
        assert!(complaints.rest().is_none());
    }

    #[test]
    fn what_no_field_takes_stands_above_the_form() {
        let mut general = Complaints::of(&Problem::new(Code::Busy));
        assert!(general.secret("password").error.is_none());
        assert!(general.rest().unwrap().text.contains("busy"));
        let unknown = Complaints::of(&Problem::of_field(Code::EmailTaken, "elsewhere"));
        assert!(unknown.rest().is_some());
    }

    #[test]
    fn a_missing_second_proof_is_asked_for_at_the_password() {
        let mut complaints = Complaints::of_code(&Problem::new(Code::RegistrationAmbiguous), "code");
        assert!(complaints.secret("code").error.is_none());
        assert_eq!(complaints.secret("password").error.as_deref(), Some(SECOND_PROOF));
    }
}
