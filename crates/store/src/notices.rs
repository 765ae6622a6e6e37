//! What the nodes of an installation tell each other at once, so that none has to wait until it looks by
//! itself. A notice may be lost: whoever listens also looks.

use std::fmt::Write;
use std::time::Duration;

use sqlx::postgres::PgListener;
use usher_accounts::id::SessionId;
use uuid::Uuid;

use crate::postgres;
use crate::tx::{Db, PATIENCE, StoreError};

/// Installations that share a database, each in a schema of its own, do not hear each other.
const CHANNEL: &str = "SELECT 'usher_' || left(current_schema(), 50)";
const TELL: &str = "SELECT pg_notify('usher_' || left(current_schema(), 50), $1)";
/// Sessions in one notice; a notice has at most 8,000 bytes.
const AT_ONCE: usize = 200;
/// How long a line may be silent before it is tried.
const SILENCE: Duration = Duration::from_secs(10);

/// Something that has just been committed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    /// The node that did it.
    pub node: String,
    /// When, in microseconds, by its clock.
    pub at: i64,
    /// There is mail to send.
    pub mail: bool,
    /// These sessions have ended, or the person behind them has changed.
    pub sessions: Vec<SessionId>,
}

impl Notice {
    fn encode(&self, sessions: &[SessionId]) -> String {
        let mail = if self.mail { 'm' } else { '-' };
        let mut text = format!("{} {} {mail} ", self.node, self.at);
        for id in sessions {
            // Writing to a string cannot fail.
            let _ = write!(text, "{}", Uuid::from_bytes(*id.as_bytes()).simple());
        }
        text
    }

    /// None when it is not ours.
    fn decode(text: &str) -> Option<Self> {
        let mut words = text.splitn(4, ' ');
        let (node, at) = (words.next()?.to_owned(), words.next()?.parse().ok()?);
        let mail = words.next()? == "m";
        let ids = words.next()?.as_bytes().chunks(32);
        let sessions = ids.map(|id| Uuid::try_parse_ascii(id).map(SessionId::from_uuid));
        Some(Self {
            node,
            at,
            mail,
            sessions: sessions.collect::<Result<_, _>>().ok()?,
        })
    }
}

/// Tells every node that listens. An embedded database has only one.
pub async fn tell(db: &Db, notice: &Notice) -> Result<(), StoreError> {
    let Db::Postgres(pool) = db else { return Ok(()) };
    let mut portions: Vec<&[SessionId]> = notice.sessions.chunks(AT_ONCE).collect();
    if portions.is_empty() {
        portions.push(&[]);
    }
    for portion in portions {
        sqlx::query(TELL)
            .bind(notice.encode(portion))
            .execute(pool)
            .await?;
    }
    Ok(())
}

/// Hears what is told from now on, on a connection of its own.
pub struct Listener(PgListener);

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Listener")
    }
}

impl Listener {
    /// Begins to listen; none where there is nobody to hear.
    pub async fn open(db: &Db) -> Result<Option<Self>, StoreError> {
        let Db::Postgres(pool) = db else { return Ok(None) };
        let own = postgres::apart(pool).await?;
        let channel: String = sqlx::query_scalar(CHANNEL).fetch_one(&own).await?;
        let mut listener = PgListener::connect_with(&own).await?;
        listener.ignore_pool_close_event(true);
        listener.eager_reconnect(false);
        listener.listen(&channel).await?;
        Ok(Some(Self(listener)))
    }

    /// The next notice. After an error something may have been missed: open another.
    pub async fn next(&mut self) -> Result<Notice, StoreError> {
        loop {
            match tokio::time::timeout(SILENCE, self.0.try_recv()).await {
                Ok(Ok(Some(heard))) => {
                    if let Some(notice) = Notice::decode(heard.payload()) {
                        return Ok(notice);
                    }
                }
                Ok(Ok(None)) => return Err(lost()),
                Ok(Err(cause)) => return Err(cause.into()),
                Err(_) => self.try_line().await?,
            }
        }
    }

    /// A line that was cut somewhere on the way is as silent as one on which nothing is told.
    async fn try_line(&mut self) -> Result<(), StoreError> {
        let question = sqlx::query("SELECT 1").execute(&mut self.0);
        let answer = tokio::time::timeout(PATIENCE, question).await;
        answer.map_err(|_| lost())?.map(drop).map_err(StoreError::from)
    }
}

fn lost() -> StoreError {
    StoreError::Unavailable(sqlx::Error::Io(std::io::ErrorKind::ConnectionAborted.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_read_as_it_was_told_and_what_is_none_is_not() {
        let ids: Vec<_> = (0..3).map(|n| SessionId::from_uuid(Uuid::from_u128(n))).collect();
        for (mail, sessions) in [(true, &ids[..0]), (false, &ids[..]), (true, &ids[1..])] {
            let notice = Notice {
                node: "00ff".to_owned(),
                at: 5,
                mail,
                sessions: sessions.to_vec(),
            };
            assert_eq!(Notice::decode(&notice.encode(sessions)), Some(notice));
        }
        for text in ["", "a", "a b - ", "a 1 -", "a 1 m 00", "a 1 - ü"] {
            assert_eq!(Notice::decode(text), None, "{text}");
        }
        let most = Notice::default().encode(&[ids[0]; AT_ONCE]);
        assert!(most.len() < 7_500, "{}", most.len());
    }
}
