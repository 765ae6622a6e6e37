//! What surrounds every page.

use serde::Serialize;

use crate::pages::moment::Moment;

/// The header, the footer and the sentence above the content.
#[derive(Clone, Debug, Serialize)]
pub struct Frame {
    /// The server's time, against which the script counts.
    pub now: Moment,
    /// Who is signed in, if anybody.
    pub viewer: Option<Viewer>,
    /// Whether mailbox and documentation are pointed out.
    pub development: bool,
    /// Whether there is a shared link.
    pub link: bool,
    /// What has just happened.
    pub notice: Option<Notice>,
}

/// The person who is signed in.
#[derive(Clone, Debug, Serialize)]
pub struct Viewer {
    /// The address, as typed.
    pub email: String,
}

/// One sentence above the content.
#[derive(Clone, Debug, Serialize)]
pub struct Notice {
    /// How it is meant.
    pub kind: NoticeKind,
    /// The sentence.
    pub text: String,
}

impl Notice {
    /// Something was done.
    pub fn success(text: impl Into<String>) -> Self {
        Self {
            kind: NoticeKind::Success,
            text: text.into(),
        }
    }

    /// Something goes on, or is still to be done.
    pub fn pending(text: impl Into<String>) -> Self {
        Self {
            kind: NoticeKind::Pending,
            text: text.into(),
        }
    }

    /// Something was refused.
    pub fn error(text: impl Into<String>) -> Self {
        Self {
            kind: NoticeKind::Error,
            text: text.into(),
        }
    }
}

/// How a notice is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// Done.
    Success,
    /// Under way.
    Pending,
    /// Refused.
    Error,
}
