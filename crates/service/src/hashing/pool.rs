//! The threads: one per core, each with its own memory for hashing, taken once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use usher_accounts::hash::{self, HashScheme, Scratch};
use usher_accounts::password::Password;

use super::queue::{Job, Lane, Queue};
use crate::Trouble;

/// How much nicer than the rest of the program the hash threads are (Unix `nice`): they take what
/// requests without a hash leave.
const NICE: i32 = 19;

/// Done on one of the threads.
trait Work: Job + Send {
    fn run(self: Box<Self>, scratch: &mut Scratch, shared: &Shared);
}

/// Work that somebody waits for.
struct Asked<T, F> {
    work: F,
    answer: oneshot::Sender<T>,
}

impl<T, F> Job for Asked<T, F> {
    fn is_wanted(&self) -> bool {
        !self.answer.is_closed()
    }
}

impl Job for Box<dyn Work> {
    fn is_wanted(&self) -> bool {
        (**self).is_wanted()
    }
}

impl<T: Send, F: FnOnce(&mut Scratch) -> T + Send> Work for Asked<T, F> {
    fn run(self: Box<Self>, scratch: &mut Scratch, shared: &Shared) {
        if !self.is_wanted() {
            return;
        }
        let started = Instant::now();
        let result = (self.work)(scratch);
        // Counted before anybody knows: whoever has an answer finds it among the figures.
        lock(&shared.state).queue.learn(started.elapsed());
        shared.done.fetch_add(1, Ordering::Relaxed);
        // A caller that leaves now has had its work done all the same.
        let _ = self.answer.send(result);
    }
}

struct Shared {
    state: Mutex<State>,
    bell: Condvar,
    scheme: HashScheme,
    done: AtomicU64,
    shed: AtomicU64,
}

/// How the pool is doing.
#[derive(Clone, Copy, Debug)]
pub struct HashFigures {
    /// Jobs that wait.
    pub waiting: usize,
    /// Jobs done since the start.
    pub done: u64,
    /// Requests turned away since the start, because they would have waited too long.
    pub shed: u64,
    /// What a hash takes lately.
    pub took: Duration,
}

struct State {
    queue: Queue<Box<dyn Work>>,
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
            done: AtomicU64::new(0),
            shed: AtomicU64::new(0),
        });
        for index in 0..threads.max(1) {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new()
                .name(format!("hash-{index}"))
                .spawn(move || work(&shared))?;
        }
        Ok(Self(shared))
    }

    /// Hashes a password that somebody has chosen, if it is as strong as it must be (0 to 4); `None` when
    /// it is not. The hints are what a guesser would try first.
    pub async fn hash(
        &self,
        lane: Lane,
        password: Arc<Password>,
        salt: [u8; 16],
        strength: u8,
        hints: Vec<String>,
    ) -> Result<Option<String>, Trouble> {
        let scheme = self.0.scheme;
        let hashed = self.run(lane, move |scratch| {
            let hints: Vec<&str> = hints.iter().map(String::as_str).collect();
            if strength > 0 && password.strength(&hints) < strength {
                return Ok(None);
            }
            hash::hash(&password, scheme, salt, scratch).map(Some)
        });
        Ok(hashed.await??)
    }

    /// Compares a password with a stored hash.
    pub async fn verify(&self, lane: Lane, password: Arc<Password>, stored: String) -> Result<bool, Trouble> {
        let verdict = self.run(lane, move |scratch| hash::verify(&password, &stored, scratch));
        Ok(verdict.await??)
    }

    /// Turns a request away that would be turned away anyway, before it has cost anything.
    pub fn room(&self, lane: Lane) -> Result<(), Trouble> {
        let room = lock(&self.0.state).queue.room(lane);
        room.map_err(|wait| self.shed(wait))
    }

    /// How it is doing.
    pub fn figures(&self) -> HashFigures {
        let state = lock(&self.0.state);
        HashFigures {
            waiting: state.queue.len(),
            took: state.queue.took(),
            done: self.0.done.load(Ordering::Relaxed),
            shed: self.0.shed.load(Ordering::Relaxed),
        }
    }

    /// Jobs that wait.
    pub fn waiting(&self) -> usize {
        lock(&self.0.state).queue.len()
    }

    /// The job keeps its place and its thread whether or not the caller stays; one whose caller has left
    /// before its turn costs nothing.
    async fn run<T: Send + 'static>(
        &self,
        lane: Lane,
        work: impl FnOnce(&mut Scratch) -> T + Send + 'static,
    ) -> Result<T, Trouble> {
        let (answer, done) = oneshot::channel();
        let job = Box::new(Asked { work, answer });
        let pushed = lock(&self.0.state).queue.push(lane, job);
        pushed.map_err(|wait| self.shed(wait))?;
        self.0.bell.notify_one();
        done.await.map_err(|_| Trouble::Busy(Duration::from_secs(1)))
    }

    fn shed(&self, wait: Duration) -> Trouble {
        self.0.shed.fetch_add(1, Ordering::Relaxed);
        Trouble::Busy(wait)
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
    // Where the system refuses, they keep the common priority.
    #[cfg(unix)]
    let _ = rustix::process::nice(NICE);
    let mut scratch = Scratch::for_scheme(shared.scheme);
    while let Some(job) = next(shared) {
        job.run(&mut scratch, shared);
    }
}

fn next(shared: &Shared) -> Option<Box<dyn Work>> {
    let mut state = lock(&shared.state);
    loop {
        if let Some(job) = state.queue.pop() {
            return Some(job);
        }
        if !state.open {
            return None;
        }
        state = shared.bell.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
}
