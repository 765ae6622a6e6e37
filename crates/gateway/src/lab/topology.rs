//! Server, gateway, switch and clients, each in a namespace of its own, with veth pairs for cables.

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Result;

use super::satellite::{GROUND, Orbit, SKY, fly};
use super::space::Space;
use crate::kernel::{BUNDLING, CHECKSUMS, Netlink, Offloads};

pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(10, 78, 0, 2);
pub(crate) const LAN: &str = "lan";
pub(crate) const WAN: &str = "wan";

pub(crate) struct Topology {
    pub(crate) gateway: Space,
    pub(crate) server: Space,
    pub(crate) clients: Vec<Space>,
    switch: Space,
    satellite: Option<Satellite>,
}

/// Where the satellite is emulated, until this goes.
struct Satellite {
    space: Space,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Satellite {
    fn new() -> Result<Self> {
        Ok(Self {
            space: Space::new("satellite")?,
            stop: Arc::default(),
            thread: None,
        })
    }

    fn launch(&mut self, orbit: Orbit) -> Result<()> {
        let stop = Arc::clone(&self.stop);
        let fly = move || fly(&orbit, &|| stop.load(Ordering::Relaxed));
        self.thread = Some(self.space.spawn(fly)?);
        Ok(())
    }
}

impl Drop for Satellite {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take()
            && let Ok(Err(error)) = thread.join()
        {
            tracing::error!("the satellite is lost: {error:#}");
        }
    }
}

/// Address of a client, counted from zero.
pub(crate) fn address(client: usize) -> Ipv4Addr {
    let number = client as u16 + 0x100;
    let [high, low] = number.to_be_bytes();
    Ipv4Addr::new(10, 77, high, low)
}

impl Topology {
    /// `server ── gateway ══ switch ── clients`, with so long a way between server and gateway.
    pub(crate) fn build(clients: usize, one_way: Option<Duration>) -> Result<Self> {
        let orbit = one_way.map(|delay| Orbit {
            delay,
            capacity: Vec::new(),
            queue: 10_000_000,
        });
        Self::under(clients, orbit)
    }

    /// The same with a satellite between server and gateway.
    pub(crate) fn under(clients: usize, orbit: Option<Orbit>) -> Result<Self> {
        let satellite = orbit.is_some().then(Satellite::new).transpose()?;
        let mut topology = Self {
            gateway: Space::new("gateway")?,
            server: Space::new("server")?,
            switch: Space::new("switch")?,
            clients: (0..clients)
                .map(|_| Space::new("client"))
                .collect::<Result<_>>()?,
            satellite,
        };
        topology.cable()?;
        topology.address()?;
        topology.without_offloads()?;
        if let (Some(satellite), Some(orbit)) = (&mut topology.satellite, orbit) {
            satellite.launch(orbit)?;
        }
        Ok(topology)
    }

    fn cable(&self) -> Result<()> {
        let cable = |from: &Space, here: &str, to: &Space, there: &str| {
            from.ip(&format!(
                "link add {here} type veth peer name {there} netns {}\n",
                to.path()
            ))
        };
        match &self.satellite {
            None => cable(&self.gateway, WAN, &self.server, "net")?,
            Some(Satellite { space, .. }) => {
                cable(&self.gateway, WAN, space, GROUND)?;
                cable(&self.server, "net", space, SKY)?;
                space.set(&[("ipv6/conf/all/disable_ipv6", "1")])?;
                space.ip(&format!("link set {GROUND} up\nlink set {SKY} up\n"))?;
            }
        }
        cable(&self.gateway, LAN, &self.switch, "trunk")?;
        self.switch
            .ip("link add bridge type bridge\nlink set bridge up\n")?;
        self.switch
            .ip("link set trunk master bridge\nlink set trunk up\n")?;
        for (number, client) in self.clients.iter().enumerate() {
            cable(&self.switch, &port(number), client, "lan")?;
            self.switch.ip(&format!(
                "link set {0} master bridge\nlink set {0} up\n",
                port(number)
            ))?;
        }
        Ok(())
    }

    fn address(&self) -> Result<()> {
        self.gateway.ip(&format!(
            "link set {LAN} up\nlink set {WAN} up\naddr add 10.77.0.1/16 dev {LAN}\naddr add 10.78.0.1/24 dev {WAN}\n"
        ))?;
        self.gateway
            .set(&[("ipv4/ip_forward", "1"), ("netfilter/nf_conntrack_acct", "1")])?;
        self.server.ip(&format!(
            "link set net up\naddr add {SERVER}/24 dev net\nroute add default via 10.78.0.1\n"
        ))?;
        // Large enough that a window of 600 ms at 20 Mbit/s fits.
        let windows = [
            ("ipv4/tcp_wmem", "4096 65536 8388608"),
            ("ipv4/tcp_no_metrics_save", "1"),
        ];
        self.server.set(&windows)?;
        for (number, client) in self.clients.iter().enumerate() {
            let address = address(number);
            client.ip(&format!(
                "link set lan up\naddr add {address}/16 dev lan\nroute add default via 10.77.0.1\n"
            ))?;
            client.set(&[("ipv4/tcp_rmem", "4096 131072 16777216")])?;
        }
        Ok(())
    }

    /// Shaping wants packets, and the emulator whole checksums.
    fn without_offloads(&self) -> Result<()> {
        let all = [BUNDLING, CHECKSUMS].concat();
        let ends = [
            (&self.gateway, LAN),
            (&self.gateway, WAN),
            (&self.server, "net"),
            (&self.switch, "trunk"),
        ];
        let clients = self.clients.iter().map(|client| (client, "lan"));
        for (space, device) in ends.into_iter().chain(clients) {
            space.run(|| Ok(Offloads::open()?.set(device, &all, false)?))?;
        }
        Ok(())
    }

    /// Reads what the switch has sent to each client, from inside the switch.
    pub(crate) fn ports(&self) -> Result<Ports> {
        let count = self.clients.len();
        self.switch.run(move || {
            let mut netlink = Netlink::open()?;
            let numbers = (0..count).map(|number| netlink.device(&port(number)));
            let numbers = numbers.collect::<Result<_, _>>()?;
            Ok(Ports { netlink, numbers })
        })
    }

    /// Everything that could differ afterwards, as text.
    pub(crate) fn dumps(&self) -> Result<String> {
        let mut dumps = String::new();
        for (program, arguments) in [
            ("tc", &["qdisc", "show"][..]),
            ("tc", &["class", "show", "dev", LAN]),
            ("tc", &["class", "show", "dev", WAN]),
            ("nft", &["list", "ruleset"]),
        ] {
            writeln!(dumps, "{}", self.gateway.ask(program, arguments)?)?;
        }
        Ok(dumps)
    }
}

fn port(number: usize) -> String {
    format!("port{number}")
}

/// The ports of the switch towards the clients.
pub(crate) struct Ports {
    netlink: Netlink,
    numbers: Vec<u32>,
}

impl Ports {
    /// Bytes sent to each client so far.
    pub(crate) fn bytes(&mut self) -> Result<Vec<u64>> {
        let all = self.netlink.traffic()?;
        let sent = |number: &u32| {
            all.iter()
                .find(|link| link.device == *number)
                .map_or(0, |link| link.sent)
        };
        Ok(self.numbers.iter().map(sent).collect())
    }
}
