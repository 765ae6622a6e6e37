//! Requests as a browser or program of a client makes them, over HTTP.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::super::space::Space;

const PATIENCE: Duration = Duration::from_secs(20);

/// What was answered, and when its first byte was there.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
    pub(super) at: Instant,
}

/// A request on a connection of its own, from a client's namespace.
pub(super) fn send(
    client: &Space,
    to: SocketAddr,
    line: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Answer> {
    let mut request = format!("{line} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\n");
    for (name, value) in headers {
        write!(request, "{name}: {value}\r\n")?;
    }
    write!(request, "content-length: {}\r\n\r\n{body}", body.len())?;
    client.run(|| {
        let mut stream = TcpStream::connect_timeout(&to, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(request.as_bytes())?;
        let (mut text, mut at, mut piece) = (Vec::new(), None, [0; 4096]);
        loop {
            let length = stream.read(&mut piece)?;
            at.get_or_insert_with(Instant::now);
            if length == 0 {
                break;
            }
            text.extend_from_slice(&piece[..length]);
        }
        let text = String::from_utf8_lossy(&text);
        let (head, body) = text.split_once("\r\n\r\n").context("half an answer")?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok(Answer {
            status: status.context("no status")?,
            head: head.to_owned(),
            body: body.to_owned(),
            at: at.context("no answer")?,
        })
    })
}
