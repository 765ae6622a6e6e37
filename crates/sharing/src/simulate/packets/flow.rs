//! One flow of packets: what it carries, and how it decides when to send.

use super::bbr::Bbr;
use super::cubic::Cubic;
use super::event::{MILLI, Nanos};
use crate::dice::SeededDice;
use crate::rate::BitsPerSecond;
use crate::simulate::scenario::Traffic;

pub(super) const FULL_BYTES: u32 = 1_514;

#[derive(Debug)]
pub(super) struct Flow {
    pub(super) client: usize,
    pub(super) sender: Sender,
    pub(super) traffic: Traffic,
    pub(super) from: Nanos,
    pub(super) to: Nanos,
    pub(super) on_way: u64,
    /// Packets that are still to be sent; `None`: without end.
    pub(super) left: Option<u64>,
    pub(super) life: u32,
    pub(super) next_send: Nanos,
    pub(super) awake_at: Option<Nanos>,
    begun: Nanos,
    buffered: Nanos,
    sharpness: u64,
    dice: SeededDice,
}

#[derive(Debug)]
pub(super) enum Sender {
    Cubic(Cubic),
    Bbr(Bbr),
    Constant { every: Nanos },
}

/// Steps from the sharpest picture downwards, in sixteenths.
const LADDER: [u64; 5] = [16, 10, 6, 4, 2];
/// A player keeps at most so many segments ahead.
const AHEAD: u64 = 8;

impl Flow {
    pub(super) fn new(client: usize, traffic: Traffic, from: Nanos, to: Nanos, mut dice: SeededDice) -> Self {
        // Nobody starts at the very same moment.
        let from = from + dice.below(20 * MILLI);
        let mut flow = Self {
            client,
            sender: Self::sender(traffic),
            traffic,
            from,
            to,
            on_way: 0,
            left: None,
            life: 0,
            next_send: from,
            awake_at: None,
            begun: from,
            buffered: 0,
            sharpness: *LADDER.last().unwrap_or(&1),
            dice,
        };
        flow.left = flow.portion();
        flow
    }

    fn sender(traffic: Traffic) -> Sender {
        match traffic {
            Traffic::Bbr { .. } => Sender::Bbr(Bbr::new()),
            Traffic::Cbr { rate } => Sender::Constant {
                every: super::event::wire_time(FULL_BYTES, rate),
            },
            Traffic::Cubic { .. } | Traffic::Web { .. } | Traffic::Dash { .. } => Sender::Cubic(Cubic::new()),
        }
    }

    /// Packets of the next page or segment.
    fn portion(&mut self) -> Option<u64> {
        let bytes = match self.traffic {
            Traffic::Web { page_bytes, .. } => self.dice.around(page_bytes),
            Traffic::Dash { best, segment_ms } => segment_bytes(best, segment_ms) * self.sharpness / 16,
            Traffic::Cubic { .. } | Traffic::Bbr { .. } | Traffic::Cbr { .. } => return None,
        };
        Some(bytes.div_ceil(FULL_BYTES.into()).max(1))
    }

    pub(super) const fn is_over(&self, now: Nanos) -> bool {
        now >= self.to
    }

    /// The sender allows one more packet on its way.
    pub(super) fn may_send(&self) -> bool {
        match &self.sender {
            Sender::Cubic(cubic) => self.on_way < cubic.window(),
            Sender::Bbr(bbr) => self.on_way * u64::from(FULL_BYTES) < bbr.window_bytes(),
            Sender::Constant { .. } => true,
        }
    }

    /// One packet is sent now: when the next may be.
    pub(super) fn count_sent(&mut self, now: Nanos) {
        self.next_send = match &self.sender {
            Sender::Cubic(_) => now,
            Sender::Bbr(bbr) => now + (f64::from(FULL_BYTES) * 1e9 / bbr.pace()) as Nanos,
            // No clock is so regular, and none is in step with another.
            Sender::Constant { every } => now + every / 8 * 7 + self.dice.below(every / 4),
        };
        if let Some(left) = &mut self.left {
            *left -= 1;
        }
    }

    /// Everything of a page or segment has arrived.
    pub(super) fn is_done(&self) -> bool {
        self.left == Some(0) && self.on_way == 0
    }

    /// When the next page or segment is asked for, with a sender that starts anew.
    pub(super) fn renew(&mut self, now: Nanos) -> Nanos {
        let took = now.saturating_sub(self.begun).max(1);
        let wait = match self.traffic {
            Traffic::Web { think_ms, .. } => self.dice.around(think_ms) * MILLI,
            Traffic::Dash { best, segment_ms } => self.play_on(best, segment_ms, took),
            Traffic::Cubic { .. } | Traffic::Bbr { .. } | Traffic::Cbr { .. } => 0,
        };
        // A player keeps its connection; a page opens new ones.
        if matches!(self.traffic, Traffic::Web { .. }) {
            self.sender = Self::sender(self.traffic);
        }
        self.life += 1;
        self.left = self.portion();
        self.begun = now + wait;
        now + wait
    }

    /// Chooses how sharp the next segment is and how long the player can wait for it.
    fn play_on(&mut self, best: BitsPerSecond, segment_ms: u64, took: Nanos) -> Nanos {
        let segment = segment_ms * MILLI;
        let bits = segment_bytes(best, segment_ms) * self.sharpness / 16 * 8;
        let speed = u128::from(bits) * 1_000_000_000 / u128::from(took);
        // Eight tenths of what the last segment came at.
        let fits = |step: &&u64| u128::from(best.get()) * u128::from(**step) / 16 * 10 <= speed * 8;
        let lowest = LADDER.last().copied().unwrap_or(1);
        self.sharpness = LADDER.iter().find(fits).copied().unwrap_or(lowest);
        self.buffered = self.buffered.saturating_sub(took) + segment;
        let wait = self.buffered.saturating_sub(segment * (AHEAD - 1));
        self.buffered -= wait;
        wait
    }
}

fn segment_bytes(best: BitsPerSecond, segment_ms: u64) -> u64 {
    best.get() / 8 * segment_ms / 1_000
}
