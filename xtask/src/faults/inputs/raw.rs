//! Bytes that are no HTTP, or HTTP of the kind that servers in a row read differently. Each goes over a
//! connection of its own, which is closed for writing behind it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use crate::client::chance::Chance;

const TIMEOUT: Duration = Duration::from_secs(10);
const MOST_READ: u64 = 1 << 20;

const STARTS: [&str; 16] = [
    "GET /health HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /x",
    "POST /auth/login HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ncontent-length: 9\r\n\r\nabcd",
    "POST /auth/login HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
    "POST /auth/login HTTP/1.1\r\nhost: a\r\ncontent-length: 18446744073709551616\r\n\r\n{}",
    "POST /auth/login HTTP/1.1\r\nhost: a\r\ncontent-length: 500\r\n\r\n{\"email\":",
    "POST /auth/login HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n{}",
    "POST /auth/login HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "POST /auth/login HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\nt: r\r\n\r\n",
    "POST /auth/login HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "GET /health HTTP/1.1\r\n\r\nGET /health HTTP/1.1\r\nhost: a\r\n\r\n",
    "GET http://other.example/health HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
    "\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03",
    "GET /health HTTP/9.9\r\nhost: a\r\n\r\n",
    "CONNECT other.example:443 HTTP/1.1\r\nhost: a\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
];

/// Some bytes.
pub(super) fn garbage(chance: &mut Chance) -> Vec<u8> {
    let mut bytes = chance.pick(&STARTS).as_bytes().to_vec();
    for _ in 0..chance.below(4) {
        let at = usize::try_from(chance.below(bytes.len() as u64 + 1)).unwrap_or(0);
        match chance.below(6) {
            0 => bytes.truncate(at.max(1)),
            1 => bytes.insert(at, chance.byte()),
            2 => bytes.splice(at..at, *b"\r\n\r\n").for_each(drop),
            3 => bytes.splice(at..at, b"x: y\r\n".repeat(300)).for_each(drop),
            4 => bytes = (0..chance.below(2_000)).map(|_| chance.byte()).collect(),
            _ => bytes.splice(at..at, b"a".repeat(20_000)).for_each(drop),
        }
    }
    bytes
}

/// Sends them; whatever comes back until the server hangs up.
pub(super) fn send(address: SocketAddr, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    // A server may hang up before it has read everything; what it said until then counts.
    stream.write_all(bytes).ok();
    stream.shutdown(Shutdown::Write).ok();
    let mut answer = Vec::new();
    match stream.take(MOST_READ).read_to_end(&mut answer) {
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
            Err(error)
        }
        _ => Ok(answer),
    }
}

/// The statuses of the answers in these bytes.
pub(super) fn statuses(answer: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(answer);
    let lines = text.split("HTTP/1.1 ").skip(1);
    lines.filter_map(|line| line.get(..3)?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_on_a_connection_counts() {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 400 Bad Request\r\n\r\n";
        assert_eq!(statuses(answer), [200, 400]);
        assert!(statuses(b"\x15\x03").is_empty());
    }

    #[test]
    fn a_seed_repeats_its_garbage() {
        let of = |number| garbage(&mut Chance::numbered(3, number));
        assert_eq!(of(5), of(5));
        assert_ne!(of(5), of(6));
    }
}
