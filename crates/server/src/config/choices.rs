//! Settings that are one word out of a closed set.

use std::fmt;
use std::str::FromStr;

use super::kind::text_kind;

macro_rules! choice {
    (
        $(#[$about:meta])*
        $name:ident: $allowed:literal {
            $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)?
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$doc])* $variant),+
        }

        impl $name {
            /// The word in the settings.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl FromStr for $name {
            type Err = &'static str;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(""),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        text_kind!($name, allowed: $allowed, example: "");
    };
}

choice! {
    /// What a registration is told about an address that already has an account.
    Existing: "\"reveal\" or \"silent\"" {
        /// That it is taken.
        Reveal = "reveal",
        /// What anybody is told; the owner gets a mail.
        Silent = "silent",
    }
}
choice! {
    /// Whether an address is proven before the account exists.
    VerificationRule: "\"required\" or \"off\"" {
        /// It is.
        Required = "required",
        /// Accounts are made at once, unverified.
        Off = "off",
    }
}
choice! {
    /// Whether an address and a code alone verify a registration.
    PlainVerification: "\"same-source\" or \"off\"" {
        /// From where the registration came, when it is the only one for its address.
        SameSource = "same-source",
        /// Never.
        Off = "off",
    }
}
choice! {
    /// How new passwords are hashed.
    PasswordHash: "\"argon2id\" or \"bcrypt\"" {
        /// By memory and time.
        Argon2id = "argon2id",
        /// For installations that share their hashes with older services.
        Bcrypt = "bcrypt",
    }
}
choice! {
    /// How mail leaves.
    TransportName: "\"mailbox\", \"smtp\" or \"file\"" {
        /// It stays in the development mailbox.
        Mailbox = "mailbox",
        /// To a mail server.
        Smtp = "smtp",
        /// Into a folder.
        File = "file",
    }
}
choice! {
    /// The form of log lines.
    LogFormat: "\"auto\", \"human\" or \"json\"" {
        /// Human on a terminal, JSON otherwise.
        Auto = "auto",
        /// For people.
        Human = "human",
        /// One object a line.
        Json = "json",
    }
}
choice! {
    /// The least important lines that are logged.
    LogLevel: "\"error\", \"warn\", \"info\", \"debug\" or \"trace\"" {
        /// What failed.
        Error = "error",
        /// What may fail soon.
        Warn = "warn",
        /// What happened.
        Info = "info",
        /// How it happened.
        Debug = "debug",
        /// Every step.
        Trace = "trace",
    }
}
