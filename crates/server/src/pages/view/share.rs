//! The shared link: the dashboard, and one's own share.

use serde::Serialize;

/// The dashboard; its script asks for the rest.
#[derive(Clone, Debug, Serialize)]
pub struct Dashboard {
    /// What the link is called.
    pub name: String,
}

/// One's own share, as it is when the page is loaded.
#[derive(Clone, Debug, Serialize)]
pub struct Share {
    /// What the link is called.
    pub name: String,
    /// Whether this device has one.
    pub bound: bool,
    /// Whether this device had one, and may have it again by asking. Posts to `/link/me`.
    pub idle: bool,
    /// Committed and maximum rate, in words.
    pub plan: String,
}
