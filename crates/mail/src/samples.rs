//! One example of every mail. The templates are tried on them at start, so that a mistake in an
//! operator's own template stops the server and not somebody's registration.

use std::time::Duration;

use usher_accounts::time::Timestamp;

use crate::message::Message;

const AT: Timestamp = Timestamp::from_seconds(1_700_000_000);
const MINUTE: Duration = Duration::from_mins(1);

/// Every message, and both forms of those that have two.
pub(crate) fn samples() -> [Message; 6] {
    let confirmation = |username: Option<&str>| Message::Confirmation {
        username: username.map(str::to_owned),
        verified_at: AT,
        home: "https://accounts.example.org/".to_owned(),
    };
    [
        Message::Verification {
            code: "0412".to_owned(),
            link: "https://accounts.example.org/auth/verify/c2FtcGxl".to_owned(),
            tag: "k7qd".to_owned(),
            requested_at: AT,
            lives: MINUTE,
        },
        confirmation(Some("Ada")),
        confirmation(None),
        Message::AddressTaken {
            requested_at: AT,
            sign_in: "https://accounts.example.org/login".to_owned(),
        },
        Message::EmailChange {
            code: "0412".to_owned(),
            link: "https://accounts.example.org/auth/verify/c2FtcGxl".to_owned(),
            tag: "k7qd".to_owned(),
            requested_at: AT,
            lives: MINUTE,
        },
        Message::EmailChanged {
            new_address_masked: "a***@example.org".to_owned(),
            at: AT,
        },
    ]
}
