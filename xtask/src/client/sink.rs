//! A mail server that remembers what matters: for whom, when, and which code. It accepts everything, as
//! long as its mood is kind and no recipient is poison.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::mood::{Act, Mood, Temper, break_hard};

/// Mail for domains that begin like this is never answered.
pub(crate) const TARPIT: &str = "@tarpit";
/// Mail for domains that begin like this is always put off.
pub(crate) const LATER: &str = "@later";

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
    temper: Arc<Temper>,
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
        let sink = Self {
            port,
            shelf: Arc::default(),
            temper: Arc::default(),
        };
        let accepting = sink.clone();
        thread::spawn(move || {
            let mut next = Some(listener);
            while let Some(listener) = next {
                next = accepting.accept(listener);
            }
        });
        Ok(sink)
    }

    /// Accepts until nobody is to listen; when that is over, listens again.
    fn accept(&self, listener: TcpListener) -> Option<TcpListener> {
        for stream in listener.incoming().flatten() {
            if self.temper.now() == Mood::Gone {
                break;
            }
            let sink = self.clone();
            // A client that leaves early, or is killed, is no news here.
            thread::spawn(move || sink.converse(&stream).ok());
        }
        drop(listener);
        self.temper.outlast(Mood::Gone);
        TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).ok()
    }

    /// Changes how it treats everybody, those who are connected too.
    pub(crate) fn turn(&self, mood: Mood) {
        self.temper.turn(mood);
        if mood == Mood::Gone {
            // Whoever comes wakes the one who listens, so that it can leave.
            drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
        }
    }

    /// The same, for a product that is told to insist on encryption.
    pub(crate) fn url_with_encryption(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// The setting that sends the product's mail here.
    pub(crate) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}?tls=none", self.port)
    }

    /// Every mail for this address so far, oldest first.
    pub(crate) fn mails(&self, address: &str) -> Vec<Mail> {
        self.shelf.lock().get(address).cloned().unwrap_or_default()
    }

    /// How many mails have come.
    pub(crate) fn count(&self) -> usize {
        self.shelf.lock().values().map(Vec::len).sum()
    }

    /// When the first mail came.
    pub(crate) fn first(&self) -> Option<Instant> {
        let mails = self.shelf.lock();
        mails.values().flatten().map(|mail| mail.arrived).min()
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

/// What becomes of a conversation.
enum Turn {
    GoOn,
    End,
}

impl Sink {
    fn converse(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut lines = BufReader::new(stream);
        let mut recipients = Vec::new();
        if let Turn::End = self.answer(stream, "", "220 sink")? {
            return Ok(());
        }
        while let Some(line) = next_line(&mut lines)? {
            let verb = line.get(..4).unwrap_or(&line).to_ascii_uppercase();
            if verb == "RCPT" && line.contains(TARPIT) {
                // Until the client has had enough.
                next_line(&mut lines)?;
                return Ok(());
            }
            if verb == "STAR" {
                reply(stream, "220 go on")?;
                reply(stream, "this is no encryption")?;
                return Ok(());
            }
            let turn = match verb.as_str() {
                "EHLO" if self.temper.now() == Mood::BadTls => {
                    self.answer(stream, "EHLO", "250-sink\r\n250 STARTTLS")?
                }
                "EHLO" => self.answer(stream, "EHLO", "250-sink\r\n250 8BITMIME")?,
                "RCPT" if line.contains(LATER) => {
                    reply(stream, "450 4.2.0 later")?;
                    Turn::GoOn
                }
                "RCPT" => {
                    recipients.extend(address_in(&line));
                    self.answer(stream, "RCPT", "250 ok")?
                }
                "DATA" => match self.answer(stream, "DATA", "354 go on")? {
                    Turn::End => Turn::End,
                    Turn::GoOn if self.temper.now().at("DATA").is_some() => Turn::GoOn,
                    Turn::GoOn => self.receive(stream, &mut lines, &mut recipients)?,
                },
                "RSET" => {
                    recipients.clear();
                    self.answer(stream, "RSET", "250 ok")?
                }
                "QUIT" => return reply(stream, "221 bye"),
                other => self.answer(stream, other, "250 ok")?,
            };
            if let Turn::End = turn {
                return Ok(());
            }
        }
        Ok(())
    }

    /// A mail counts as taken when that is said, whatever happens to the connection afterwards.
    fn receive(
        &self,
        stream: &TcpStream,
        lines: &mut impl BufRead,
        recipients: &mut Vec<String>,
    ) -> io::Result<Turn> {
        let code = read_message(lines)?;
        let arrived = Instant::now();
        if matches!(self.temper.now().at("."), None | Some(Act::TakeAndReset)) {
            self.shelf
                .put(std::mem::take(recipients), &Mail { arrived, code });
        }
        recipients.clear();
        self.answer(stream, ".", "250 ok")
    }

    /// Says what is usual at this verb, or does what the mood wants.
    fn answer(&self, stream: &TcpStream, verb: &str, usual: &str) -> io::Result<Turn> {
        let mood = self.temper.now();
        match mood.at(verb) {
            None => reply(stream, usual)?,
            Some(Act::Say(text)) => {
                reply(stream, text)?;
                if text.starts_with("421") {
                    return Ok(Turn::End);
                }
            }
            Some(Act::Close) => return Ok(Turn::End),
            Some(Act::Reset) => {
                break_hard(stream)?;
                return Ok(Turn::End);
            }
            Some(Act::TakeAndReset) => {
                reply(stream, usual)?;
                break_hard(stream)?;
                return Ok(Turn::End);
            }
            Some(Act::Hang) => {
                self.temper.outlast(mood);
                return Ok(Turn::End);
            }
        }
        Ok(Turn::GoOn)
    }
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

    /// What it says to each line, up to its end.
    fn said(sink: &Sink, lines: &[&str]) -> Vec<String> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, sink.port)).unwrap();
        for line in lines {
            // It may have left by then.
            (&stream).write_all(format!("{line}\r\n").as_bytes()).ok();
        }
        BufReader::new(&stream).lines().map_while(Result::ok).collect()
    }

    #[test]
    fn a_foul_mood_strikes_at_its_verb_and_nowhere_else() {
        let sink = Sink::start().unwrap();
        let lines = ["MAIL FROM:<a@b>", "RCPT TO:<ann@example.org>", "QUIT"];
        for (mood, expected) in [
            (Mood::Kind, vec!["220 sink", "250 ok", "250 ok", "221 bye"]),
            (
                Mood::Foul("RCPT", Act::Say("450 later")),
                vec!["220 sink", "250 ok", "450 later", "221 bye"],
            ),
            (Mood::Foul("RCPT", Act::Close), vec!["220 sink", "250 ok"]),
            (Mood::Foul("", Act::Say("421 closing")), vec!["421 closing"]),
        ] {
            sink.turn(mood);
            assert_eq!(said(&sink, &lines), expected, "{mood:?}");
        }
    }

    #[test]
    fn a_sink_that_was_gone_comes_back_to_the_same_place() {
        let sink = Sink::start().unwrap();
        sink.turn(Mood::Gone);
        let there = || TcpStream::connect((Ipv4Addr::LOCALHOST, sink.port)).is_ok();
        until(|| !there());
        sink.turn(Mood::Kind);
        until(there);
        deliver(&sink, "Your verification code: 0471");
        assert_eq!(sink.count(), 1);
    }

    fn until(condition: impl Fn() -> bool) {
        let begun = Instant::now();
        while !condition() {
            assert!(begun.elapsed() < Duration::from_secs(10), "in vain");
            thread::sleep(Duration::from_millis(1));
        }
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
