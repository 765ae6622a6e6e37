//! Rows in bulk, with a word now and then about how far it is.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::client::sql::{Feed, Sql};
use crate::say::say;

/// Rows in one statement.
const PORTION: u64 = 500;
/// Statements in one transaction.
const PORTIONS: u64 = 40;
const SILENCE: Duration = Duration::from_secs(5);

/// Rows on their way into a database.
pub(super) struct Fill<'a> {
    feed: Feed,
    sql: &'a Sql,
    spoke: Instant,
}

impl<'a> Fill<'a> {
    /// Begins. Nobody else may be on an embedded database meanwhile.
    pub(super) fn of(sql: &'a Sql) -> Result<Self> {
        Ok(Self {
            feed: sql.feed()?,
            sql,
            spoke: Instant::now(),
        })
    }

    /// Adds `count` rows to a table; `row` words each.
    pub(super) fn add(
        &mut self,
        table: &str,
        count: u64,
        mut row: impl FnMut(u64, &Sql) -> Result<String>,
    ) -> Result<()> {
        let name = table.split(' ').next().unwrap_or(table);
        for start in (0..count).step_by(PORTION as usize) {
            let portion = start / PORTION;
            if portion.is_multiple_of(PORTIONS) {
                self.feed.tell("BEGIN;")?;
            }
            let end = count.min(start + PORTION);
            let rows = (start..end).map(|number| row(number, self.sql));
            let rows = rows.collect::<Result<Vec<_>>>()?;
            self.feed
                .tell(&format!("INSERT INTO {table} VALUES\n{};", rows.join(",\n")))?;
            if (portion + 1).is_multiple_of(PORTIONS) || end == count {
                self.feed.tell("COMMIT;")?;
            }
            if self.spoke.elapsed() > SILENCE {
                say(format_args!("  {end} of {count} {name} …"));
                self.spoke = Instant::now();
            }
        }
        Ok(())
    }

    /// One more statement.
    pub(super) fn tell(&mut self, statement: &str) -> Result<()> {
        self.feed.tell(statement)
    }

    /// Waits until all of it is in its place.
    pub(super) fn finish(mut self) -> Result<()> {
        self.feed.tell(self.sql.settle())?;
        self.feed.finish()
    }
}
