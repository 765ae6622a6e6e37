//! A satellite between two cables: so long a way, so many bytes waiting at its foot, so many bit/s at a
//! time. Frames are forwarded by hand.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::ifaddrs::getifaddrs;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::socket::{
    AddressFamily, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, recvfrom, sendto, socket,
};
use nix::sys::time::{TimeSpec, TimeValLike};

pub(crate) const GROUND: &str = "ground";
pub(crate) const SKY: &str = "sky";
/// A frame that this host sent itself.
const OUTGOING: u8 = 4;
const BATCH: usize = 64;

/// What the satellite does to what passes, on its way down to the gateway.
#[derive(Clone, Debug)]
pub(crate) struct Orbit {
    /// One way.
    pub(crate) delay: Duration,
    /// From when on which rate, bit/s; without steps it is as quick as the machine.
    pub(crate) capacity: Vec<(Instant, u64)>,
    /// Bytes that may wait at the foot.
    pub(crate) queue: usize,
}

impl Orbit {
    fn rate(&self, now: Instant) -> Option<u64> {
        let past = self.capacity.iter().take_while(|(from, _)| *from <= now);
        past.last().or(self.capacity.first()).map(|(_, rate)| *rate)
    }
}

/// A direction: what waits for its turn, and what is on its way.
struct Leg {
    to: LinkAddr,
    waiting: VecDeque<(Instant, Vec<u8>)>,
    waiting_bytes: usize,
    /// When the last frame will have left the foot.
    free_at: Instant,
    flying: VecDeque<(Instant, Vec<u8>)>,
}

impl Leg {
    fn new(to: LinkAddr) -> Self {
        Self {
            to,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            free_at: Instant::now(),
            flying: VecDeque::new(),
        }
    }

    fn take(&mut self, frame: &[u8], limit: usize) {
        if self.waiting_bytes + frame.len() <= limit {
            self.waiting_bytes += frame.len();
            self.waiting.push_back((Instant::now(), frame.to_vec()));
        }
    }

    /// Lets leave what has had its turn by now.
    fn launch(&mut self, orbit: &Orbit, limited: bool, now: Instant) {
        while let Some((arrived, _)) = self.waiting.front() {
            let begin = self.free_at.max(*arrived);
            if begin > now {
                return;
            }
            let Some((_, frame)) = self.waiting.pop_front() else {
                return;
            };
            self.waiting_bytes -= frame.len();
            let turn = orbit.rate(now).filter(|_| limited);
            let turn = turn.map_or(0, |rate| frame.len() as u64 * 8 * 1_000_000_000 / rate.max(1));
            self.free_at = begin + Duration::from_nanos(turn);
            self.flying.push_back((self.free_at + orbit.delay, frame));
        }
    }

    /// When this leg has something to do next.
    fn next(&self) -> Option<Instant> {
        let landing = self.flying.front().map(|(at, _)| *at);
        let launch = (!self.waiting.is_empty()).then_some(self.free_at);
        landing.into_iter().chain(launch).min()
    }

    fn land(&mut self, socket: &OwnedFd, now: Instant) {
        while let Some((at, _)) = self.flying.front() {
            if *at > now {
                return;
            }
            if let Some((_, frame)) = self.flying.pop_front() {
                // A cable that is full loses frames, as cables do.
                let _ = sendto(socket.as_raw_fd(), &frame, &self.to, MsgFlags::MSG_DONTWAIT);
            }
        }
    }
}

/// Forwards in this thread's namespace until told to stop.
pub(crate) fn fly(orbit: &Orbit, stop: &dyn Fn() -> bool) -> Result<()> {
    let socket = socket(
        AddressFamily::Packet,
        SockType::Raw,
        SockFlag::SOCK_NONBLOCK,
        SockProtocol::EthAll,
    )
    .context("raw frames")?;
    let (ground, sky) = (device(GROUND)?, device(SKY)?);
    let (from_ground, from_sky) = (ground.ifindex(), sky.ifindex());
    let (mut up, mut down) = (Leg::new(sky), Leg::new(ground));
    let mut frame = [0; 2048];
    while !stop() {
        let now = Instant::now();
        for (leg, limited) in [(&mut up, false), (&mut down, true)] {
            leg.launch(orbit, limited, now);
            leg.land(&socket, now);
        }
        let next = up.next().into_iter().chain(down.next()).min();
        let wait = next.map_or(Duration::from_millis(20), |next| {
            next.saturating_duration_since(Instant::now())
        });
        sleep_or_receive(&socket, wait.min(Duration::from_millis(20)))?;
        for _ in 0..BATCH {
            let (length, from) = match recvfrom::<LinkAddr>(socket.as_raw_fd(), &mut frame) {
                Ok((length, Some(from))) => (length.min(frame.len()), from),
                Ok((_, None)) => continue,
                Err(nix::Error::EAGAIN) => break,
                Err(error) => return Err(error.into()),
            };
            if from.pkttype() == OUTGOING {
                continue;
            }
            let index = from.ifindex();
            if index == from_ground {
                up.take(&frame[..length], usize::MAX / 2);
            } else if index == from_sky {
                down.take(&frame[..length], orbit.queue);
            }
        }
    }
    Ok(())
}

fn sleep_or_receive(socket: &OwnedFd, wait: Duration) -> io::Result<()> {
    let mut sockets = [PollFd::new(socket.as_fd(), PollFlags::POLLIN)];
    let wait = TimeSpec::nanoseconds(wait.as_nanos() as i64);
    match ppoll(&mut sockets, Some(wait), None) {
        Ok(_) | Err(nix::Error::EINTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The address of a cable's end, with which frames are sent into it.
fn device(name: &str) -> Result<LinkAddr> {
    let mut all = getifaddrs()?.filter(|device| device.interface_name == name);
    let found = all.find_map(|device| device.address?.as_link_addr().copied());
    found.with_context(|| format!("no cable {name}"))
}
