//! Where a promise is checked: on a fresh database of its own, which is gone afterwards.

use std::convert::Infallible;
use std::error::Error;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestRunner};
use tempfile::TempDir;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Barrier;
use usher_accounts::time::Timestamp;
use usher_store::testing::Schema;
use usher_store::{Db, Postgres, migrate};

/// When every story begins.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// So many seconds later.
pub(crate) fn after(seconds: u64) -> Timestamp {
    NOW + Duration::from_secs(seconds)
}

/// Never a value: where `?` meets an error the promise is broken, and the line of the `?` says so.
#[derive(Debug)]
pub(crate) struct Broken(Infallible);

impl<E: Error> From<E> for Broken {
    #[track_caller]
    fn from(error: E) -> Self {
        panic!("{error}")
    }
}

pub(crate) type Checked<T = ()> = Result<T, Broken>;

pub(crate) fn kept<T>(checked: Checked<T>) -> T {
    checked.unwrap_or_else(|broken| match broken.0 {})
}

/// Makes a test of each named promise: `promises!(a, b)` on both databases, `promises!(sqlite: c)` or
/// `promises!(postgres: d)` where it is about one of them.
macro_rules! promises {
    (sqlite: $($name:ident),+ $(,)?) => {
        mod sqlite {$(
            #[test]
            fn $name() {
                $crate::support::on_sqlite(super::$name);
            }
        )+}
    };
    (postgres: $($name:ident),+ $(,)?) => {
        mod postgres {$(
            #[test]
            fn $name() {
                $crate::support::on_postgres(super::$name);
            }
        )+}
    };
    ($($name:ident),+ $(,)?) => {
        $crate::support::promises!(sqlite: $($name),+);
        $crate::support::promises!(postgres: $($name),+);
    };
}

/// Does one thing in a transaction of its own: `commit!(db, tx => codes::delete(&mut tx, &owner))`.
macro_rules! commit {
    ($db:expr, $tx:ident => $work:expr) => {{
        let mut $tx = $db.begin().await?;
        let done = $work.await?;
        $tx.commit().await?;
        done
    }};
}

pub(crate) use {commit, promises};

/// Checks a promise on a migrated SQLite database.
pub(crate) fn on_sqlite<F>(promise: impl FnOnce(Db) -> F)
where
    F: Future<Output = Checked>,
{
    on_blank_sqlite(async |db| {
        migrate::run(&db, NOW).await?;
        promise(db).await
    });
}

/// Checks a promise on an empty SQLite file.
pub(crate) fn on_blank_sqlite<F>(promise: impl FnOnce(Db) -> F)
where
    F: Future<Output = Checked>,
{
    in_folder(async |folder| {
        let db = open(&folder).await?;
        promise(db.clone()).await?;
        db.close().await;
        assert!(open(&folder).await?.is_intact().await?, "the file is damaged");
        Ok(())
    });
}

/// Checks a promise that opens its database files itself.
pub(crate) fn in_folder<F>(promise: impl FnOnce(Arc<TempDir>) -> F)
where
    F: Future<Output = Checked>,
{
    let folder = Arc::new(tempfile::tempdir().expect("a folder"));
    kept(several_threads().block_on(promise(folder)));
}

/// The database of a folder; every call opens it once more, as another program would.
pub(crate) async fn open(folder: &TempDir) -> Checked<Db> {
    Ok(Db::open_sqlite(&folder.path().join("usher.db")).await?)
}

/// Checks a promise on a migrated PostgreSQL database.
pub(crate) fn on_postgres<F>(promise: impl FnOnce(Db) -> F + Send + 'static)
where
    F: Future<Output = Checked> + Send + 'static,
{
    on_blank_postgres(|db| async move {
        migrate::run(&db, NOW).await?;
        promise(db).await
    });
}

/// Checks a promise on an empty PostgreSQL database.
pub(crate) fn on_blank_postgres<F>(promise: impl FnOnce(Db) -> F + Send + 'static)
where
    F: Future<Output = Checked> + Send + 'static,
{
    several_threads().block_on(async {
        let Some(own) = Schema::create().await else {
            return;
        };
        let url = own.url();
        let checked = tokio::spawn(async move {
            let db = Postgres::at(&url).connect().await?;
            promise(db.clone()).await?;
            db.close().await;
            Ok(())
        });
        match checked.await {
            Ok(checked) => kept(checked),
            Err(broken) => std::panic::resume_unwind(broken.into_panic()),
        }
    });
}

pub(crate) fn several_threads() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// Lets so many callers loose at the same moment; what each of them got.
pub(crate) async fn race<T, F>(callers: u32, call: impl Fn(u32) -> F) -> Vec<T>
where
    F: Future<Output = Checked<T>> + Send + 'static,
    T: Send + 'static,
{
    let start = Arc::new(Barrier::new(callers as usize));
    let running: Vec<_> = (0..callers)
        .map(|number| {
            let (start, call) = (Arc::clone(&start), call(number));
            tokio::spawn(async move {
                start.wait().await;
                call.await
            })
        })
        .collect();
    let mut results = Vec::new();
    for one in running {
        results.push(kept(one.await.expect("every caller comes back")));
    }
    results
}

/// How many callers of a race were told yes.
pub(crate) fn winners(results: &[bool]) -> usize {
    results.iter().filter(|won| **won).count()
}

/// Runs a future until it has been polled so many times, then drops it.
pub(crate) async fn abandoned<T>(polls: u32, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut left = polls;
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// Checks a property for many values, and finds the smallest one that breaks it.
pub(crate) fn for_all<S: Strategy, F>(values: &S, check: impl Fn(S::Value) -> F)
where
    F: Future<Output = Checked>,
{
    let config = Config {
        cases: 48,
        failure_persistence: None,
        ..Config::default()
    };
    let broken = tokio::task::block_in_place(|| {
        TestRunner::new(config).run(values, |value| {
            kept(Handle::current().block_on(check(value)));
            Ok(())
        })
    });
    if let Err(broken) = broken {
        panic!("{broken}");
    }
}
