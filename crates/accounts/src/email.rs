//! E-mail addresses. The only parser: whatever became an `EmailAddress` can neither smuggle a header
//! into a mail nor be mistaken for somebody else's address.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::text::is_invisible;

const MAX_BYTES: usize = 254;
const MAX_LOCAL_BYTES: usize = 64;

/// An address as typed, together with the key it is looked up by. Equal when the keys are.
#[derive(Clone)]
pub struct EmailAddress {
    typed: String,
    key: String,
}

/// Which rule of an address is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// More than 254 bytes, as typed or with its domain encoded.
    #[error("An e-mail address may have at most 254 characters.")]
    TooLong,
    /// No `@` at all.
    #[error("An e-mail address has the form name@example.org.")]
    NoAt,
    /// What stands before the `@`.
    #[error("The part before the @ is not one that mail can be sent to.")]
    Local,
    /// What stands after the `@`.
    #[error("The part after the @ is not a domain that mail can be sent to.")]
    Domain,
}

impl EmailAddress {
    /// Reads what somebody typed. Nothing is trimmed or repaired.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        if text.len() > MAX_BYTES {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = text.split_once('@').ok_or(EmailError::NoAt)?;
        if !is_dot_atom(local) {
            return Err(EmailError::Local);
        }
        let domain = to_a_labels(domain).ok_or(EmailError::Domain)?;
        let key = format!("{}@{domain}", local.to_ascii_lowercase());
        if key.len() > MAX_BYTES {
            return Err(EmailError::TooLong);
        }
        Ok(Self {
            typed: text.to_owned(),
            key,
        })
    }

    /// Reads back what the database holds; it was parsed before it was stored.
    pub fn from_stored(typed: &str, key: &str) -> Self {
        Self {
            typed: typed.to_owned(),
            key: key.to_owned(),
        }
    }

    /// The address as its owner writes it.
    pub fn as_typed(&self) -> &str {
        &self.typed
    }

    /// The form addresses are compared and looked up by: local part in ASCII lower case, domain as A-labels.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What stands before the `@`, as typed.
    pub fn local(&self) -> &str {
        self.typed.split_once('@').map_or("", |(local, _)| local)
    }

    /// The domain as A-labels.
    pub fn domain(&self) -> &str {
        self.key.split_once('@').map_or("", |(_, domain)| domain)
    }

    /// What a mail server is given: the local part as typed, since its case may matter there, and the
    /// domain as A-labels. Always ASCII.
    pub fn for_transport(&self) -> String {
        format!("{}@{}", self.local(), self.domain())
    }
}

/// RFC 5322's dot-atom in ASCII. Quoted local parts are legal mail but nobody's address, and they are
/// where spaces, line breaks and second `@` signs hide.
fn is_dot_atom(local: &str) -> bool {
    let is_atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    local.len() <= MAX_LOCAL_BYTES
        && local
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(is_atom))
}

fn to_a_labels(domain: &str) -> Option<String> {
    if domain.chars().any(is_invisible) {
        return None;
    }
    let labels = idna::domain_to_ascii_strict(domain).ok()?;
    let (_, top) = labels.rsplit_once('.')?;
    // Every top-level domain begins with a letter; what does not is a number, that is, an IP address.
    (top.len() >= 2 && top.starts_with(|first: char| first.is_ascii_alphabetic())).then_some(labels)
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for EmailAddress {}

impl Hash for EmailAddress {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "***@{}", self.domain())
    }
}

#[cfg(test)]
mod tests;
