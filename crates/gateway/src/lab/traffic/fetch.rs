//! A small page, again and again: what somebody notices who only wants to read something.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::{Span, Target};

const PAGE: usize = 30_000;
const PATIENCE: Duration = Duration::from_secs(20);

/// Gives every caller a page, until the end.
pub(crate) fn serve_pages(port: u16, until: Instant) -> Result<()> {
    let listener = TcpListener::bind(("0.0.0.0", port))?;
    listener.set_nonblocking(true)?;
    while Instant::now() < until {
        match listener.accept() {
            Ok((stream, _)) => {
                thread::spawn(move || give(stream));
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(Duration::from_millis(1)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn give(mut stream: TcpStream) {
    let _ = stream.set_nonblocking(false);
    let _ = stream.set_write_timeout(Some(PATIENCE));
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let mut request = [0; 64];
    if stream.read(&mut request).is_ok() {
        let _ = stream.write_all(&vec![0; PAGE]);
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Fetch {
    pub(crate) from: Target,
    pub(crate) pause: Duration,
    pub(crate) span: Span,
}

impl Fetch {
    /// How long each page took, connecting and asking included. One that did not come took the patience.
    pub(crate) fn run(self) -> Vec<Duration> {
        self.span.wait();
        let mut took = Vec::new();
        while !self.span.over() {
            let begun = Instant::now();
            let time = match self.once() {
                Ok(()) => begun.elapsed(),
                Err(_) => PATIENCE,
            };
            took.push(time);
            thread::sleep(self.pause.min(self.span.left()));
        }
        took
    }

    fn once(self) -> Result<()> {
        let mut stream = TcpStream::connect_timeout(&self.from.into(), PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"page")?;
        let mut page = Vec::with_capacity(PAGE);
        stream.read_to_end(&mut page)?;
        anyhow::ensure!(page.len() == PAGE, "a torn page");
        Ok(())
    }
}
