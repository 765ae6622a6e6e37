//! Qdiscs and classes as messages, both ways.

use super::message::{CREATE, Message, REPLACE, attribute, text, u32_at, u64_at};
use super::{filter, htb};
use crate::kernel::{Change, Class, Counters, Discipline, Handle, Qdisc};

const NEW_QDISC: u16 = 36;
const REMOVE_QDISC: u16 = 37;
const GET_QDISC: u16 = 38;
const NEW_CLASS: u16 = 40;
const REMOVE_CLASS: u16 = 41;
const GET_CLASS: u16 = 42;
const NEW_FILTER: u16 = 44;
const GET_FILTER: u16 = 46;

pub(super) const KIND: u16 = 1;
pub(super) const OPTIONS: u16 = 2;
const STATISTICS: u16 = 7;
const BASIC: u16 = 1;
const QUEUE: u16 = 3;
const PACKETS64: u16 = 8;

const FQ_CODEL_TARGET: u16 = 1;
const FQ_CODEL_INTERVAL: u16 = 3;

/// Family, device, handle, parent, info.
const FIXED: usize = 20;

#[derive(Clone, Copy)]
pub(super) enum Question {
    Qdiscs,
    Classes,
    Filters,
}

pub(super) fn question(question: Question, device: u32, parent: Handle) -> Message {
    let kind = match question {
        Question::Qdiscs => GET_QDISC,
        Question::Classes => GET_CLASS,
        Question::Filters => GET_FILTER,
    };
    Message::new(kind, 0, &fixed(device, Handle::default(), parent, 0))
}

pub(super) fn message(device: u32, change: &Change) -> Message {
    let none = Handle::default();
    match change {
        Change::SetQdisc(qdisc) => {
            let fixed = fixed(device, qdisc.handle, qdisc.parent, 0);
            write_discipline(
                Message::new(NEW_QDISC, CREATE | REPLACE, &fixed),
                &qdisc.discipline,
            )
        }
        Change::RemoveQdisc { handle, parent } => {
            Message::new(REMOVE_QDISC, 0, &fixed(device, *handle, *parent, 0))
        }
        Change::SetClass(class) => {
            let fixed = fixed(device, class.handle, class.parent, 0);
            Message::new(NEW_CLASS, CREATE, &fixed)
                .text(KIND, "htb")
                .nested(OPTIONS, |options| htb::write_class(options, &class.htb))
        }
        Change::RemoveClass(handle) => Message::new(REMOVE_CLASS, 0, &fixed(device, *handle, none, 0)),
        Change::AddFilter(filter) => {
            let fixed = fixed(device, none, filter.parent, filter::INFO);
            filter::write(Message::new(NEW_FILTER, CREATE, &fixed), filter)
        }
    }
}

fn write_discipline(message: Message, discipline: &Discipline) -> Message {
    let message = message.text(KIND, discipline.kind());
    match discipline {
        Discipline::Htb { default } => message.nested(OPTIONS, |options| htb::write_root(options, *default)),
        Discipline::Bytes { limit } | Discipline::Packets { limit } => message.number(OPTIONS, *limit),
        Discipline::FqCodel { target, interval } => message.nested(OPTIONS, |options| {
            options
                .number(FQ_CODEL_TARGET, *target)
                .number(FQ_CODEL_INTERVAL, *interval)
        }),
        Discipline::Cake | Discipline::Other(_) => message,
    }
}

pub(super) fn read_class(body: &[u8]) -> Option<(Class, Counters)> {
    let rest = attributes_of(body)?;
    if attribute(rest, KIND).map(text)? != "htb" {
        return None;
    }
    let handle = Handle(u32_at(body, 8)?);
    // A class right below its qdisc is said to be below the root.
    let parent = match Handle(u32_at(body, 12)?) {
        Handle::ROOT => Handle::new(handle.major(), 0),
        parent => parent,
    };
    let class = Class {
        handle,
        parent,
        htb: htb::read_class(attribute(rest, OPTIONS)?)?,
    };
    Some((class, counters(rest)))
}

/// Reads one qdisc; a dump may bring those of other devices too.
pub(super) fn read_qdisc(device: u32, body: &[u8]) -> Option<(Qdisc, Counters)> {
    if u32_at(body, 4)? != device {
        return None;
    }
    let rest = attributes_of(body)?;
    let options = attribute(rest, OPTIONS).unwrap_or_default();
    let kind = attribute(rest, KIND).map(text)?;
    let discipline = read_discipline(&kind, options).unwrap_or(Discipline::Other(kind));
    let qdisc = Qdisc {
        handle: Handle(u32_at(body, 8)?),
        parent: Handle(u32_at(body, 12)?),
        discipline,
    };
    Some((qdisc, counters(rest)))
}

fn read_discipline(kind: &str, options: &[u8]) -> Option<Discipline> {
    Some(match kind {
        "htb" => Discipline::Htb {
            default: htb::read_root(options)?,
        },
        "bfifo" => Discipline::Bytes {
            limit: u32_at(options, 0)?,
        },
        "pfifo" => Discipline::Packets {
            limit: u32_at(options, 0)?,
        },
        "fq_codel" => Discipline::FqCodel {
            target: u32_at(attribute(options, FQ_CODEL_TARGET)?, 0)?,
            interval: u32_at(attribute(options, FQ_CODEL_INTERVAL)?, 0)?,
        },
        "cake" => Discipline::Cake,
        _ => return None,
    })
}

fn counters(rest: &[u8]) -> Counters {
    let read = || {
        let statistics = attribute(rest, STATISTICS)?;
        let basic = attribute(statistics, BASIC)?;
        let queue = attribute(statistics, QUEUE)?;
        let packets = match attribute(statistics, PACKETS64) {
            Some(wide) => u64_at(wide, 0)?,
            None => u64::from(u32_at(basic, 8)?),
        };
        Some(Counters {
            bytes: u64_at(basic, 0)?,
            packets,
            backlog: u32_at(queue, 4)?,
            drops: u32_at(queue, 8)?,
        })
    };
    read().unwrap_or_default()
}

pub(super) fn attributes_of(body: &[u8]) -> Option<&[u8]> {
    body.get(FIXED..)
}

fn fixed(device: u32, handle: Handle, parent: Handle, info: u32) -> [u8; FIXED] {
    let mut bytes = [0; FIXED];
    for (at, number) in [(4, device), (8, handle.0), (12, parent.0), (16, info)] {
        bytes[at..at + 4].copy_from_slice(&number.to_ne_bytes());
    }
    bytes
}
