//! The threads: one per core, each with its own memory for hashing, taken once.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use usher_accounts::hash::{self, HashError, HashScheme, Scratch};
use usher_accounts::password::Password;

use super::queue::{Lane, Queue};
use crate::Trouble;

/// How much nicer than the rest of the program the hash threads are (Unix `nice`).
const NICE: i32 = 5;

enum Work {
    Hash {
        password: Arc<Password>,
        salt: [u8; 16],
        answer: oneshot::Sender<Result<String, HashError>>,
    },
    Verify {
        password: Arc<Password>,
        stored: String,
        answer: oneshot::Sender<Result<bool, HashError>>,
    },
}

struct Shared {
    state: Mutex<State>,
    bell: Condvar,
    scheme: HashScheme,
}

struct State {
    queue: Queue<Work>,
    open: bool,
}

/// A pool of hashing threads. The threads end when it is dropped.
pub struct HashPool(Arc<Shared>);

impl std::fmt::Debug for HashPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HashPool")
            .field("waiting", &self.waiting())
            .finish_non_exhaustive()
    }
}

impl HashPool {
    /// Starts `threads` of them.
    pub fn start(threads: usize, scheme: HashScheme) -> std::io::Result<Self> {
        let state = Mutex::new(State {
            queue: Queue::new(threads),
            open: true,
        });
        let shared = Arc::new(Shared {
            state,
            bell: Condvar::new(),
            scheme,
        });
        for index in 0..threads.max(1) {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new()
                .name(format!("hash-{index}"))
                .spawn(move || work(&shared))?;
        }
        Ok(Self(shared))
    }

    /// Hashes a password that somebody has chosen.
    pub async fn hash(&self, lane: Lane, password: Arc<Password>, salt: [u8; 16]) -> Result<String, Trouble> {
        let (answer, hashed) = oneshot::channel();
        self.push(
            lane,
            Work::Hash {
                password,
                salt,
                answer,
            },
        )?;
        Ok(hashed
            .await
            .map_err(|_| Trouble::Busy(Duration::from_secs(1)))??)
    }

    /// Compares a password with a stored hash.
    pub async fn verify(&self, lane: Lane, password: Arc<Password>, stored: String) -> Result<bool, Trouble> {
        let (answer, verdict) = oneshot::channel();
        self.push(
            lane,
            Work::Verify {
                password,
                stored,
                answer,
            },
        )?;
        Ok(verdict
            .await
            .map_err(|_| Trouble::Busy(Duration::from_secs(1)))??)
    }

    /// Jobs that wait.
    pub fn waiting(&self) -> usize {
        lock(&self.0.state).queue.len()
    }

    fn push(&self, lane: Lane, work: Work) -> Result<(), Trouble> {
        lock(&self.0.state)
            .queue
            .push(lane, work)
            .map_err(Trouble::Busy)?;
        self.0.bell.notify_one();
        Ok(())
    }
}

impl Drop for HashPool {
    fn drop(&mut self) {
        lock(&self.0.state).open = false;
        self.0.bell.notify_all();
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn work(shared: &Shared) {
    #[cfg(unix)]
    let _ = rustix::process::nice(NICE);
    let mut scratch = Scratch::for_scheme(shared.scheme);
    while let Some(work) = next(shared) {
        let started = Instant::now();
        if run(work, shared.scheme, &mut scratch) {
            lock(&shared.state).queue.learn(started.elapsed());
        }
    }
}

fn next(shared: &Shared) -> Option<Work> {
    let mut state = lock(&shared.state);
    loop {
        if let Some(work) = state.queue.pop() {
            return Some(work);
        }
        if !state.open {
            return None;
        }
        state = shared.bell.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
}

/// False when nobody waits for the answer any more and the work was not done.
fn run(work: Work, scheme: HashScheme, scratch: &mut Scratch) -> bool {
    match work {
        Work::Hash { answer, .. } if answer.is_closed() => false,
        Work::Verify { answer, .. } if answer.is_closed() => false,
        // A caller that leaves now has had its hash done all the same.
        Work::Hash {
            password,
            salt,
            answer,
        } => {
            let _ = answer.send(hash::hash(&password, scheme, salt, scratch));
            true
        }
        Work::Verify {
            password,
            stored,
            answer,
        } => {
            let _ = answer.send(hash::verify(&password, &stored, scratch));
            true
        }
    }
}
