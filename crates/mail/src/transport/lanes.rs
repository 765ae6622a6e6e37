//! Who may use the way out now. A mail server can hold a mail for half a minute without saying no; a
//! handful of such mails must not keep the others waiting, so whoever takes long steps aside.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections for mails that go through as they should. Mail servers count those of one client.
const SWIFT: usize = 4;

/// More of them for mails that hang.
const SLOW: usize = 28;

/// How long a mail may take before it counts as slow.
pub const PATIENCE: Duration = Duration::from_millis(500);

/// The places of one transport.
#[derive(Clone, Debug)]
pub(crate) struct Lanes {
    swift: Arc<Semaphore>,
    slow: Arc<Semaphore>,
}

/// The right to use one connection.
#[derive(Debug)]
pub(crate) struct Place {
    permit: OwnedSemaphorePermit,
    /// Where to step aside to; nowhere for those who are there already.
    aside: Option<Arc<Semaphore>>,
}

impl Lanes {
    pub(crate) fn new() -> Self {
        Self {
            swift: Arc::new(Semaphore::new(SWIFT)),
            slow: Arc::new(Semaphore::new(SLOW)),
        }
    }

    /// Waits for a place among the swift.
    pub(crate) async fn enter(&self) -> Option<Place> {
        let permit = Arc::clone(&self.swift).acquire_owned().await.ok()?;
        let aside = Some(Arc::clone(&self.slow));
        Some(Place { permit, aside })
    }

    /// A place among the slow, if one is free.
    pub(crate) fn enter_aside(&self) -> Option<Place> {
        let permit = Arc::clone(&self.slow).try_acquire_owned().ok()?;
        Some(Place { permit, aside: None })
    }
}

impl Place {
    /// Does the work on this place. What takes longer than [`PATIENCE`] goes on aside, as soon as there
    /// is room, and leaves the place to the next.
    pub(crate) async fn during<T>(self, work: impl Future<Output = T>) -> T {
        let Self { permit, aside } = self;
        let mut work = std::pin::pin!(work);
        let Some(aside) = aside else { return work.await };
        let room = async {
            tokio::time::sleep(PATIENCE).await;
            aside.acquire_owned().await
        };
        tokio::select! {
            biased;
            done = &mut work => done,
            // Kept until the work is done, while the swift place is free again.
            _room = room => {
                drop(permit);
                work.await
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn t42_those_who_hang_step_aside_until_there_is_no_more_room() {
        let lanes = Lanes::new();
        let mut hanging = tokio::task::JoinSet::new();
        for _ in 0..SWIFT + SLOW {
            let lanes = lanes.clone();
            hanging.spawn(async move { lanes.enter().await.unwrap().during(pending::<()>()).await });
        }
        tokio::time::sleep(PATIENCE * 9).await;
        assert_eq!(
            lanes.swift.available_permits(),
            0,
            "as many hang as there are places"
        );
        assert!(lanes.enter_aside().is_none());
        hanging.abort_all();
        while hanging.join_next().await.is_some() {}
        assert_eq!(
            lanes.swift.available_permits(),
            SWIFT,
            "every place is given back"
        );
        assert_eq!(lanes.slow.available_permits(), SLOW);
    }

    #[tokio::test(start_paused = true)]
    async fn t42_one_that_hangs_gives_its_place_to_the_next() {
        let lanes = Lanes::new();
        let mut hanging = tokio::task::JoinSet::new();
        for _ in 0..SWIFT * 3 {
            let lanes = lanes.clone();
            hanging.spawn(async move { lanes.enter().await.unwrap().during(pending::<()>()).await });
        }
        // So that they are there before it.
        tokio::task::yield_now().await;
        assert_eq!(lanes.swift.available_permits(), 0);
        let good = async { lanes.enter().await.unwrap().during(async { 7 }).await };
        assert_eq!(tokio::time::timeout(PATIENCE * 4, good).await, Ok(7));
    }
}
