//! Classifiers in classic BPF: plain data, nothing to compile or to load first.

use super::message::{Message, attribute, text, u16_at, u32_at};
use super::queue::{self, KIND, OPTIONS};
use crate::kernel::{Filter, Handle, Instruction};

const LENGTH: u16 = 4;
const PROGRAM: u16 = 5;
const NAME: &str = "bpf";

/// The one filter of a qdisc: first preference, every protocol.
pub(super) const INFO: u32 = 1 << 16 | (0x0003_u16.to_be() as u32);

pub(super) fn write(message: Message, filter: &Filter) -> Message {
    let program: Vec<u8> = filter.program.iter().copied().flat_map(bytes).collect();
    let length = filter.program.len() as u16;
    message.text(KIND, NAME).nested(OPTIONS, |options| {
        options
            .bytes(LENGTH, &length.to_ne_bytes())
            .bytes(PROGRAM, &program)
    })
}

/// A dump has a message for the list of filters too, which has no program.
pub(super) fn read(body: &[u8]) -> Option<Filter> {
    let rest = queue::attributes_of(body)?;
    if attribute(rest, KIND).map(text)? != NAME {
        return None;
    }
    let program = attribute(attribute(rest, OPTIONS)?, PROGRAM)?;
    Some(Filter {
        parent: Handle(u32_at(body, 12)?),
        program: program.chunks_exact(8).filter_map(instruction).collect(),
    })
}

fn bytes(instruction: Instruction) -> [u8; 8] {
    let [code_low, code_high] = instruction.code.to_ne_bytes();
    let [a, b, c, d] = instruction.operand.to_ne_bytes();
    let Instruction {
        if_true, if_false, ..
    } = instruction;
    [code_low, code_high, if_true, if_false, a, b, c, d]
}

fn instruction(bytes: &[u8]) -> Option<Instruction> {
    Some(Instruction {
        code: u16_at(bytes, 0)?,
        if_true: *bytes.get(2)?,
        if_false: *bytes.get(3)?,
        operand: u32_at(bytes, 4)?,
    })
}
