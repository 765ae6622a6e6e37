//! Mail into a directory: one `.eml` file each, for machines that have no mail server.

use std::io;
use std::path::{Path, PathBuf};

use tokio::fs;
use tokio::io::AsyncWriteExt;

use crate::error::{SendError, Stage};
use crate::outgoing::Outgoing;

/// The longest file name made here, well below what file systems allow.
const MAX_NAME: usize = 120;

/// Writes every mail into one directory.
#[derive(Clone, Debug)]
pub struct FileTransport {
    directory: PathBuf,
}

impl FileTransport {
    /// Makes the directory, for its owner alone, when it is not there.
    pub fn new(directory: PathBuf) -> io::Result<Self> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&directory)?;
        Ok(Self { directory })
    }

    /// Writes one mail. A reader of the directory sees the whole file or none; a second attempt at
    /// the same dispatch replaces the first.
    pub async fn send(&self, mail: &Outgoing) -> Result<(), SendError> {
        let bytes = mail.build()?.formatted();
        let name = file_name(&mail.message_id);
        self.write(&name, &bytes).await.map_err(|error| local(&error))
    }

    /// Whether the directory is still there.
    pub async fn check(&self) -> Result<(), SendError> {
        let found = fs::metadata(&self.directory)
            .await
            .map_err(|error| local(&error))?;
        if found.is_dir() {
            Ok(())
        } else {
            Err(local(&io::ErrorKind::NotADirectory.into()))
        }
    }

    async fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        // The leading dot keeps half a mail out of sight of whoever collects `*.eml`.
        let unfinished = self.directory.join(format!(".{name}.part"));
        write_private(&unfinished, bytes).await?;
        fs::rename(&unfinished, self.directory.join(format!("{name}.eml"))).await
    }
}

async fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    options.mode(0o600);
    let mut file = options.open(path).await?;
    file.write_all(bytes).await?;
    file.sync_all().await
}

/// What of a message id is safe in a file name on every system; never hidden, never a path.
fn file_name(message_id: &str) -> String {
    message_id
        .chars()
        .take(MAX_NAME)
        .enumerate()
        .map(|(at, character)| match character {
            '.' if at > 0 => '.',
            '-' | '_' | '@' => character,
            other if other.is_ascii_alphanumeric() => other,
            _ => '_',
        })
        .collect()
}

/// A full disk or a missing directory can be repaired, so the mail waits. The path is not told.
fn local(error: &io::Error) -> SendError {
    SendError::transient(Stage::Local, &format!("mail directory: {}", error.kind()))
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn a_file_name_is_never_hidden_and_never_a_path() {
        assert_eq!(file_name("0191-7a.1@example.org"), "0191-7a.1@example.org");
        assert_eq!(file_name("../../etc/passwd@x"), "_._.._etc_passwd@x");
        assert_eq!(file_name("c:\\nul@x"), "c__nul@x");
        assert_eq!(file_name(&"a".repeat(500)).len(), 120);
    }
}
