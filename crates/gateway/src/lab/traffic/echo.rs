//! Round trips of small datagrams.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::{Span, Target};

/// As long as an ordinary ping.
const LENGTH: usize = 56;
/// An answer that takes longer is lost.
const PATIENCE: Duration = Duration::from_secs(3);

/// Answers every datagram on its port with itself.
pub(crate) struct Echo(UdpSocket);

impl Echo {
    pub(crate) fn open(port: u16) -> Result<Self> {
        let socket = UdpSocket::bind(("0.0.0.0", port))?;
        socket.set_read_timeout(Some(Duration::from_millis(50)))?;
        Ok(Self(socket))
    }

    pub(crate) fn answer(&self, until: Instant) {
        let mut buffer = [0; 2048];
        while Instant::now() < until {
            if let Ok((length, from)) = self.0.recv_from(&mut buffer) {
                let _ = self.0.send_to(&buffer[..length], from);
            }
        }
    }
}

/// One small datagram at each interval.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ping {
    /// The client's address, where it has several.
    pub(crate) from: Option<Ipv4Addr>,
    pub(crate) to: Target,
    pub(crate) interval: Duration,
    pub(crate) span: Span,
}

/// When it was sent, and how long it took to come back, if it did.
pub(crate) type Trip = (Instant, Option<Duration>);

impl Ping {
    pub(crate) fn run(self) -> Result<Vec<Trip>> {
        let socket = UdpSocket::bind((self.from.unwrap_or(Ipv4Addr::UNSPECIFIED), 0))?;
        socket.connect(std::net::SocketAddr::from(self.to))?;
        self.span.wait();
        let mut trips: Vec<Trip> = Vec::new();
        let mut next = Instant::now();
        while !self.span.over() {
            let now = Instant::now();
            if now >= next {
                let mut datagram = [0; LENGTH];
                datagram[..8].copy_from_slice(&(trips.len() as u64).to_ne_bytes());
                trips.push((now, None));
                // A queue that is full on the way out is a loss like any other.
                let _ = socket.send(&datagram);
                next += self.interval;
            }
            listen(&socket, next.saturating_duration_since(now), &mut trips)?;
        }
        let last = Instant::now() + PATIENCE.min(Duration::from_secs(1));
        while trips.iter().any(|(_, trip)| trip.is_none()) && Instant::now() < last {
            listen(&socket, Duration::from_millis(50), &mut trips)?;
        }
        Ok(trips)
    }
}

fn listen(socket: &UdpSocket, wait: Duration, trips: &mut [Trip]) -> Result<()> {
    socket.set_read_timeout(Some(wait.max(Duration::from_micros(50))))?;
    let mut buffer = [0; LENGTH];
    match socket.recv(&mut buffer) {
        Ok(_) => {
            let number = u64::from_ne_bytes(std::array::from_fn(|at| buffer[at]));
            if let Some((sent, trip)) = trips.get_mut(number as usize) {
                let took = sent.elapsed();
                *trip = (took <= PATIENCE).then_some(took);
            }
            Ok(())
        }
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::ConnectionRefused
            ) =>
        {
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}
