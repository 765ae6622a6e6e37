//! Frames: one JSON object on one line, with the version of the language and what is said in it.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The language both ends must speak. Anything else is refused before it is looked into.
pub const VERSION: u32 = 1;

/// A line may not be longer, its end included: 10 000 clients with a few addresses each fit four times.
pub const MAX_FRAME_BYTES: usize = 16 * 1024 * 1024;

/// Why a line is not a frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// Longer than [`MAX_FRAME_BYTES`]. Nothing after it can be read either.
    #[error("A frame is longer than {MAX_FRAME_BYTES} bytes.")]
    TooLong,
    /// Another version of the language.
    #[error(
        "The other end speaks version {0}, this one version {VERSION}: install the same release on both."
    )]
    Version(u32),
    /// Not what was expected.
    #[error("A frame cannot be read: {0}")]
    Content(#[from] serde_json::Error),
}

#[derive(Serialize)]
struct Sent<'a, T> {
    v: u32,
    say: &'a T,
}

#[derive(Deserialize)]
struct Versioned {
    v: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Received<T> {
    #[serde(rename = "v")]
    _version: u32,
    say: T,
}

/// A message as a line, line break included.
pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, FrameError> {
    let mut line = serde_json::to_vec(&Sent {
        v: VERSION,
        say: message,
    })?;
    line.push(b'\n');
    if line.len() > MAX_FRAME_BYTES {
        return Err(FrameError::TooLong);
    }
    Ok(line)
}

/// A line as a message, with or without its line break.
pub fn decode<T: DeserializeOwned>(line: &[u8]) -> Result<T, FrameError> {
    if line.len() > MAX_FRAME_BYTES {
        return Err(FrameError::TooLong);
    }
    let Versioned { v } = serde_json::from_slice(line)?;
    if v != VERSION {
        return Err(FrameError::Version(v));
    }
    let received: Received<T> = serde_json::from_slice(line)?;
    Ok(received.say)
}

/// Cuts a stream of bytes into lines without ever keeping more than one frame.
#[derive(Debug, Default)]
pub struct Lines {
    kept: Vec<u8>,
    searched: usize,
}

impl Lines {
    /// Nothing read yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what was read. Call [`Lines::next_line`] until it has none before adding more.
    pub fn push(&mut self, bytes: &[u8]) {
        self.kept.extend_from_slice(bytes);
    }

    /// The next whole line without its end; `None` until more is read.
    pub fn next_line(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        let end = self.kept[self.searched..].iter().position(|byte| *byte == b'\n');
        let Some(end) = end.map(|end| self.searched + end) else {
            self.searched = self.kept.len();
            return if self.kept.len() >= MAX_FRAME_BYTES {
                Err(FrameError::TooLong)
            } else {
                Ok(None)
            };
        };
        if end >= MAX_FRAME_BYTES {
            return Err(FrameError::TooLong);
        }
        let rest = self.kept.split_off(end + 1);
        let mut line = std::mem::replace(&mut self.kept, rest);
        line.pop();
        self.searched = 0;
        Ok(Some(line))
    }
}
