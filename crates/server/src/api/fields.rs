//! From what was sent to what the stories take. Everything that is wrong is collected, so that a form
//! can show all of it at once.

use usher_accounts::email::EmailAddress;
use usher_accounts::password::{Password, PasswordError};
use usher_accounts::username::Username;

use crate::web::problem::{Code, FieldError, Problem};

/// Collects what is wrong.
#[derive(Debug, Default)]
pub struct Fields(Vec<FieldError>);

impl Fields {
    /// A field that must be there.
    pub fn required(&mut self, field: &str, value: Option<String>) -> Option<String> {
        if value.is_none() {
            self.wrong(field, "missing", "This is needed.");
        }
        value
    }

    /// An address that must be there.
    pub fn email(&mut self, field: &str, value: Option<String>) -> Option<EmailAddress> {
        let text = self.required(field, value)?;
        EmailAddress::parse(&text)
            .map_err(|error| self.wrong(field, "malformed", &error.to_string()))
            .ok()
    }

    /// A username that may be absent or empty.
    pub fn username(&mut self, field: &str, value: Option<String>) -> Option<Username> {
        let text = value.filter(|text| !text.is_empty())?;
        Username::parse(&text)
            .map_err(|error| self.wrong(field, "malformed", &error.to_string()))
            .ok()
    }

    /// A password somebody proves, not chooses.
    pub fn password(&mut self, field: &str, value: Option<String>) -> Option<Password> {
        let text = self.required(field, value)?;
        Password::given(text)
            .map_err(|error| self.wrong(field, "malformed", &error.to_string()))
            .ok()
    }

    /// Notes that a field is wrong.
    pub fn wrong(&mut self, field: &str, code: &'static str, detail: &str) {
        self.0.push(FieldError {
            field: field.to_owned(),
            code,
            detail: detail.to_owned(),
        });
    }

    /// The refusal, when anything is wrong.
    pub fn check(self) -> Result<(), Problem> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid(self.0))
        }
    }
}

/// What somebody sends to register, however it is spelt.
#[derive(Debug, Default)]
pub struct NewPerson {
    /// The address.
    pub email: Option<String>,
    /// The name.
    pub username: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// The password again, where it is asked.
    pub verify_password: Option<String>,
}

impl NewPerson {
    /// Parses it all.
    pub fn parse(self) -> Result<(EmailAddress, Option<Username>, Password), Problem> {
        let mut fields = Fields::default();
        let email = fields.email("email", self.email);
        let username = fields.username("username", self.username);
        let password = fields.required("password", self.password);
        fields.check()?;
        let (Some(email), Some(password)) = (email, password) else {
            return Err(Problem::new(Code::InvalidInput));
        };
        if self.verify_password.is_some_and(|again| again != password) {
            return Err(Problem::of_field(Code::PasswordsDiffer, "verify_password"));
        }
        let password = chosen(password, &email, username.as_ref())?;
        Ok((email, username, password))
    }
}

fn chosen(password: String, email: &EmailAddress, username: Option<&Username>) -> Result<Password, Problem> {
    Password::chosen(password, email, username).map_err(|error| match error {
        PasswordError::Empty | PasswordError::TooLong => Problem::invalid(vec![FieldError {
            field: "password".to_owned(),
            code: "malformed",
            detail: error.to_string(),
        }]),
        weak => weak.into(),
    })
}

/// An id in a path; something that is none belongs to nobody.
pub fn id<T: std::str::FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::new(Code::NotFound))
}
