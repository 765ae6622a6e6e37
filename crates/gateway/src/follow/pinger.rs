//! Pings a machine beyond the link, for the delay that the link adds.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket};

/// Twenty a second: a drain must end when the queue is empty, not half a second later.
const EVERY: Duration = Duration::from_millis(50);
const REQUEST: u8 = 8;
const LENGTH: usize = 56;
/// Requests that may be on their way at a time.
const FLYING: usize = 256;

/// A socket for pings; opened while the program may still do so.
pub(crate) struct Pinger {
    socket: UdpSocket,
    to: SocketAddrV4,
}

impl Pinger {
    pub(crate) fn open(to: Ipv4Addr) -> io::Result<Self> {
        let open = |kind| {
            socket(
                AddressFamily::Inet,
                kind,
                SockFlag::SOCK_CLOEXEC,
                SockProtocol::Icmp,
            )
        };
        // Not every system lets everybody ping; whoever may administer the network may send raw packets.
        let socket = open(SockType::Datagram).or_else(|_| open(SockType::Raw))?;
        Ok(Self {
            socket: UdpSocket::from(socket),
            to: SocketAddrV4::new(to, 0),
        })
    }

    /// Pings until nobody listens any more; `tell` gets each round trip.
    pub(crate) fn run(&self, tell: impl Fn(Duration) -> bool) -> io::Result<()> {
        let mut sent = [None; FLYING];
        let mut number: u16 = 0;
        let mut next = Instant::now();
        let mut buffer = [0; 256];
        loop {
            let now = Instant::now();
            if now >= next {
                number = number.wrapping_add(1);
                sent[usize::from(number) % FLYING] = Some((number, now));
                // A queue that is full on this machine is a ping that does not come back.
                let _ = self.socket.send_to(&request(number), self.to);
                next = now + EVERY;
            }
            let wait = next.saturating_duration_since(now).max(Duration::from_millis(1));
            self.socket.set_read_timeout(Some(wait))?;
            let Ok((length, _)) = self.socket.recv_from(&mut buffer) else {
                continue;
            };
            let Some(number) = answer(&buffer[..length]) else {
                continue;
            };
            let slot = &mut sent[usize::from(number) % FLYING];
            if let Some((_, at)) = slot.take_if(|(of, _)| *of == number)
                && !tell(at.elapsed())
            {
                return Ok(());
            }
        }
    }

    /// The same on a thread of its own.
    pub(crate) fn spawn(self, tell: impl Fn(Duration) -> bool + Send + 'static) {
        thread::spawn(move || {
            if let Err(error) = self.run(tell) {
                tracing::error!(%error, "no more pings");
            }
        });
    }
}

/// What tells our requests from those of others, beside the number.
const MARK: [u8; 4] = *b"ushr";

fn request(number: u16) -> [u8; LENGTH] {
    let mut packet = [0; LENGTH];
    packet[0] = REQUEST;
    packet[6..8].copy_from_slice(&number.to_be_bytes());
    packet[8..12].copy_from_slice(&MARK);
    let checksum = checksum(&packet);
    packet[2..4].copy_from_slice(&checksum.to_be_bytes());
    packet
}

/// The number of the request that this answers. A raw socket brings the header of IP too.
fn answer(packet: &[u8]) -> Option<u16> {
    let header = match packet.first()? >> 4 {
        4 => usize::from(packet[0] & 0xf) * 4,
        _ => 0,
    };
    let answer = packet.get(header..)?;
    let ours = *answer.first()? == 0 && answer.get(8..12)? == MARK;
    ours.then(|| Some(u16::from_be_bytes(answer.get(6..8)?.try_into().ok()?)))?
}

fn checksum(packet: &[u8]) -> u16 {
    let words = packet
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_known_by_its_number_with_and_without_a_header() {
        let mut packet = request(517);
        assert_eq!(checksum(&packet), 0);
        assert_eq!(answer(&packet), None);
        packet[0] = 0;
        assert_eq!(answer(&packet), Some(517));
        let mut raw = vec![0x45; 20];
        raw.extend(packet);
        assert_eq!(answer(&raw), Some(517));
        assert_eq!(answer(&[0x4f, 1]), None);
        assert_eq!(answer(&[]), None);
    }
}
