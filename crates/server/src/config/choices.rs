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

        text_kind!($name, allowed: $allowed, example: [$($word),+][0]);
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
    /// Who says what the shared link carries at the moment.
    CapacitySource: "\"fixed\", \"schedule\", \"telemetry\" or \"probe\"" {
        /// The settings, once and for all.
        Fixed = "fixed",
        /// The settings, by the time of day.
        Schedule = "schedule",
        /// The modem.
        Telemetry = "telemetry",
        /// Delay and what arrives.
        Probe = "probe",
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
    TransportName: "\"mailbox\", \"smtp\", \"http\" or \"file\"" {
        /// It stays in the development mailbox.
        Mailbox = "mailbox",
        /// To a mail server.
        Smtp = "smtp",
        /// To a provider's HTTP interface.
        Http = "http",
        /// Into a folder.
        File = "file",
    }
}
choice! {
    /// What tells workers of new mail.
    BrokerName: "\"none\" or \"amqp\"" {
        /// They look.
        None = "none",
        /// RabbitMQ, or another broker that speaks AMQP 0-9-1.
        Amqp = "amqp",
    }
}
choice! {
    /// How the broker keeps the queue.
    QueueKindName: "\"durable\" or \"quorum\"" {
        /// On the disk of one node.
        Durable = "durable",
        /// On several nodes, by majority.
        Quorum = "quorum",
    }
}
choice! {
    /// Whose HTTP interface takes mail.
    MailProvider: "\"mailgun\", \"resend\", \"mailpit\" or \"webhook\"" {
        /// A form.
        Mailgun = "mailgun",
        /// JSON, as Resend and others take it.
        Resend = "resend",
        /// JSON, as Mailpit takes it.
        Mailpit = "mailpit",
        /// JSON to a program of the operator's own, signed.
        Webhook = "webhook",
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
