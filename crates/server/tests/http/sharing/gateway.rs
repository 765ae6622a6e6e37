//! A gateway that shapes nothing: it keeps what it is told and says what the test wants said.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::time::timeout;
use usher_sharing::moment::Moment;
use usher_sharing::rate::BitsPerSecond;
use usher_sharing::wire::{
    CapacityReport, Client, Desired, Fairness, FromGateway, Health, Hello, Lines, Neighbour, SideReport,
    SourceKind, Telemetry, Tier, ToGateway, decode, encode,
};

use crate::support::{LINK, TestServer, until};

/// Where the tests' requests come from.
pub(super) const HERE: &str = "127.0.0.1";
/// A device.
pub(super) const LAPTOP: &str = "02:00:00:00:00:01";
/// Another.
pub(super) const PHONE: &str = "02:00:00:00:00:02";

/// A gateway that says nothing for long is taken for dead, however slow the test is.
const BREATH: Duration = Duration::from_secs(1);

/// The gateway of a test.
pub(super) struct Gateway {
    told: Arc<Mutex<Option<Desired>>>,
    say: UnboundedSender<FromGateway>,
    _folder: tempfile::TempDir,
}

impl Gateway {
    /// A server with a link of 20 Mbit/s, and its gateway.
    pub(super) async fn with(settings: &[(&str, &str)]) -> (TestServer, Self) {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("gateway.sock");
        let gateway = Self::listen(socket.clone(), folder);
        let mut all = LINK.to_vec();
        all.push(("USHER_LINK__SOCKET", socket.to_str().unwrap()));
        all.extend_from_slice(settings);
        let server = TestServer::with(&all).await;
        until("the gateway is told", async || gateway.told().is_some()).await;
        (server, gateway)
    }

    fn listen(socket: PathBuf, folder: tempfile::TempDir) -> Self {
        let listener = UnixListener::bind(socket).unwrap();
        let told = Arc::<Mutex<Option<Desired>>>::default();
        let (say, said) = mpsc::unbounded_channel();
        let heard = Arc::clone(&told);
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let (read, write) = stream.into_split();
            tokio::join!(hear(read, heard), speak(write, said));
        });
        Self {
            told,
            say,
            _folder: folder,
        }
    }

    /// The state in force.
    pub(super) fn told(&self) -> Option<Desired> {
        self.told.lock().unwrap().clone()
    }

    /// Who has a share.
    pub(super) fn clients(&self) -> Vec<Client> {
        self.told()
            .map(|state| state.clients().to_vec())
            .unwrap_or_default()
    }

    /// Whether an address has a share.
    pub(super) fn shares(&self, ip: &str) -> bool {
        let ip: IpAddr = ip.parse().unwrap();
        let clients = self.clients();
        let mut addresses = clients.iter().flat_map(|client| &client.addresses);
        addresses.any(|address| address.ip == ip)
    }

    /// Says something.
    pub(super) fn say(&self, what: FromGateway) {
        self.say.send(what).unwrap();
    }

    /// Says who answers where.
    pub(super) fn sees(&self, neighbours: &[(&str, &str)]) {
        let seen = neighbours.iter().map(|(ip, mac)| Neighbour {
            ip: ip.parse().unwrap(),
            mac: mac.parse().unwrap(),
        });
        self.say(FromGateway::Neighbours(seen.collect()));
    }

    /// Reports.
    pub(super) fn reports(&self, report: Telemetry) {
        self.say(FromGateway::Telemetry(Box::new(report)));
    }
}

async fn hear(mut read: OwnedReadHalf, heard: Arc<Mutex<Option<Desired>>>) {
    let mut lines = Lines::new();
    let mut piece = vec![0; 4096];
    while let Ok(count @ 1..) = read.read(&mut piece).await {
        lines.push(&piece[..count]);
        while let Some(line) = lines.next_line().unwrap() {
            let mut state = heard.lock().unwrap();
            *state = Some(match decode(&line).unwrap() {
                ToGateway::Desired(desired) => desired,
                ToGateway::Change(change) => change.apply(state.as_ref().unwrap()).unwrap(),
            });
        }
    }
}

async fn speak(mut write: OwnedWriteHalf, mut said: UnboundedReceiver<FromGateway>) {
    let hello = FromGateway::Hello(Hello {
        program: "test".to_owned(),
        generation: None,
        scenario: None,
    });
    write.write_all(&encode(&hello).unwrap()).await.unwrap();
    let mut seen = encode(&FromGateway::Neighbours(Vec::new())).unwrap();
    loop {
        let line = match timeout(BREATH, said.recv()).await {
            Ok(Some(what)) => {
                let line = encode(&what).unwrap();
                if matches!(what, FromGateway::Neighbours(_)) {
                    seen.clone_from(&line);
                }
                line
            }
            Ok(None) => return,
            Err(_) => seen.clone(),
        };
        if write.write_all(&line).await.is_err() {
            return;
        }
    }
}

/// A report at a second, with nobody active.
pub(super) fn report(second: i64, scenario: Option<&str>) -> Telemetry {
    let rate = BitsPerSecond::mbit;
    Telemetry {
        at: Moment::from_millis(second * 1_000),
        span_ms: 1_000,
        generation: 1,
        tier: Tier::Fifo,
        scenario: scenario.map(|name| name.parse().unwrap()),
        down: SideReport {
            capacity: CapacityReport {
                estimate: rate(20),
                rated: rate(20),
                shaped: rate(19),
                source: SourceKind::Fixed,
                confidence: 100,
                age_ms: None,
            },
            used: BitsPerSecond::ZERO,
            trickle_used: BitsPerSecond::ZERO,
            allocated: BitsPerSecond::ZERO,
            drops: 0,
            latency: None,
            fairness: Fairness {
                jain: 1.0,
                min: 1.0,
                lowest: None,
            },
        },
        up: None,
        signed_in: 0,
        active: 0,
        clients: Vec::new(),
        decisions: Vec::new(),
        health: Health::default(),
    }
}
