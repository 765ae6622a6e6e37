//! `doctor`: whether this machine can do it.

use std::fs;
use std::os::unix::net::UnixStream;
use std::process::Command;

use usher_sharing::wire::Tier;

use crate::config::Config;
use crate::kernel::{BUNDLING, Devices, Kernel, Offloads, tier};
use crate::{rules, system};

/// Looks at everything and changes nothing. Whether nothing is missing that is needed.
pub(super) fn run(config: &Config) -> bool {
    let mut findings = Findings::default();
    let tier = config.queues.unwrap_or_else(tier::probe);
    findings.add(
        tier != Tier::Fifo,
        true,
        &format!("queues inside a class: {tier:?}"),
    );
    match Devices::open(&config.lan, &config.wan) {
        Ok(mut devices) => {
            findings.add(true, true, &format!("devices {} and {}", config.lan, config.wan));
            queues(&mut devices, &mut findings);
        }
        Err(error) => findings.add(
            false,
            true,
            &format!("devices {} and {}: {error}", config.lan, config.wan),
        ),
    }
    let nft = Command::new("nft").arg("--version").output();
    let nft = nft.is_ok_and(|output| output.status.success());
    findings.add(nft, true, "the program nft");
    for (file, wanted, what, needed) in [
        (
            "/proc/sys/net/ipv4/ip_forward",
            "1",
            "packets are forwarded",
            true,
        ),
        (
            "/proc/sys/net/netfilter/nf_conntrack_acct",
            "1",
            "connections are counted (the start sees to it)",
            false,
        ),
    ] {
        let is = fs::read_to_string(file).unwrap_or_default();
        findings.add(is.trim() == wanted, needed, what);
    }
    for device in [config.lan.as_str(), config.wan.as_str()] {
        let on = Offloads::open().and_then(|mut offloads| offloads.active(device, BUNDLING));
        let off = on.as_ref().is_ok_and(Vec::is_empty);
        findings.add(
            off,
            false,
            &format!("{device}: packets come singly (the start sees to it)"),
        );
    }
    let runs = UnixStream::connect(&config.socket).is_ok();
    findings.add(runs, false, &format!("a gateway at {}", config.socket.display()));
    findings.tell()
}

fn queues(devices: &mut Devices, findings: &mut Findings) {
    use usher_sharing::link::Side;
    for (side, major) in [(Side::Down, rules::DOWN), (Side::Up, rules::UP)] {
        match devices.observe(side) {
            Ok(observed) => match observed.foreign_root(major) {
                None => findings.add(true, true, &format!("the root queue {side:?} is free or ours")),
                Some(foreign) => {
                    let kind = foreign.discipline.kind();
                    findings.add(
                        false,
                        true,
                        &format!("the root queue {side:?} is a {kind} of somebody else"),
                    );
                }
            },
            Err(error) => findings.add(false, true, &format!("queues {side:?}: {error}")),
        }
    }
    let table = devices.table(system::now());
    findings.add(table.is_ok(), true, "the packet filter can be read");
}

#[derive(Default)]
struct Findings(Vec<(bool, bool, String)>);

impl Findings {
    fn add(&mut self, well: bool, needed: bool, what: &str) {
        self.0.push((well, needed, what.to_owned()));
    }

    fn tell(&self) -> bool {
        for (well, needed, what) in &self.0 {
            let word = match (well, needed) {
                (true, _) => "ok     ",
                (false, true) => "MISSING",
                (false, false) => "note   ",
            };
            super::say(&format!("{word} {what}"));
        }
        self.0.iter().all(|(well, needed, _)| *well || !needed)
    }
}
