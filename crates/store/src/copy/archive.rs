//! A backup: one file, in the form of an embedded database, whichever database it was made of. It says
//! about itself when and of what it was made, and what each table holds.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use usher_accounts::time::Timestamp;

use super::side::{HasSide, Side, Snapshot};
use super::{Content, CopyError, Watch, compare, contents, copy, lay_to_rest};
use crate::column::row;
use crate::migrate;
use crate::tx::{Db, Tx};
use crate::writer::Writer;

/// The form of the file; raised when an older program could not read it.
const FORMAT: i64 = 1;

const TABLES: &str = "
    CREATE TABLE archive (format INTEGER NOT NULL, made_at INTEGER NOT NULL, program TEXT NOT NULL,
        source TEXT NOT NULL) STRICT;
    CREATE TABLE archive_contents (name TEXT PRIMARY KEY NOT NULL, n INTEGER NOT NULL, sum BLOB NOT NULL) STRICT;
    CREATE TABLE archive_secrets (name TEXT PRIMARY KEY NOT NULL, text TEXT NOT NULL) STRICT;";

row! {
    /// What an archive says about itself.
    pub struct About {
        /// When it was made.
        pub made_at: Timestamp,
        /// The version of the program that made it.
        pub program: String,
        /// `sqlite` or `postgres`.
        pub source: String,
    }
}

/// Writes a database as it stands now to a new file that only its owner can read. The file gets its name
/// when it is whole and on the disk.
pub async fn write_archive(
    db: &Db,
    path: &Path,
    about: &About,
    secrets: &[(&str, &str)],
    watch: Watch<'_>,
) -> Result<Vec<Content>, CopyError> {
    if path.exists() {
        return Err(io::Error::from(io::ErrorKind::AlreadyExists))
            .map_err(|cause| failed("make", path, cause));
    }
    let draft = beside(path, "part");
    make_private(&draft)?;
    let written = fill(db, &draft, about, secrets, watch).await;
    let named = written.and_then(|copied| {
        // Unlike a change of name this never takes the place of another file.
        fs::hard_link(&draft, path).map_err(|cause| failed("make", path, cause))?;
        sync_folder(path).map_err(|cause| failed("write", path, cause))?;
        Ok(copied)
    });
    drop(fs::remove_file(&draft));
    drop(fs::remove_file(beside(&draft, "journal")));
    named
}

async fn fill(
    db: &Db,
    draft: &Path,
    about: &About,
    secrets: &[(&str, &str)],
    watch: Watch<'_>,
) -> Result<Vec<Content>, CopyError> {
    let archive = open_plain(draft).await?;
    migrate::run(&archive, about.made_at).await?;
    let mut snapshot = Snapshot::of(db).await?;
    let mut tx = archive.begin().await?;
    let copied = copy(&mut snapshot, &mut tx, watch).await?;
    describe(&mut tx, about, &copied, secrets).await?;
    tx.commit().await?;
    archive.close().await;
    let file = File::open(draft).and_then(|file| file.sync_all());
    file.map_err(|cause| failed("write", draft, cause))?;
    Ok(copied)
}

async fn describe(
    tx: &mut Tx,
    about: &About,
    copied: &[Content],
    secrets: &[(&str, &str)],
) -> Result<(), CopyError> {
    let mut side = tx.side();
    side.run(TABLES.to_owned()).await?;
    let Side::Sqlite(on) = side else { return Ok(()) };
    sqlx::query("INSERT INTO archive (format, made_at, program, source) VALUES ($1, $2, $3, $4)")
        .bind(FORMAT)
        .bind(about.made_at.micros())
        .bind(&about.program)
        .bind(&about.source)
        .execute(&mut *on)
        .await?;
    for content in copied {
        sqlx::query("INSERT INTO archive_contents (name, n, sum) VALUES ($1, $2, $3)")
            .bind(&content.table)
            .bind(content.rows as i64)
            .bind(content.sum.to_vec())
            .execute(&mut *on)
            .await?;
    }
    for (name, text) in secrets {
        sqlx::query("INSERT INTO archive_secrets (name, text) VALUES ($1, $2)")
            .bind(*name)
            .bind(*text)
            .execute(&mut *on)
            .await?;
    }
    Ok(())
}

