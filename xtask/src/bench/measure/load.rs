//! Load in two shapes: offered at a rate, whatever the server makes of it, and as much as it takes.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::machine;
use crate::client::http::{Answer, Connection};

/// Requests that come at a steady rate, like people who do not know of each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offer {
    pub(super) rate: f64,
    /// Not counted: until queues have found their length.
    pub(super) warm_up: Duration,
    pub(super) counted: Duration,
    /// How many requests may be under way.
    pub(super) connections: usize,
}

/// What became of the requests whose answers fell into the counted time.
#[derive(Debug, Default)]
pub(super) struct Served {
    /// How long each 2xx took.
    pub(super) done: Vec<Duration>,
    /// 503 with a Retry-After.
    pub(super) shed: u64,
    /// Everything else, broken connections included.
    pub(super) failed: u64,
}

impl Offer {
    /// Sends what `request` makes for each number, each at its moment.
    pub(super) fn run(self, address: SocketAddr, request: impl Fn(u64) -> Vec<u8> + Sync) -> Result<Served> {
        let tickets = AtomicU64::new(0);
        let served = Mutex::new(Served::default());
        let begun = Instant::now();
        let client = || self.client(begun, address, &tickets, &request, &served);
        thread::scope(|scope| {
            for _ in 0..self.connections {
                let thread = thread::Builder::new().stack_size(256 * 1024);
                thread
                    .spawn_scoped(scope, client)
                    .context("too many connections for this machine")?;
            }
            Ok::<_, anyhow::Error>(())
        })?;
        Ok(served.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn client(
        self,
        begun: Instant,
        address: SocketAddr,
        tickets: &AtomicU64,
        request: &impl Fn(u64) -> Vec<u8>,
        served: &Mutex<Served>,
    ) {
        let counted = begun + self.warm_up..begun + self.warm_up + self.counted;
        let mut connection = None;
        loop {
            let ticket = tickets.fetch_add(1, Ordering::Relaxed);
            let due = begun + Duration::from_secs_f64(ticket as f64 / self.rate);
            if due > counted.end {
                return;
            }
            let bytes = request(ticket);
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let sent = Instant::now();
            let answer = call(&mut connection, address, &bytes);
            let now = Instant::now();
            if counted.contains(&now) {
                served
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .note(answer.ok(), now - sent);
            }
        }
    }
}

impl Served {
    fn note(&mut self, answer: Option<Answer>, took: Duration) {
        match answer {
            Some(answer) if (200..300).contains(&answer.status) => self.done.push(took),
            Some(Answer {
                status: 503,
                retry_after: true,
                ..
            }) => self.shed += 1,
            _ => self.failed += 1,
        }
    }
}

fn call(connection: &mut Option<Connection>, address: SocketAddr, request: &[u8]) -> io::Result<Answer> {
    let mut open = match connection.take() {
        Some(open) => open,
        None => Connection::open(address)?,
    };
    let answer = open.call(request)?;
    *connection = Some(open);
    Ok(answer)
}

/// Requests that wait to be sent, and what follows from each answer.
pub(super) struct Work<'a> {
    waiting: Mutex<VecDeque<Vec<u8>>>,
    after: Box<After<'a>>,
}

/// From a request and its answer the request that takes its place, if one does; nothing else when the answer
/// was not right.
type After<'a> = dyn Fn(Vec<u8>, &Answer) -> Result<Option<Vec<u8>>, Wrong> + Sync + 'a;

/// An answer that was not right.
pub(super) struct Wrong;

impl<'a> Work<'a> {
    /// Each request leads to another.
    pub(super) fn new(
        requests: impl IntoIterator<Item = Vec<u8>>,
        after: impl Fn(Vec<u8>, &Answer) -> Result<Option<Vec<u8>>, Wrong> + Sync + 'a,
    ) -> Self {
        Self {
            waiting: Mutex::new(requests.into_iter().collect()),
            after: Box::new(after),
        }
    }

    /// Each request is sent once.
    pub(super) fn once(
        requests: impl IntoIterator<Item = Vec<u8>>,
        right: impl Fn(&Answer) -> bool + Sync + 'a,
    ) -> Self {
        Self::new(requests, move |_, answer| {
            right(answer).then_some(None).ok_or(Wrong)
        })
    }

