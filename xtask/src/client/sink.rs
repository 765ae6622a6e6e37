//! A mail server that accepts everything and remembers what matters: for whom, when, and which code.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

const CODE_SUBJECT: &str = "Your verification code: ";

/// One accepted mail.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    /// When the whole message was here.
    pub(crate) arrived: Instant,
    /// The code of a verification mail; other mails have none.
    pub(crate) code: Option<String>,
}

/// The running server; it ends with the program.
#[derive(Clone, Debug)]
pub(crate) struct Sink {
    port: u16,
    shelf: Arc<Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    mails: Mutex<HashMap<String, Vec<Mail>>>,
    came: Condvar,
}

impl Sink {
    /// Starts listening on a free loopback port.
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port for the mail sink")?;
        let port = listener.local_addr().context("no port for the mail sink")?.port();
        let shelf = Arc::new(Shelf::default());
        let sink = Self {
            port,
            shelf: Arc::clone(&shelf),
        };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shelf = Arc::clone(&shelf);
                // A client that leaves early, or is killed, is no news here.
                thread::spawn(move || converse(&stream, &shelf).ok());
            }
        });
        Ok(sink)
    }

    /// The setting that sends the product's mail here.
    pub(crate) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}?tls=none", self.port)
    }

    /// Every mail for this address so far, oldest first.
    pub(crate) fn mails(&self, address: &str) -> Vec<Mail> {
        self.shelf.lock().get(address).cloned().unwrap_or_default()
    }

    /// The newest code for this address once more than `known` codes have come, or nothing in time.
    pub(crate) fn code_after(&self, address: &str, known: usize, limit: Duration) -> Option<Mail> {
        let codes = |mails: &HashMap<String, Vec<Mail>>| -> Vec<Mail> {
            let mails = mails.get(address).into_iter().flatten();
            mails.filter(|mail| mail.code.is_some()).cloned().collect()
        };
        let waiting = |mails: &mut HashMap<String, Vec<Mail>>| codes(mails).len() <= known;
        let (mails, _) = self
            .shelf
            .came
            .wait_timeout_while(self.shelf.lock(), limit, waiting)
            .unwrap_or_else(PoisonError::into_inner);
        let mut codes = codes(&mails);
        if codes.len() > known { codes.pop() } else { None }
    }
}

impl Shelf {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<Mail>>> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, recipients: Vec<String>, mail: &Mail) {
        let mut mails = self.lock();
        for recipient in recipients {
            mails.entry(recipient).or_default().push(mail.clone());
        }
        self.came.notify_all();
    }
}

fn converse(stream: &TcpStream, shelf: &Shelf) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut lines = BufReader::new(stream);
    let mut recipients = Vec::new();
    reply(stream, "220 sink")?;
    while let Some(line) = next_line(&mut lines)? {
        match line.get(..4).unwrap_or(&line).to_ascii_uppercase().as_str() {
            "EHLO" => reply(stream, "250-sink\r\n250 8BITMIME")?,
            "RCPT" => {
                recipients.extend(address_in(&line));
                reply(stream, "250 ok")?;
            }
            "DATA" => {
                reply(stream, "354 go on")?;
                let code = read_message(&mut lines)?;
                shelf.put(
                    std::mem::take(&mut recipients),
                    &Mail {
                        arrived: Instant::now(),
                        code,
                    },
                );
                reply(stream, "250 ok")?;
            }
            "RSET" => {
                recipients.clear();
                reply(stream, "250 ok")?;
            }
            "QUIT" => return reply(stream, "221 bye"),
            _ => reply(stream, "250 ok")?,
        }
    }
    Ok(())
}

/// The message's code, if it has one. An error when the client left before the end.
fn read_message(lines: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut code = None;
    let mut in_header = true;
    while let Some(line) = next_line(lines)? {
        if line == "." {
            return Ok(code);
        }
        in_header &= !line.is_empty();
        if let Some(subject) = line.strip_prefix("Subject: ").filter(|_| in_header) {
            code = subject
                .strip_prefix(CODE_SUBJECT)
                .map(|code| code.trim().to_owned());
        }
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

fn next_line(lines: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if lines.read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    Ok(Some(
        String::from_utf8_lossy(&line)
            .trim_end_matches(['\r', '\n'])
            .to_owned(),
    ))
}

fn reply(mut stream: &TcpStream, text: &str) -> io::Result<()> {
    stream.write_all(format!("{text}\r\n").as_bytes())
}

/// `RCPT TO:<ann@example.org>`
fn address_in(line: &str) -> Option<String> {
    let (_, rest) = line.split_once('<')?;
    Some(rest.split_once('>')?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deliver(sink: &Sink, subject: &str) {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, sink.port)).unwrap();
        let mut replies = BufReader::new(&stream).lines();
        let message = format!("DATA\r\nSubject: {subject}\r\n\r\nSubject: not a header\r\n.\r\n");
        for line in [
            "EHLO me\r\n",
            "MAIL FROM:<a@b>\r\n",
            "RCPT TO:<ann@example.org>\r\n",
            &message,
            "QUIT\r\n",
        ] {
            (&stream).write_all(line.as_bytes()).unwrap();
        }
        assert!(replies.any(|reply| reply.is_ok_and(|reply| reply == "221 bye")));
    }

    #[test]
    fn the_code_of_a_delivered_mail_is_found_by_its_address() {
        let sink = Sink::start().unwrap();
        deliver(&sink, "Your verification code: 0471");
        let mail = sink
            .code_after("ann@example.org", 0, Duration::from_secs(5))
            .unwrap();
        assert_eq!(mail.code.as_deref(), Some("0471"));
        assert_eq!(sink.mails("bob@example.org").len(), 0);
    }

    #[test]
    fn a_mail_without_a_code_is_kept_but_is_no_code() {
        let sink = Sink::start().unwrap();
        deliver(&sink, "Your e-mail address is verified");
        assert_eq!(sink.mails("ann@example.org").len(), 1);
        assert!(sink.code_after("ann@example.org", 0, Duration::ZERO).is_none());
    }

    #[test]
    fn a_resent_code_is_newer_than_the_known_one() {
        let sink = Sink::start().unwrap();
        deliver(&sink, "Your verification code: 1111");
        assert!(sink.code_after("ann@example.org", 1, Duration::ZERO).is_none());
        deliver(&sink, "Your verification code: 2222");
        let newest = sink
            .code_after("ann@example.org", 1, Duration::from_secs(5))
            .unwrap();
        assert_eq!(newest.code.as_deref(), Some("2222"));
    }
}
