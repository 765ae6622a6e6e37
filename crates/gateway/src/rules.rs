//! Which packet goes into which class, and who may pass at all: the table `inet usher` as text for `nft`.
//! Pure. Only numbers, addresses and names that were checked ever become text.

mod members;

use std::fmt::Write as _;

use ipnet::IpNet;

use crate::config::DeviceName;
pub(crate) use members::{Member, Members, difference};

pub(crate) const TABLE: &str = "usher";
/// Major numbers of the two trees: towards the clients on the one device, from them on the other.
pub(crate) const DOWN: u16 = 1;
pub(crate) const UP: u16 = 2;

/// What those may do who are not signed in.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Gate {
    /// Where their web requests are sent, on this machine.
    pub(crate) portal: Option<u16>,
    /// Where they may go without signing in.
    pub(crate) garden: Vec<IpNet>,
    /// Everything else passes too, all together in the trickle class.
    pub(crate) trickle: bool,
}

/// The rules around the members.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Rules {
    pub(crate) lan: DeviceName,
    pub(crate) wan: DeviceName,
    /// `None`: nobody is stopped.
    pub(crate) gate: Option<Gate>,
}

impl Rules {
    /// Orders that make or renew the rules and leave the members alone. One transaction.
    pub(crate) fn script(&self) -> String {
        let mut script = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut script);
        script
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let Self { lan, wan, .. } = self;
        writeln!(out, "add table inet {TABLE}")?;
        for (map, of) in [
            ("down4", "ipv4_addr"),
            ("up4", "ipv4_addr"),
            ("down6", "ipv6_addr"),
            ("up6", "ipv6_addr"),
        ] {
            writeln!(
                out,
                "add map inet {TABLE} {map} {{ type {of} : classid; flags timeout; }}"
            )?;
        }
        let hooks = [
            ("passing", "filter hook forward priority mangle"),
            ("own", "filter hook output priority mangle"),
            ("arriving", "filter hook prerouting priority mangle"),
            ("web", "nat hook prerouting priority dstnat"),
        ];
        for (chain, hook) in hooks {
            writeln!(
                out,
                "add chain inet {TABLE} {chain} {{ type {hook}; policy accept; }}"
            )?;
        }
        for chain in [
            "about",
            "strangers",
            "to_strangers",
            "passing",
            "own",
            "arriving",
            "web",
        ] {
            writeln!(out, "add chain inet {TABLE} {chain}")?;
            writeln!(out, "flush chain inet {TABLE} {chain}")?;
        }
        // The comment of a table cannot be changed; that of a rule in a chain nobody calls can.
        writeln!(
            out,
            "add rule inet {TABLE} about return comment \"{}\"",
            self.mark()
        )?;
        let mut rule = |chain: &str, rule: &str| writeln!(out, "add rule inet {TABLE} {chain} {rule}");
        for (chain, device, family, side, field) in [
            ("passing", wan, "ip", "up4", "saddr"),
            ("passing", wan, "ip6", "up6", "saddr"),
            ("passing", lan, "ip", "down4", "daddr"),
            ("passing", lan, "ip6", "down6", "daddr"),
            ("own", lan, "ip", "down4", "daddr"),
            ("own", lan, "ip6", "down6", "daddr"),
        ] {
            if side.ends_with('4') {
                rule(chain, &format!("oifname \"{device}\" meta priority set 0:0"))?;
            }
            rule(
                chain,
                &format!("oifname \"{device}\" meta priority set {family} {field} map @{side}"),
            )?;
        }
        for test in ["ct bytes < 60000", "meta length < 200"] {
            rule(
                "passing",
                &format!(
                    "{test} meta mark set meta mark | 0x{:x}",
                    crate::shape::INTERACTIVE
                ),
            )?;
        }
        self.write_gate(&mut rule)
    }

    fn write_gate(&self, rule: &mut impl FnMut(&str, &str) -> std::fmt::Result) -> std::fmt::Result {
        let Self { lan, wan, gate } = self;
        let Some(gate) = gate else { return Ok(()) };
        rule(
            "passing",
            &format!("iifname \"{lan}\" oifname \"{wan}\" meta priority 0:0 jump strangers"),
        )?;
        rule(
            "passing",
            &format!("iifname \"{wan}\" oifname \"{lan}\" meta priority 0:0 jump to_strangers"),
        )?;
        for protocol in ["udp", "tcp"] {
            rule("strangers", &format!("{protocol} dport 53 return"))?;
            rule("to_strangers", &format!("{protocol} sport 53 return"))?;
        }
        for network in &gate.garden {
            let family = family(network);
            rule("strangers", &format!("{family} daddr {network} return"))?;
            rule("to_strangers", &format!("{family} saddr {network} return"))?;
        }
        let verdict = if gate.trickle { "return" } else { "drop" };
        rule("strangers", verdict)?;
        rule("to_strangers", verdict)?;
        let Some(portal) = gate.portal else { return Ok(()) };
        // The priority is only a note from one chain to the next here: forwarding sets it anew.
        for (family, side) in [("ip", "up4"), ("ip6", "up6")] {
            if family == "ip" {
                rule("arriving", &format!("iifname \"{lan}\" meta priority set 0:0"))?;
            }
            rule(
                "arriving",
                &format!("iifname \"{lan}\" meta priority set {family} saddr map @{side}"),
            )?;
        }
        for network in &gate.garden {
            let family = family(network);
            rule(
                "web",
                &format!("iifname \"{lan}\" {family} daddr {network} return"),
            )?;
        }
        let request = "meta priority 0:0 tcp dport 80 fib daddr type != local";
        rule(
            "web",
            &format!("iifname \"{lan}\" {request} redirect to :{portal}"),
        )
    }

    /// How many rules the script makes.
    pub(crate) fn count(&self) -> usize {
        self.script()
            .lines()
            .filter(|line| line.starts_with("add rule"))
            .count()
    }

    /// What the table says about itself: two programs with the same rules write the same.
    pub(crate) fn mark(&self) -> String {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in format!("{self:?}").bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        format!("usher-gateway rules {hash:016x}")
    }
}

fn family(network: &IpNet) -> &'static str {
    match network {
        IpNet::V4(_) => "ip",
        IpNet::V6(_) => "ip6",
    }
}

/// Orders that take everything away that is ours.
pub(crate) fn removal() -> String {
    format!("delete table inet {TABLE}\n")
}

#[cfg(test)]
mod tests;
