//! Those who are connected, and what they are told.

use std::io::Write;
use std::os::unix::net::UnixStream;

use serde::Serialize;
use usher_sharing::wire::{FromGateway, Neighbour, encode};

/// One connection. Writing never waits longer than its timeout.
pub(super) struct Peer {
    pub(super) number: u64,
    pub(super) stream: UnixStream,
}

#[derive(Default)]
pub(super) struct Peers {
    peers: Vec<Peer>,
    neighbours: Vec<Neighbour>,
}

impl Peers {
    pub(super) fn add(&mut self, peer: Peer) {
        self.peers.push(peer);
    }

    pub(super) fn forget(&mut self, number: u64) {
        self.peers.retain(|peer| peer.number != number);
    }

    pub(super) fn tell(&mut self, number: u64, what: &FromGateway) {
        self.write(what, |peer| peer.number == number);
    }

    pub(super) fn tell_all(&mut self, what: &FromGateway) {
        self.write(what, |_| true);
    }

    /// Tells who answers where, when that has changed.
    pub(super) fn tell_neighbours(&mut self, mut neighbours: Vec<Neighbour>) {
        neighbours.sort_unstable_by_key(|neighbour| (neighbour.ip, neighbour.mac));
        if neighbours != self.neighbours {
            self.neighbours.clone_from(&neighbours);
            self.tell_all(&FromGateway::Neighbours(neighbours));
        }
    }

    /// Who does not take it in time is cut off: half a line would spoil all that follow.
    fn write(&mut self, what: &impl Serialize, to: impl Fn(&Peer) -> bool) {
        let line = match encode(what) {
            Ok(line) => line,
            Err(error) => return tracing::error!(%error, "cannot be said"),
        };
        self.peers.retain_mut(|peer| {
            if !to(peer) || peer.stream.write_all(&line).is_ok() {
                return true;
            }
            let _ = peer.stream.shutdown(std::net::Shutdown::Both);
            false
        });
    }
}