/// An archive, laid out beside itself so that the file stays as it is.
#[derive(Debug)]
pub struct Archive {
    /// What it says about itself.
    pub about: About,
    /// Files of the data folder that were put in, by name.
    pub secrets: Vec<(String, String)>,
    db: Db,
    work: PathBuf,
}

impl Archive {
    /// Opens an archive, checks that it is whole, brings it to the schema of this program and lays to
    /// rest in it what must not come back to life. `work` is where it is laid out for that.
    pub async fn open(path: &Path, work: &Path, now: Timestamp) -> Result<Self, CopyError> {
        let mut from = File::open(path).map_err(|cause| failed("open", path, cause))?;
        remove(work);
        let mut to = make_private(work)?;
        let laid_out = match io::copy(&mut from, &mut to) {
            Ok(_) => Self::lay_out(path, work, now).await,
            Err(cause) => Err(failed("write", work, cause)),
        };
        if laid_out.is_err() {
            remove(work);
        }
        laid_out
    }

    async fn lay_out(path: &Path, work: &Path, now: Timestamp) -> Result<Self, CopyError> {
        let wrong = |what| CopyError::Archive {
            path: path.to_owned(),
            what,
        };
        let db = open_plain(work).await.map_err(|_| wrong("is no backup"))?;
        let read = read(&db).await.map_err(|error| match error {
            CopyError::Differs(_) => wrong("is damaged; use another one"),
            CopyError::Store(_) => wrong("is no backup, or damaged"),
            other => other,
        })?;
        let (about, secrets) =
            read.ok_or_else(|| wrong("is a backup in a form of another program; use a newer one"))?;
        migrate::run(&db, now).await?;
        let mut tx = db.begin().await?;
        lay_to_rest(&mut tx).await?;
        tx.commit().await?;
        Ok(Self {
            about,
            secrets,
            db,
            work: work.to_owned(),
        })
    }

    /// What it holds now.
    pub async fn snapshot(&self) -> Result<Snapshot, CopyError> {
        Snapshot::of(&self.db).await
    }

    /// Closes it and removes what was laid out.
    pub async fn close(self) {
        self.db.close().await;
        remove(&self.work);
    }
}

/// What an archive says about itself, after holding that against what it is; none when its form is unknown.
async fn read(db: &Db) -> Result<Option<(About, Vec<(String, String)>)>, CopyError> {
    let mut tx = db.begin().await?;
    let Side::Sqlite(on) = tx.side() else {
        return Ok(None);
    };
    let format: i64 = sqlx::query_scalar("SELECT format FROM archive")
        .fetch_one(&mut *on)
        .await?;
    if format != FORMAT {
        return Ok(None);
    }
    let about: About = sqlx::query_as("SELECT made_at, program, source FROM archive")
        .fetch_one(&mut *on)
        .await?;
    let said: Vec<(String, i64, Vec<u8>)> = sqlx::query_as("SELECT name, n, sum FROM archive_contents")
        .fetch_all(&mut *on)
        .await?;
    let secrets = sqlx::query_as("SELECT name, text FROM archive_secrets")
        .fetch_all(&mut *on)
        .await?;
    let said: Vec<Content> = said
        .into_iter()
        .map(|(table, rows, sum)| Content {
            table,
            rows: rows as u64,
            sum: sum.try_into().unwrap_or_default(),
        })
        .collect();
    compare(&said, &contents(&mut tx).await?)?;
    Ok(Some((about, secrets)))
}

/// An embedded database that is one file at any time when nobody writes.
async fn open_plain(path: &Path) -> Result<Db, CopyError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Delete)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(crate::tx::PATIENCE);
    let writer = Writer::open(&options).await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options.read_only(true))
        .await?;
    Ok(Db::Sqlite { readers, writer })
}

fn make_private(path: &Path) -> Result<File, CopyError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|cause| failed("make", path, cause))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(if ending == "journal" { "-" } else { "." });
    name.push(ending);
    name.into()
}

fn remove(path: &Path) {
    drop(fs::remove_file(path));
    drop(fs::remove_file(beside(path, "journal")));
}

/// Makes the new name last through a power cut.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if cfg!(unix) {
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

fn failed(what: &'static str, path: &Path, cause: io::Error) -> CopyError {
    CopyError::File {
        what,
        path: path.to_owned(),
        cause,
    }
}
