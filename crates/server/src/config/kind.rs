//! What the value of a setting can be: how it is read, how it is written back, and what people are
//! told when it is neither.

use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use toml::Value;

use crate::net::Network;

/// A type that a setting may have.
pub(super) trait Kind: Sized {
    /// Shown, as text, where there is no default.
    const EXAMPLE: &'static str = "";
    /// Whether messages keep the value to themselves.
    const SECRET: bool = false;

    /// Ends the sentence "must be …".
    fn allowed() -> String;

    /// Reads a written value; the error says more than [`Self::allowed`] does, or nothing.
    fn read(value: &Value) -> Result<Self, String>;

    /// The value for people to see, secrets masked; none when it is not set.
    fn write(&self) -> Option<Value>;

    /// A value that arrives as bare text, from the environment or a flag.
    fn from_text(text: &str) -> Value {
        Value::String(text.to_owned())
    }
}

/// Reads a value, or says in one sentence what it must be.
pub(super) fn read<K: Kind>(value: &Value) -> Result<K, String> {
    K::read(value).map_err(|reason| {
        let found = if K::SECRET {
            String::new()
        } else {
            format!("; found {}", brief(value))
        };
        let because = if reason.is_empty() {
            reason
        } else {
            format!(" ({reason})")
        };
        format!("must be {}{found}{because}", K::allowed())
    })
}

/// Holds a value to its range.
pub(super) fn within<K: Kind + PartialOrd + Display>(
    value: &K,
    range: &RangeInclusive<K>,
) -> Result<(), String> {
    if range.contains(value) {
        return Ok(());
    }
    Err(format!("must be {}; found {value}", spoken(range)))
}

/// A range in words.
pub(super) fn spoken<K: Display>(range: &RangeInclusive<K>) -> String {
    format!("{} to {}", range.start(), range.end())
}

/// A value in an error message: on one line and not long.
fn brief(value: &Value) -> String {
    const LONGEST: usize = 60;
    let text = match value {
        Value::String(text) => format!("{text:?}"),
        other => other.to_string().replace('\n', " "),
    };
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}

/// Makes a [`Kind`] of a type that is read by `FromStr` and shown by `Display`.
macro_rules! text_kind {
    ($kind:ty, allowed: $allowed:expr, example: $example:expr $(, secret: $secret:expr)?) => {
        impl $crate::config::kind::Kind for $kind {
            const EXAMPLE: &'static str = $example;
            $(const SECRET: bool = $secret;)?

            fn allowed() -> String {
                $allowed.to_owned()
            }

            fn read(value: &toml::Value) -> Result<Self, String> {
                let text = match value {
                    toml::Value::String(text) => text.clone(),
                    toml::Value::Integer(number) => number.to_string(),
                    _ => return Err(String::new()),
                };
                text.parse().map_err(|reason: <Self as std::str::FromStr>::Err| reason.to_string())
            }

            fn write(&self) -> Option<toml::Value> {
                Some(toml::Value::String(self.to_string()))
            }
        }
    };
}
pub(super) use text_kind;

text_kind!(
    SocketAddr,
    allowed: "an IP address and port such as \"127.0.0.1:8000\" or \"[::1]:8000\"",
    example: "127.0.0.1:8000"
);
text_kind!(Network, allowed: "an IP address or network such as \"10.0.0.0/8\"", example: "10.0.0.0/8");

impl Kind for u32 {
    fn allowed() -> String {
        "a whole number".to_owned()
    }

    fn read(value: &Value) -> Result<Self, String> {
        value
            .as_integer()
            .and_then(|number| Self::try_from(number).ok())
            .ok_or_else(String::new)
    }

    fn write(&self) -> Option<Value> {
        Some(Value::Integer((*self).into()))
    }

    fn from_text(text: &str) -> Value {
        text.parse()
            .map_or_else(|_| Value::String(text.to_owned()), Value::Integer)
    }
}

impl Kind for bool {
    fn allowed() -> String {
        "true or false".to_owned()
    }

    fn read(value: &Value) -> Result<Self, String> {
        value.as_bool().ok_or_else(String::new)
    }

    fn write(&self) -> Option<Value> {
        Some(Value::Boolean(*self))
    }

    fn from_text(text: &str) -> Value {
        text.parse()
            .map_or_else(|_| Value::String(text.to_owned()), Value::Boolean)
    }
}

impl Kind for PathBuf {
    const EXAMPLE: &'static str = "/var/lib/usher";

    fn allowed() -> String {
        "a path".to_owned()
    }

    fn read(value: &Value) -> Result<Self, String> {
        let path = value
            .as_str()
            .filter(|path| !path.is_empty() && !path.contains('\0'));
        path.map(Self::from).ok_or_else(String::new)
    }

    fn write(&self) -> Option<Value> {
        Some(Value::String(self.display().to_string()))
    }
}

impl<K: Kind> Kind for Option<K> {
    const EXAMPLE: &'static str = K::EXAMPLE;
    const SECRET: bool = K::SECRET;

    fn allowed() -> String {
        K::allowed()
    }

    fn read(value: &Value) -> Result<Self, String> {
        K::read(value).map(Some)
    }

    fn write(&self) -> Option<Value> {
        self.as_ref().and_then(K::write)
    }

    fn from_text(text: &str) -> Value {
        K::from_text(text)
    }
}

/// A list: an array in the file, commas in the environment.
impl<K: Kind> Kind for Vec<K> {
    const SECRET: bool = K::SECRET;

    fn allowed() -> String {
        format!("a list, each {}", K::allowed())
    }

    fn read(value: &Value) -> Result<Self, String> {
        let items = value.as_array().ok_or_else(String::new)?;
        items.iter().map(K::read).collect()
    }

    fn write(&self) -> Option<Value> {
        Some(Value::Array(self.iter().filter_map(K::write).collect()))
    }

    fn from_text(text: &str) -> Value {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        Value::Array(items.map(K::from_text).collect())
    }
}
