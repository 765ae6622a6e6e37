//! What an account may do to others.

use serde::{Deserialize, Serialize};

/// A person's role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Only what is theirs.
    #[default]
    User,
    /// Everybody's accounts.
    Admin,
}

impl Role {
    /// The stored and published name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }

    /// Reads the stored name; anything unknown has the least rights.
    pub fn from_stored(name: &str) -> Self {
        if name == "admin" { Self::Admin } else { Self::User }
    }
}