    /// The same requests again and again.
    pub(super) fn again(
        requests: impl IntoIterator<Item = Vec<u8>>,
        right: impl Fn(&Answer) -> bool + Sync + 'a,
    ) -> Self {
        Self::new(requests, move |request, answer| {
            right(answer).then_some(Some(request)).ok_or(Wrong)
        })
    }

    fn take(&self, most: usize) -> Vec<Vec<u8>> {
        let mut waiting = self.lock();
        let most = most.min(waiting.len());
        waiting.drain(..most).collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Vec<u8>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many requests of this work the server answers per second, until there are none or the time is over.
/// What it is too busy for is asked again, and does not count.
pub(super) fn work_off(
    address: SocketAddr,
    work: &Work<'_>,
    connections: usize,
    limit: Duration,
) -> Result<f64> {
    let threads = machine::cores().min(4).min(connections).max(1);
    let share = connections.div_ceil(threads);
    let begun = Instant::now();
    let answers: Result<Vec<u64>> = thread::scope(|scope| {
        let drivers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| drive_work(address, work, share, begun + limit)))
            .collect();
        drivers
            .into_iter()
            .map(|driver| driver.join().ok().context("a load thread broke down")?)
            .collect()
    });
    Ok(answers?.iter().sum::<u64>() as f64 / begun.elapsed().as_secs_f64())
}

fn drive_work(address: SocketAddr, work: &Work<'_>, connections: usize, deadline: Instant) -> Result<u64> {
    let open = (0..connections).map(|_| Connection::open(address));
    let mut connections = open.collect::<io::Result<Vec<_>>>().context("cannot connect")?;
    let mut answers = 0;
    while Instant::now() < deadline {
        let requests = work.take(connections.len());
        if requests.is_empty() {
            break;
        }
        for (connection, request) in connections.iter_mut().zip(&requests) {
            connection.send(request).context("the server hung up")?;
        }
        let mut next = Vec::with_capacity(requests.len());
        for (connection, request) in connections.iter_mut().zip(requests) {
            let answer = connection.receive().context("the server hung up")?;
            if answer.status == 503 && answer.retry_after {
                next.push(request);
                continue;
            }
            match (work.after)(request, &answer) {
                Ok(follows) => next.extend(follows),
                Err(Wrong) => bail!("unexpected answer {}: {}", answer.status, answer.body),
            }
            answers += 1;
        }
        work.lock().extend(next);
    }
    Ok(answers)
}

/// As many requests per second as the server answers on these lanes. Each lane is a connection with
/// its next request, which `next` may change after every answer; it says whether the answer was right.
pub(super) fn saturate(
    address: SocketAddr,
    lanes: &mut [Vec<u8>],
    duration: Duration,
    next: impl Fn(&mut Vec<u8>, &Answer) -> bool + Sync,
) -> Result<f64> {
    let share = lanes.len().div_ceil(machine::cores().min(4));
    let begun = Instant::now();
    let answers: Result<Vec<u64>> = thread::scope(|scope| {
        let next = &next;
        let drive = |lanes| scope.spawn(move || drive(address, lanes, begun + duration, next));
        let drivers: Vec<_> = lanes.chunks_mut(share).map(drive).collect();
        drivers
            .into_iter()
            .map(|driver| driver.join().ok().context("a load thread broke down")?)
            .collect()
    });
    Ok(answers?.iter().sum::<u64>() as f64 / begun.elapsed().as_secs_f64())
}

/// All lanes of one thread at once: every request is sent before the first answer is read.
fn drive(
    address: SocketAddr,
    lanes: &mut [Vec<u8>],
    deadline: Instant,
    next: &impl Fn(&mut Vec<u8>, &Answer) -> bool,
) -> Result<u64> {
    let open = lanes.iter().map(|_| Connection::open(address));
    let mut connections = open.collect::<io::Result<Vec<_>>>().context("cannot connect")?;
    let mut answers = 0;
    while Instant::now() < deadline {
        for (connection, lane) in connections.iter_mut().zip(&*lanes) {
            connection.send(lane).context("the server hung up")?;
        }
        for (connection, lane) in connections.iter_mut().zip(&mut *lanes) {
            let answer = connection.receive().context("the server hung up")?;
            if !next(lane, &answer) {
                bail!("unexpected answer {}: {}", answer.status, answer.body);
            }
            answers += 1;
        }
    }
    Ok(answers)
}
