//! Promises about bringing a database to the schema of the program. They begin on an empty one.

use usher_store::migrate::{plan, run};
use usher_store::testing::Schema;
use usher_store::{Db, Postgres};

use crate::support::{Checked, NOW, kept, on_blank_postgres, on_blank_sqlite, race, several_threads};

mod sqlite {
    use super::*;

    #[test]
    fn a_second_run_has_nothing_to_do() {
        on_blank_sqlite(second_run);
    }

    #[test]
    fn of_many_runs_at_once_one_applies() {
        on_blank_sqlite(many_runs);
    }

    #[test]
    fn a_database_that_does_not_answer_has_no_plan() {
        on_blank_sqlite(no_answer);
    }
}

mod postgres {
    use super::*;

    #[test]
    fn a_second_run_has_nothing_to_do() {
        on_blank_postgres(second_run);
    }

    #[test]
    fn of_many_runs_at_once_one_applies() {
        on_blank_postgres(many_runs);
    }

    #[test]
    fn a_database_that_does_not_answer_has_no_plan() {
        on_blank_postgres(no_answer);
    }
}

/// Programs that each have connections of their own, as several nodes that start at once.
#[test]
fn of_many_programs_at_once_one_applies() {
    several_threads().block_on(async {
        let Some(own) = Schema::create().await else {
            return;
        };
        let applied = race(8, |_| {
            let url = own.url();
            async move {
                let db = Postgres {
                    connections: 2,
                    ..Postgres::at(&url)
                };
                let db = db.connect().await?;
                let applied = run(&db, NOW).await?.len();
                db.close().await;
                Ok(applied)
            }
        })
        .await;
        assert!(applied.iter().filter(|count| **count > 0).count() >= 1);
        let db = kept(async { Checked::Ok(Postgres::at(&own.url()).connect().await?) }.await);
        assert!(kept(async { Checked::Ok(plan(&db).await?) }.await).is_empty());
        let all = kept(async { Checked::Ok(run(&db, NOW).await?) }.await);
        assert!(all.is_empty());
        db.close().await;
    });
}

async fn second_run(db: Db) -> Checked {
    let planned = plan(&db).await?;
    assert_eq!((planned[0].version, planned[0].name), (1, "start"));
    assert!(planned.iter().all(|one| !one.sql.contains(['{', '}'])));
    assert_eq!(run(&db, NOW).await?, planned);
    assert!(plan(&db).await?.is_empty());
    assert!(run(&db, NOW).await?.is_empty());
    Ok(())
}

async fn many_runs(db: Db) -> Checked {
    let planned = plan(&db).await?.len();
    let applied = race(8, |_| {
        let db = db.clone();
        async move { Ok(run(&db, NOW).await?.len()) }
    })
    .await;
    assert_eq!(applied.iter().sum::<usize>(), planned);
    assert!(plan(&db).await?.is_empty());
    Ok(())
}

async fn no_answer(db: Db) -> Checked {
    run(&db, NOW).await?;
    db.close().await;
    assert!(plan(&db).await.is_err());
    Ok(())
}
