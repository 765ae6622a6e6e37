//! Addresses and the class they belong to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use usher_sharing::moment::Moment;

use super::{DOWN, TABLE, UP};

/// An element that differs by less than this is the same: the kernel counts in whole seconds.
const SAME: Duration = Duration::from_secs(3);

/// The kernel does not count further than this; and ends beyond `FAR` are all the same, so that they are
/// not renewed all the time.
const LONGEST: Duration = Duration::from_hours(365 * 24);
const FAR: Duration = Duration::from_hours(90 * 24);

/// The class of an address, and when that ends by itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Member {
    pub(crate) slot: u16,
    pub(crate) until: Moment,
}

impl Member {
    fn same(self, other: Self, now: Moment) -> bool {
        let far = |member: Self| member.until > now + FAR;
        let apart = self.until.since(other.until).max(other.until.since(self.until));
        self.slot == other.slot && (apart <= SAME || far(self) && far(other))
    }
}

pub(crate) type Members = BTreeMap<IpAddr, Member>;

/// A transaction has to fit into the buffer of a socket, which without all rights is small.
const CHUNK: usize = 400;

/// Transactions that lead from the members there are to those there shall be. Whatever is about one
/// address, in both directions, is in one of them.
pub(crate) fn difference(observed: &Members, wanted: &Members, now: Moment) -> Vec<String> {
    let same = |one: Option<&Member>, other: &Member| one.is_some_and(|one| one.same(*other, now));
    let gone = observed
        .iter()
        .filter(|(address, member)| !same(wanted.get(address), member));
    let new = wanted
        .iter()
        .filter(|(address, member)| !same(observed.get(address), member));
    let touched: BTreeSet<IpAddr> = gone.chain(new).map(|(address, _)| *address).collect();
    let touched: Vec<IpAddr> = touched.into_iter().collect();
    let of = |members: &Members, chunk: &[IpAddr]| -> Vec<(IpAddr, Member)> {
        let found = chunk
            .iter()
            .filter_map(|address| Some((*address, *members.get(address)?)));
        found.collect()
    };
    let transaction = |chunk: &[IpAddr]| {
        let (gone, new) = (of(observed, chunk), of(wanted, chunk));
        let mut script = String::new();
        let whole = |address: &IpAddr, member: &Member, major| element(*address, member, major, now);
        // One that has just ended by itself cannot be deleted; adding it once more first makes it exist.
        write(&mut script, &gone, whole, "add");
        write(
            &mut script,
            &gone,
            |address, _, _| format!("{address}, "),
            "delete",
        );
        write(&mut script, &new, whole, "add");
        script
    };
    touched.chunks(CHUNK).map(transaction).collect()
}

fn element(address: IpAddr, member: &Member, major: u16, now: Moment) -> String {
    let seconds = member.until.since(now).min(LONGEST).as_secs().max(1);
    format!("{address} timeout {seconds}s : {major:x}:{:x}, ", member.slot)
}

/// One order for each map: a line for each element would take the program ten times as long.
fn write(
    script: &mut String,
    elements: &[(IpAddr, Member)],
    text: impl Fn(&IpAddr, &Member, u16) -> String,
    order: &str,
) {
    let maps = [
        ("down4", DOWN, true),
        ("up4", UP, true),
        ("down6", DOWN, false),
        ("up6", UP, false),
    ];
    for (map, major, ipv4) in maps {
        let mut fitting = elements
            .iter()
            .filter(|(address, _)| address.is_ipv4() == ipv4)
            .peekable();
        if fitting.peek().is_none() {
            continue;
        }
        // Writing to a string cannot fail.
        let _ = write!(script, "{order} element inet {TABLE} {map} {{ ");
        for (address, member) in fitting {
            script.push_str(&text(address, member, major));
        }
        script.push_str("}\n");
    }
}
