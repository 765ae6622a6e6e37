//! A small datagram every millisecond to the world beyond the gateway, and when answers came.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::super::space::Space;
use super::super::traffic::Target;

const EVERY: Duration = Duration::from_millis(1);

/// Probes until it goes.
pub(super) struct Prober {
    answers: Arc<Mutex<Vec<Instant>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Prober {
    pub(super) fn start(client: &Space, to: Target) -> Result<Self> {
        let answers = Arc::<Mutex<Vec<Instant>>>::default();
        let stop = Arc::<AtomicBool>::default();
        let (noted, stopped) = (Arc::clone(&answers), Arc::clone(&stop));
        let thread = client.spawn(move || {
            let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
            socket.connect(std::net::SocketAddr::from(to))?;
            socket.set_read_timeout(Some(EVERY))?;
            let mut next = Instant::now();
            while !stopped.load(Ordering::Relaxed) {
                if Instant::now() >= next {
                    // What is refused on the way is no answer.
                    let _ = socket.send(b"probe");
                    next = Instant::now() + EVERY;
                }
                if socket.recv(&mut [0; 64]).is_ok() {
                    lock(&noted).push(Instant::now());
                }
            }
            Ok(())
        })?;
        Ok(Self {
            answers,
            stop,
            thread: Some(thread),
        })
    }

    /// The first answer after a moment; none within the patience.
    pub(super) fn first_after(&self, moment: Instant, patience: Duration) -> Option<Instant> {
        let over = Instant::now() + patience;
        while Instant::now() < over {
            let first = lock(&self.answers).iter().copied().find(|at| *at > moment);
            if first.is_some() {
                return first;
            }
            thread::sleep(EVERY);
        }
        None
    }

    /// The last answer before so long a silence; none when there is no silence within the patience.
    pub(super) fn last_before_silence(&self, silence: Duration, patience: Duration) -> Option<Instant> {
        let begun = Instant::now();
        while begun.elapsed() < patience {
            let last = lock(&self.answers).last().copied().unwrap_or(begun);
            if last.max(begun).elapsed() >= silence {
                return Some(last);
            }
            thread::sleep(EVERY);
        }
        None
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take()
            && let Ok(Err(error)) = thread.join()
        {
            tracing::error!("the probes ended: {error:#}");
        }
    }
}

fn lock(answers: &Mutex<Vec<Instant>>) -> MutexGuard<'_, Vec<Instant>> {
    answers.lock().unwrap_or_else(PoisonError::into_inner)
}
