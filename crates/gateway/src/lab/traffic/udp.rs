//! Datagrams at a constant rate, whatever becomes of them.

use std::net::{SocketAddrV4, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::{FULL, Span, Target};

/// A full packet less the headers of Ethernet, IP and UDP.
const PAYLOAD: usize = FULL as usize - 14 - 20 - 8;
/// Datagrams leave in bunches of this time.
const BUNCH: Duration = Duration::from_millis(1);

/// Sends so many bits per second on the cable, over all targets in turn; returns the packets sent.
pub(crate) fn flood(targets: &[Target], rate: u64, span: Span) -> Result<u64> {
    let socket = UdpSocket::bind(("0.0.0.0", 0))?;
    let payload = [0; PAYLOAD];
    let mut turns = targets.iter().cycle();
    span.wait();
    let begun = Instant::now();
    let mut sent = 0;
    while !span.over() {
        let due = begun.elapsed().as_micros() as u64 * rate / (FULL * 8 * 1_000_000);
        while sent < due
            && let Some((address, port)) = turns.next()
        {
            // Refusals of a far end without a listener are not the sender's business.
            let _ = socket.send_to(&payload, SocketAddrV4::new(*address, *port));
            sent += 1;
        }
        thread::sleep(BUNCH);
    }
    Ok(sent)
}
