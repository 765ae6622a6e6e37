//! Load in two shapes: offered at a rate, whatever the server makes of it, and as much as it takes.

use std::io;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
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
