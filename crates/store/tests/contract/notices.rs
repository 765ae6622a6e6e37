//! Promises about what nodes tell each other. Only a server has several.

use std::time::Duration;

use tokio::time::timeout;
use usher_store::notices::{Listener, Notice, tell};
use usher_store::testing::Schema;
use usher_store::{Db, Postgres, migrate};

use crate::people::session;
use crate::support::{Checked, NOW, kept, promises, several_threads};

promises!(postgres: what_is_told_is_heard_by_everybody_who_listens);
promises!(sqlite: an_embedded_database_has_nobody_to_tell);

const LONG: Duration = Duration::from_secs(5);

async fn what_is_told_is_heard_by_everybody_who_listens(db: Db) -> Checked {
    let mut listeners = Vec::new();
    for _ in 0..2 {
        listeners.extend(Listener::open(&db).await?);
    }
    let many = Notice {
        node: "a".to_owned(),
        at: 1,
        mail: true,
        sessions: (0..450).map(session).collect(),
    };
    tell(&db, &many).await?;
    for listener in &mut listeners {
        let mut heard = Vec::new();
        while heard.len() < 450 {
            let notice = timeout(LONG, listener.next()).await??;
            assert!(notice.mail);
            heard.extend(notice.sessions);
        }
        assert_eq!(heard, many.sessions);
    }
    Ok(())
}

async fn an_embedded_database_has_nobody_to_tell(db: Db) -> Checked {
    assert!(Listener::open(&db).await?.is_none());
    Ok(tell(&db, &Notice::default()).await?)
}

#[test]
fn a_line_that_breaks_is_an_error_and_a_neighbour_in_the_same_database_hears_nothing() {
    several_threads().block_on(async {
        let (Some(own), Some(other)) = (Schema::create().await, Schema::create().await) else {
            return;
        };
        let checked = async {
            let (db, neighbour) = (
                Postgres::at(&own.url()).connect().await?,
                Postgres::at(&other.url()).connect().await?,
            );
            migrate::run(&db, NOW).await?;
            let (mut listener, mut deaf) = (
                Listener::open(&db).await?.expect("a server"),
                Listener::open(&neighbour).await?.expect("a server"),
            );
            tell(&db, &Notice::default()).await?;
            timeout(LONG, listener.next()).await??;
            assert!(timeout(Duration::from_millis(200), deaf.next()).await.is_err());
            assert_eq!(own.cut("LISTEN").await, 1);
            assert!(timeout(LONG, listener.next()).await?.is_err());
            drop((listener, deaf));
            db.close().await;
            neighbour.close().await;
            Checked::Ok(())
        };
        kept(checked.await);
    });
}
