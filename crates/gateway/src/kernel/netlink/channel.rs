//! One netlink socket: batches with a single acknowledgement, dumps, refusals with the kernel's words.

use std::io;

use netlink_sys::{Socket, SocketAddr};

use super::message::{ACK, DUMP, HEADER, Message, attribute, split, text, u32_at};
use crate::kernel::Refused;

/// More messages in one send gain nothing and come near the socket's buffer.
const BATCH: usize = 128;
/// A dump that changes happened under is asked again this often.
const DUMPS: usize = 5;

const ERROR: u16 = 2;
const DONE: u16 = 3;
const CAPPED: u16 = 0x100;
const HAS_ATTRIBUTES: u16 = 0x200;
const INTERRUPTED: u16 = 0x10;
const MESSAGE: u16 = 1;

pub(super) struct Channel {
    socket: Socket,
    sequence: u32,
    /// What was sent since the start, for those who promise to send nothing.
    sent: u64,
}

impl Channel {
    pub(super) fn open(protocol: isize) -> io::Result<Self> {
        let mut socket = Socket::new(protocol)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        // Older kernels know neither; their refusals are then numbers only.
        let _ = socket.set_ext_ack(true);
        let _ = socket.set_cap_ack(true);
        let _ = socket.set_rx_buf_sz(1_u32 << 20);
        Ok(Self {
            socket,
            sequence: 0,
            sent: 0,
        })
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// Sends all messages, also after a refusal, and returns what was refused by position.
    pub(super) fn run(&mut self, messages: Vec<Message>) -> io::Result<Vec<(usize, Refused)>> {
        let mut refused = Vec::new();
        let mut messages = messages.into_iter().peekable();
        let mut position = 0;
        while messages.peek().is_some() {
            let first = self.sequence.wrapping_add(1);
            let mut bytes = Vec::new();
            let mut taken = 0;
            while taken < BATCH
                && let Some(message) = messages.next()
            {
                taken += 1;
                self.sequence = self.sequence.wrapping_add(1);
                let last = taken == BATCH || messages.peek().is_none();
                bytes.extend(message.seal(if last { ACK } else { 0 }, self.sequence));
            }
            self.sent += taken as u64;
            self.socket.send(&bytes, 0)?;
            self.answers(self.sequence, |sequence, why| {
                refused.push((position + sequence.wrapping_sub(first) as usize, why));
            })?;
            position += taken;
        }
        Ok(refused)
    }

    /// Reads until the message with this number was answered.
    fn answers(&mut self, last: u32, mut refuse: impl FnMut(u32, Refused)) -> io::Result<()> {
        let mut buffer = Vec::with_capacity(1 << 16);
        loop {
            buffer.clear();
            self.socket.recv(&mut buffer, 0)?;
            for received in split(&buffer).filter(|received| received.kind == ERROR) {
                if let Some(why) = refusal(received.body, received.flags) {
                    refuse(received.sequence, why);
                }
                if received.sequence == last {
                    return Ok(());
                }
            }
        }
    }

    /// Asks for a dump; `each` sees the body of every message. A dump that was torn is asked again.
    pub(super) fn dump<T>(
        &mut self,
        question: &Message,
        mut each: impl FnMut(&[u8]) -> Option<T>,
    ) -> Result<Vec<T>, Refused> {
        let mut found = Vec::new();
        for _ in 0..DUMPS {
            found.clear();
            if self.dump_once(question, &mut |body| found.extend(each(body)))? {
                break;
            }
        }
        Ok(found)
    }

    fn dump_once(&mut self, question: &Message, each: &mut impl FnMut(&[u8])) -> Result<bool, Refused> {
        self.sequence = self.sequence.wrapping_add(1);
        let bytes = question.clone().seal(DUMP, self.sequence);
        self.socket.send(&bytes, 0)?;
        let mut whole = true;
        let mut buffer = Vec::with_capacity(1 << 16);
        loop {
            buffer.clear();
            self.socket.recv(&mut buffer, 0)?;
            let ours = |number| number == self.sequence;
            for received in split(&buffer).filter(|received| ours(received.sequence)) {
                whole &= received.flags & INTERRUPTED == 0;
                match received.kind {
                    DONE => return Ok(whole),
                    ERROR => match refusal(received.body, received.flags) {
                        Some(why) => return Err(why),
                        None => return Ok(whole),
                    },
                    _ => each(received.body),
                }
            }
        }
    }

    /// Asks one question that has one answer.
    pub(super) fn ask<T>(
        &mut self,
        question: Message,
        mut read: impl FnMut(&[u8]) -> Option<T>,
    ) -> Result<Option<T>, Refused> {
        self.sequence = self.sequence.wrapping_add(1);
        self.socket.send(&question.seal(ACK, self.sequence), 0)?;
        let mut answer = None;
        let mut buffer = Vec::with_capacity(1 << 16);
        loop {
            buffer.clear();
            self.socket.recv(&mut buffer, 0)?;
            for received in split(&buffer).filter(|received| received.sequence == self.sequence) {
                if received.kind != ERROR {
                    answer = read(received.body);
                } else if let Some(why) = refusal(received.body, received.flags) {
                    return Err(why);
                } else {
                    return Ok(answer);
                }
            }
        }
    }
}

/// What an error message says; an acknowledgement says nothing.
fn refusal(body: &[u8], flags: u16) -> Option<Refused> {
    let code = u32_at(body, 0)? as i32;
    if code == 0 {
        return None;
    }
    let quoted = if flags & CAPPED == 0 {
        u32_at(body, 4)? as usize
    } else {
        HEADER
    };
    let words = (flags & HAS_ATTRIBUTES != 0)
        .then(|| body.get(4 + quoted.next_multiple_of(4)..))
        .flatten()
        .and_then(|rest| attribute(rest, MESSAGE))
        .map(text);
    Some(Refused::new(-code, words.unwrap_or_default()))
}
