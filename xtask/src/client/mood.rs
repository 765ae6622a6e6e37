//! How the mail server of the tests treats those who come: kindly, or in one of the ways in which real
//! ones fail.

use std::io;
use std::net::TcpStream;
use std::sync::{Condvar, Mutex, PoisonError};

/// What it does when its moment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Says this instead of what is usual.
    Say(&'static str),
    Close,
    /// Breaks the connection hard.
    Reset,
    /// Takes the mail and says so, then breaks the connection hard.
    TakeAndReset,
    /// Says nothing more, until its mood changes.
    Hang,
}

/// What goes wrong, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mood {
    #[default]
    Kind,
    /// At this verb; `""` is before the greeting, `"."` the end of a mail.
    Foul(&'static str, Act),
    /// Offers encryption and then speaks gibberish.
    BadTls,
    /// Nobody listens.
    Gone,
}

impl Mood {
    /// What to do at this verb, unless what is usual.
    pub(crate) fn at(self, verb: &str) -> Option<Act> {
        match self {
            Self::Foul(when, act) if when == verb => Some(act),
            // Those who were connected before are left too.
            Self::Gone => Some(Act::Close),
            _ => None,
        }
    }
}

/// The mood of the moment, which many conversations watch.
#[derive(Debug, Default)]
pub(crate) struct Temper {
    mood: Mutex<Mood>,
    turned: Condvar,
}

impl Temper {
    pub(crate) fn now(&self) -> Mood {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn turn(&self, mood: Mood) {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
        self.turned.notify_all();
    }

    /// Waits until the mood is another.
    pub(crate) fn outlast(&self, mood: Mood) {
        let guard = self.mood.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.turned.wait_while(guard, |now| *now == mood));
    }
}

/// Lets the end of this connection be a hard one.
pub(crate) fn break_hard(stream: &TcpStream) -> io::Result<()> {
    tokio::net::TcpSocket::from_std_stream(stream.try_clone()?).set_zero_linger()
}
