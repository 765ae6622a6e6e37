//! Bulk transfers over TCP, as fast as the window allows or paced.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::net::sockopt;

use super::{FULL, Span, Target};

/// How often a sender that is held up looks at the clock.
const LOOK: Duration = Duration::from_millis(50);
/// What a full segment carries when timestamps are on.
const SEGMENT: usize = 1448;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Congestion {
    Cubic,
    Bbr,
}

impl Congestion {
    /// The kernel's name. A kernel without BBR measures with its default.
    const fn name(self) -> &'static str {
        match self {
            Self::Cubic => "cubic",
            Self::Bbr => "bbr",
        }
    }
}

/// Takes in and forgets whatever comes, until the end.
pub(crate) fn sink(port: u16, until: Instant) -> Result<()> {
    let listener = TcpListener::bind(("0.0.0.0", port)).context("a sink")?;
    listener.set_nonblocking(true)?;
    while Instant::now() < until {
        match listener.accept() {
            Ok((stream, _)) => {
                thread::spawn(move || swallow(stream, until));
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(Duration::from_millis(5)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn swallow(mut stream: TcpStream, until: Instant) {
    let mut buffer = vec![0; 1 << 16];
    let _ = stream.set_nonblocking(false);
    let _ = stream.set_read_timeout(Some(LOOK));
    while Instant::now() < until {
        match stream.read(&mut buffer) {
            Ok(0) => return,
            Err(error) if !held_up(&error) => return,
            Ok(_) | Err(_) => {}
        }
    }
}

/// A transfer from the thread's namespace to a sink.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Download {
    pub(crate) to: Target,
    pub(crate) congestion: Congestion,
    /// Bits per second on the cable; as fast as it goes otherwise.
    pub(crate) pace: Option<u64>,
    pub(crate) span: Span,
}

impl Download {
    /// Sends until its time is over; returns the bytes the kernel took.
    pub(crate) fn send(self) -> Result<u64> {
        self.span.wait();
        let Some(mut stream) = self.connect() else {
            return Ok(0);
        };
        let _ = sockopt::set_tcp_congestion(&stream, self.congestion.name());
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(LOOK))?;
        // What was not sent by the end is not sent afterwards either.
        sockopt::set_socket_linger(&stream, Some(Duration::ZERO))?;
        match self.pace {
            None => Ok(self.saturate(&mut stream)),
            Some(rate) => Ok(self.drip(&mut stream, rate)),
        }
    }

    /// A connection, unless the link is so full that none comes about in time.
    fn connect(self) -> Option<TcpStream> {
        while !self.span.over() {
            let wait = self.span.left().clamp(LOOK, Duration::from_secs(5));
            if let Ok(stream) = TcpStream::connect_timeout(&self.to.into(), wait) {
                return Some(stream);
            }
        }
        None
    }

    fn saturate(self, stream: &mut TcpStream) -> u64 {
        let chunk = vec![0; 1 << 16];
        let mut sent = 0;
        while !self.span.over() {
            match stream.write(&chunk) {
                Ok(taken) => sent += taken as u64,
                Err(error) if held_up(&error) => {}
                // A connection that starved to death has sent what it has sent.
                Err(_) => break,
            }
        }
        sent
    }

    fn drip(self, stream: &mut TcpStream, rate: u64) -> u64 {
        let chunk = [0; SEGMENT];
        let gap = Duration::from_nanos(FULL * 8 * 1_000_000_000 / rate);
        let mut next = Instant::now();
        let mut sent = 0;
        while !self.span.over() {
            thread::sleep(next.saturating_duration_since(Instant::now()));
            next += gap;
            match stream.write(&chunk) {
                Ok(taken) => sent += taken as u64,
                Err(error) if held_up(&error) => {}
                // A connection that starved to death has sent what it has sent.
                Err(_) => break,
            }
        }
        sent
    }
}

fn held_up(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}
