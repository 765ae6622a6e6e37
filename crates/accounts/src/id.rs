//! Identifiers: UUIDv7, so they sort by the time they were made. One type each, so that a session's
//! can never be passed where a person's is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

use crate::dice::Dice;
use crate::time::Timestamp;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new one, made at `now`.
            pub fn mint(now: Timestamp, dice: &dyn Dice) -> Self {
                let millis = u64::try_from(now.micros() / 1_000).unwrap_or(0);
                Self(Builder::from_unix_timestamp_millis(millis, &dice.bytes()).into_uuid())
            }

            /// When it was made, to the millisecond; `None` for an id that does not say.
            pub fn made_at(self) -> Option<Timestamp> {
                let (seconds, nanos) = self.0.get_timestamp()?.to_unix();
                let micros = i64::try_from(seconds).ok()?.checked_mul(1_000_000)?;
                Some(Timestamp::from_micros(micros + i64::from(nanos / 1_000)))
            }

            /// The stored form.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// From the sixteen bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The stored form.
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// The sixteen bytes, as they go into MACs.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

id! {
    /// A person: the id of a registration, which becomes the id of the account for life.
    PersonId
}
id! {
    /// A signed-in device.
    SessionId
}
id! {
    /// A mail waiting in, or gone from, the outbox.
    OutboxId
}
id! {
    /// Something that happened to an account.
    EventId
}
id! {
    /// A change of address waiting for its code.
    ChangeId
}
id! {
    /// Reports of the shared link that belong together.
    RunId
}
