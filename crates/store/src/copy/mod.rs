//! Taking everything from one database to another: the same rows, shown to be the same afterwards.

mod archive;
mod rows;
mod shape;
mod side;
mod tables;

use std::path::PathBuf;

pub use archive::{About, Archive, write_archive};
pub use side::{HasSide, Snapshot};

use self::rows::Sum;
use self::shape::Shape;
use self::tables::{Fate, TABLES, copied, tells_of_use};
use crate::tx::{StoreError, Tx};

/// Why a copy did not come about. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// A database could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The tables are not what they should be.
    #[error("{0}")]
    Schema(String),
    /// The two sides differ after copying.
    #[error("the table {0} is not the same on both sides; nothing was changed, try again")]
    Differs(String),
    /// A file cannot be made, read or written.
    #[error("cannot {what} {}: {cause}", path.display())]
    File {
        /// The attempt.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// Not an archive, or not a whole one.
    #[error("{} {what}", path.display())]
    Archive {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
}

impl From<sqlx::Error> for CopyError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Hears how far the work is: the table, and how many of its rows are done.
pub type Watch<'a> = &'a mut (dyn FnMut(&str, u64) + Send);

/// What a table holds, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The table.
    pub table: String,
    /// Its rows.
    pub rows: u64,
    /// SHA-256 over all of them in the order of their key; the same on either database.
    pub sum: [u8; 32],
}

/// Copies every row, reads the copy back and compares. The caller commits.
pub async fn copy(from: &mut Snapshot, to: &mut Tx, watch: Watch<'_>) -> Result<Vec<Content>, CopyError> {
    to.side().unhurried().await?;
    let source = shape::shapes(&mut from.side()).await?;
    let target = shape::shapes(&mut to.side()).await?;
    shape::fit(&source, &target)?;
    let mut copied = Vec::new();
    for (source, target) in source.iter().zip(&target) {
        let (mut rows, mut sum, mut last) = (0, Sum::default(), None);
        loop {
            let portion = rows::portion(&mut from.side(), source, last.as_ref()).await?;
            if portion.is_empty() {
                break;
            }
            sum.add(&portion);
            rows::insert(&mut to.side(), target, &portion).await?;
            rows += portion.len() as u64;
            last = portion.into_iter().next_back();
            watch(source.table, rows);
        }
        copied.push(content(source, rows, sum));
    }
    compare(&copied, &contents(to).await?)?;
    Ok(copied)
}

/// What every table holds.
pub async fn contents(of: &mut impl HasSide) -> Result<Vec<Content>, CopyError> {
    let mut side = of.side();
    let mut all = Vec::new();
    for shape in shape::shapes(&mut side).await? {
        let (mut rows, mut sum, mut last) = (0, Sum::default(), None);
        loop {
            let portion = rows::portion(&mut side, &shape, last.as_ref()).await?;
            if portion.is_empty() {
                break;
            }
            sum.add(&portion);
            rows += portion.len() as u64;
            last = portion.into_iter().next_back();
        }
        all.push(content(&shape, rows, sum));
    }
    Ok(all)
}

/// An error that names the first table that differs.
pub fn compare(one: &[Content], other: &[Content]) -> Result<(), CopyError> {
    let differs = one.iter().find(|content| !other.contains(content));
    match differs {
        Some(content) => Err(CopyError::Differs(content.table.clone())),
        None if one.len() == other.len() => Ok(()),
        None => Err(CopyError::Differs("list of tables".to_owned())),
    }
}

/// Whether no table has a row but those that a start makes.
pub async fn is_blank(tx: &mut Tx) -> Result<bool, CopyError> {
    let mut side = tx.side();
    for shape in shape::shapes(&mut side).await? {
        if tells_of_use(shape.table) && !rows::portion(&mut side, &shape, None).await?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Removes every row.
pub async fn clear(tx: &mut Tx) -> Result<(), CopyError> {
    let mut side = tx.side();
    side.unhurried().await?;
    for table in copied().rev() {
        side.run(format!("DELETE FROM {table}")).await?;
    }
    Ok(())
}

/// Removes what must not come back to life when an old state is put in the place of a newer one.
async fn lay_to_rest(tx: &mut Tx) -> Result<(), CopyError> {
    let mut side = tx.side();
    for (_, fate) in TABLES {
        if let Fate::Passing(statement) | Fate::Renewed(statement) = fate {
            side.run((*statement).to_owned()).await?;
        }
    }
    Ok(())
}

fn content(shape: &Shape, rows: u64, sum: Sum) -> Content {
    Content {
        table: shape.table.to_owned(),
        rows,
        sum: sum.bytes(),
    }
}
