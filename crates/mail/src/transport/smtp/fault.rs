//! What a mail server says no with, as a fault.

use lettre::transport::smtp::Error;
use lettre::transport::smtp::response::Response;

use crate::error::{SendError, Stage};
use crate::transport::fault::{Fault, masked};

/// "Service not available, closing": what a server says when it ends a connection of its own accord.
const CLOSING: u16 = 421;

impl Fault {
    /// From the protocol's own error. 5xx is permanent, everything else may pass.
    pub(super) fn of(stage: Stage, error: &Error, recipient: &str) -> Self {
        if let Some(code) = error.status() {
            let said = std::error::Error::source(error)
                .map(ToString::to_string)
                .unwrap_or_default();
            let detail = format!("{code} {}", masked(stage, &said, recipient));
            return if error.is_permanent() {
                Self::plain(SendError::permanent(stage, detail.trim_end()))
            } else {
                Self {
                    error: SendError::transient(stage, detail.trim_end()),
                    is_lost: u16::from(code) == CLOSING,
                }
            };
        }
        if error.is_response() {
            // Not quoted: what cannot be read as a reply may be anything, the mail itself included.
            return Self::lost(SendError::transient(
                stage,
                "connection closed or unreadable reply",
            ));
        }
        let error_text = SendError::transient(stage, &error.to_string());
        if error.is_client() {
            Self::plain(error_text)
        } else {
            Self::lost(error_text)
        }
    }

    /// From a positive reply at the wrong moment, such as an acceptance of a mail not yet sent.
    pub(super) fn out_of_turn(stage: Stage, reply: &Response) -> Self {
        Self::plain(SendError::transient(
            stage,
            &format!("{} out of turn", reply.code()),
        ))
    }
}
