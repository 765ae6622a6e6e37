//! A folder that only its owner can open, and how files in it are read and written.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::SecretsError;

const LOCK: &str = ".lock";

#[cfg(unix)]
const OTHERS: u32 = 0o077;

/// A folder of mode 0700.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

/// The folder while nobody else, in this process or another, reads or writes its secrets.
pub(super) struct Lock<'a> {
    folder: &'a Folder,
    _held: File,
}

impl Folder {
    /// Opens it and makes it when it is missing.
    pub(super) fn open(path: &Path) -> Result<Self, SecretsError> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(path)
            .map_err(|cause| failed("make the folder", path, cause))?;
        let about = fs::metadata(path).map_err(|cause| failed("look at", path, cause))?;
        refuse_wide(path, &about, 0o700)?;
        Ok(Self(path.to_owned()))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Waits for its turn. The system gives the lock back when a process dies.
    pub(super) fn lock(&self) -> Result<Lock<'_>, SecretsError> {
        let path = self.0.join(LOCK);
        let mut options = OpenOptions::new();
        options.create(true).write(true).truncate(false);
        let file = owner_only(&mut options)
            .open(&path)
            .map_err(|cause| failed("open", &path, cause))?;
        file.lock().map_err(|cause| failed("lock", &path, cause))?;
        Ok(Lock {
            folder: self,
            _held: file,
        })
    }
}

impl Lock<'_> {
    /// The text of a file; none when there is no such file.
    pub(super) fn read(&self, name: &str) -> Result<Option<Zeroizing<String>>, SecretsError> {
        let path = self.folder.0.join(name);
        let mut file = match File::open(&path) {
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|cause| failed("open", &path, cause))?,
        };
        let about = file.metadata().map_err(|cause| failed("look at", &path, cause))?;
        refuse_wide(&path, &about, 0o600)?;
        let text = io::read_to_string(&mut file).map_err(|cause| failed("read", &path, cause))?;
        Ok(Some(Zeroizing::new(text)))
    }

    /// Writes a whole file or nothing: it gets its name only when it is safely on the disk.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<PathBuf, SecretsError> {
        let path = self.folder.0.join(name);
        let draft = self.folder.0.join(format!("{name}.new"));
        match fs::remove_file(&draft) {
            Err(cause) if cause.kind() != ErrorKind::NotFound => {
                return Err(failed("remove", &draft, cause));
            }
            _ => {}
        }
        write_new(&draft, text).map_err(|cause| failed("write", &draft, cause))?;
        fs::rename(&draft, &path).map_err(|cause| failed("write", &path, cause))?;
        self.sync()?;
        Ok(path)
    }

    /// An error about a file that makes no sense.
    pub(super) fn damaged(&self, name: &str) -> SecretsError {
        SecretsError::Damaged {
            path: self.folder.0.join(name),
        }
    }

    /// Makes the new name last through a power cut.
    #[cfg(unix)]
    fn sync(&self) -> Result<(), SecretsError> {
        let path = &self.folder.0;
        let synced = File::open(path).and_then(|folder| folder.sync_all());
        synced.map_err(|cause| failed("write", path, cause))
    }

    #[cfg(not(unix))]
    #[expect(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "the other system's form fails"
    )]
    fn sync(&self) -> Result<(), SecretsError> {
        Ok(())
    }
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = owner_only(OpenOptions::new().write(true).create_new(true)).open(path)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(not(unix))]
fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn refuse_wide(path: &Path, about: &fs::Metadata, needed: u32) -> Result<(), SecretsError> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o7777;
    if mode & OTHERS == 0 {
        return Ok(());
    }
    Err(SecretsError::WideMode {
        path: path.to_owned(),
        mode,
        needed,
    })
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the other system's form fails")]
fn refuse_wide(_path: &Path, _about: &fs::Metadata, _needed: u32) -> Result<(), SecretsError> {
    Ok(())
}

fn failed(what: &'static str, path: &Path, cause: io::Error) -> SecretsError {
    SecretsError::Io {
        what,
        path: path.to_owned(),
        cause,
    }
}
