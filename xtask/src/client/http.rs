//! HTTP/1.1 over one kept connection, with as little work as the protocol allows: the load it makes
//! must not hide the server's own cost.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(15);
const BUFFER: usize = 16 * 1024;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Whether it says when to come back.
    pub(crate) retry_after: bool,
    pub(crate) body: String,
}

/// Bytes of a request; `fields` are whole header lines without their line ends.
pub(crate) fn request(method: &str, path: &str, fields: &[&str], body: &str) -> Vec<u8> {
    let mut lines = vec![format!("{method} {path} HTTP/1.1"), "host: 127.0.0.1".to_owned()];
    lines.extend(fields.iter().map(|field| (*field).to_owned()));
    if !body.is_empty() {
        lines.push("content-type: application/json".to_owned());
    }
    if method != "GET" {
        lines.push(format!("content-length: {}", body.len()));
    }
    format!("{}\r\n\r\n{body}", lines.join("\r\n")).into_bytes()
}

/// One connection; requests go one after the other.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
    over: bool,
}

impl Connection {
    /// Connects.
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        Ok(Self {
            stream,
            buffer: vec![0; BUFFER],
            filled: 0,
            over: false,
        })
    }

    /// Sends a request and waits for its answer.
    pub(crate) fn call(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.send(request)?;
        self.receive()
    }

    /// Sends a request; `receive` must follow before the next.
    pub(crate) fn send(&mut self, request: &[u8]) -> io::Result<()> {
        self.stream.write_all(request)
    }

    /// Waits for the answer to what was sent.
    pub(crate) fn receive(&mut self) -> io::Result<Answer> {
        let head = loop {
            if let Some(head) = Head::parse(&self.buffer[..self.filled])? {
                break head;
            }
            self.fill()?;
        };
        let end = head.length + head.body;
        while self.filled < end {
            self.fill()?;
        }
        let body = String::from_utf8_lossy(&self.buffer[head.length..end]).into_owned();
        self.buffer.copy_within(end..self.filled, 0);
        self.filled -= end;
        self.over = head.close;
        Ok(Answer {
            status: head.status,
            retry_after: head.retry_after,
            body,
        })
    }

    /// Whether the other side has said that it closes the connection now.
    pub(crate) fn is_over(&self) -> bool {
        self.over
    }

    fn fill(&mut self) -> io::Result<()> {
        if self.filled == self.buffer.len() {
            self.buffer.resize(self.filled * 2, 0);
        }
        match self.stream.read(&mut self.buffer[self.filled..])? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            count => {
                self.filled += count;
                Ok(())
            }
        }
    }
}

/// What stands before the body: its own length and the body's.
#[derive(Debug, PartialEq)]
struct Head {
    status: u16,
    retry_after: bool,
    close: bool,
    length: usize,
    body: usize,
}

impl Head {
    /// Nothing while the head is not complete.
    fn parse(bytes: &[u8]) -> io::Result<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            return Ok(None);
        };
        let head = str::from_utf8(&bytes[..end]).map_err(|_| ErrorKind::InvalidData)?;
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let (mut body, mut retry_after, mut close) = (0, false, false);
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            if name.eq_ignore_ascii_case("content-length") {
                body = value.trim().parse().map_err(|_| ErrorKind::InvalidData)?;
            } else if name.eq_ignore_ascii_case("retry-after") {
                retry_after = true;
            } else if name.eq_ignore_ascii_case("connection") {
                close = value.trim().eq_ignore_ascii_case("close");
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                return Err(io::Error::new(
                    ErrorKind::Unsupported,
                    "the answer comes in chunks",
                ));
            }
        }
        let status = status.ok_or(ErrorKind::InvalidData)?;
        Ok(Some(Self {
            status,
            retry_after,
            close,
            length: end + 4,
            body,
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    #[test]
    fn a_head_is_read_only_when_it_is_complete() {
        assert_eq!(Head::parse(b"HTTP/1.1 200 OK\r\ncontent-le").unwrap(), None);
        let head =
            Head::parse(b"HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 12\r\n\r\n{").unwrap();
        assert_eq!(
            head,
            Some(Head {
                status: 503,
                retry_after: true,
                close: false,
                length: 57,
                body: 12
            })
        );
        let closing = Head::parse(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").unwrap();
        assert!(closing.unwrap().close);
        assert!(Head::parse(b"nonsense\r\n\r\n").is_err());
    }

    #[test]
    fn a_request_says_how_long_its_body_is() {
        let post = String::from_utf8(request("POST", "/x", &["a: b"], "{}")).unwrap();
        let expected = "POST /x HTTP/1.1\r\nhost: 127.0.0.1\r\na: b\r\ncontent-type: application/json\r\n\
                        content-length: 2\r\n\r\n{}";
        assert_eq!(post, expected);
    }

    #[test]
    fn answers_that_come_in_pieces_and_together_are_told_apart() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for piece in [
                "HTTP/1.1 200 OK\r\nconte",
                "nt-length: 3\r\n\r\nab",
                "cHTTP/1.1 204 None\r\n\r\n",
            ] {
                stream.write_all(piece.as_bytes()).unwrap();
            }
        });
        let mut connection = Connection::open(address).unwrap();
        let first = connection.receive().unwrap();
        assert_eq!((first.status, first.body.as_str()), (200, "abc"));
        assert_eq!(connection.receive().unwrap().status, 204);
        assert_eq!(connection.receive().unwrap_err().kind(), ErrorKind::UnexpectedEof);
        server.join().unwrap();
    }
}
