//! A run: sinks and echoes everywhere, senders by the second, and what they found.

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use usher_sharing::rate::BitsPerSecond;

use super::meter::Record;
use super::topology::{SERVER, Topology, address};
use super::traffic::{Congestion, Download, Echo, Fetch, Ping, Span, Trip, flood, serve_pages, sink};

const SINK: u16 = 5001;
const PAGES: u16 = 8080;
const ECHO: u16 = 7;
const DISCARD: u16 = 9;
/// Time to start every thread before the first second begins.
const AHEAD: Duration = Duration::from_millis(300);
/// Sinks and meters stay a little longer than the senders.
const AFTER: Duration = Duration::from_millis(200);
const PING_EVERY: Duration = Duration::from_millis(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);

type Hand<T> = JoinHandle<Result<T>>;

pub(crate) struct Stage<'a> {
    topology: &'a Topology,
    begun: Instant,
    seconds: f64,
    /// Seconds of the plan to seconds of the clock.
    scale: f64,
    hands: Vec<Hand<()>>,
}

impl<'a> Stage<'a> {
    /// `seconds` in plan time; `scale` shortens or stretches all of it.
    pub(crate) fn open(topology: &'a Topology, seconds: f64, scale: f64) -> Result<Self> {
        Self::open_at(topology, Instant::now() + AHEAD, seconds, scale)
    }

    /// The same, with its first second at this moment.
    pub(crate) fn open_at(topology: &'a Topology, begun: Instant, seconds: f64, scale: f64) -> Result<Self> {
        let mut stage = Self {
            topology,
            begun,
            seconds,
            scale,
            hands: Vec::new(),
        };
        let over = stage.at(seconds) + AFTER;
        for client in &topology.clients {
            stage.hands.push(client.spawn(move || sink(SINK, over))?);
        }
        let echo = topology.server.run(|| Echo::open(ECHO))?;
        let answering = topology.server.spawn(move || {
            echo.answer(over + Duration::from_secs(1));
            Ok(())
        })?;
        let serving = topology
            .server
            .spawn(move || serve_pages(PAGES, over + Duration::from_secs(1)))?;
        stage.hands.extend([answering, serving]);
        Ok(stage)
    }

    pub(crate) fn at(&self, seconds: f64) -> Instant {
        self.begun + Duration::from_secs_f64(seconds * self.scale)
    }

    fn span(&self, from: f64, until: f64) -> Span {
        Span {
            from: self.at(from),
            until: self.at(until),
        }
    }

    pub(crate) fn whole(&self) -> Span {
        self.span(0.0, self.seconds)
    }

    pub(crate) fn download(
        &mut self,
        client: usize,
        congestion: Congestion,
        from: f64,
        until: f64,
    ) -> Result<()> {
        self.paced(client, congestion, None, from, until)
    }

    pub(crate) fn paced(
        &mut self,
        client: usize,
        congestion: Congestion,
        pace: Option<BitsPerSecond>,
        from: f64,
        until: f64,
    ) -> Result<()> {
        let download = Download {
            to: (address(client), SINK),
            congestion,
            pace: pace.map(BitsPerSecond::get),
            span: self.span(from, until),
        };
        self.hands
            .push(self.topology.server.spawn(move || download.send().map(drop))?);
        Ok(())
    }

    /// A transfer that says how much the kernel took of it.
    pub(crate) fn counted(
        &self,
        client: usize,
        congestion: Congestion,
        from: f64,
        until: f64,
    ) -> Result<Hand<u64>> {
        let download = Download {
            to: (address(client), SINK),
            congestion,
            pace: None,
            span: self.span(from, until),
        };
        self.topology.server.spawn(move || download.send())
    }

    pub(crate) fn flood(&mut self, client: usize, rate: BitsPerSecond, from: f64, until: f64) -> Result<()> {
        let span = self.span(from, until);
        let target = (address(client), DISCARD);
        self.hands.push(
            self.topology
                .server
                .spawn(move || flood(&[target], rate.get(), span).map(drop))?,
        );
        Ok(())
    }

    pub(crate) fn ping(&self, client: usize) -> Result<Hand<Vec<Trip>>> {
        let ping = Ping {
            from: None,
            to: (SERVER, ECHO),
            interval: PING_EVERY,
            span: self.whole(),
        };
        self.topology.clients[client].spawn(move || ping.run())
    }

    pub(crate) fn fetch(&self, client: usize, from: f64, until: f64) -> Result<Hand<Vec<Duration>>> {
        let fetch = Fetch {
            from: (SERVER, PAGES),
            pause: Duration::from_millis(50),
            span: self.span(from, until),
        };
        self.topology.clients[client].spawn(move || Ok(fetch.run()))
    }

    pub(crate) fn record(&self) -> Result<Hand<Record>> {
        let ports = self.topology.ports()?;
        let over = self.at(self.seconds) + AFTER;
        self.topology
            .gateway
            .spawn(move || Record::take(ports, LOOK_EVERY, over))
    }

    /// Waits for everybody who is still at work.
    pub(crate) fn close(self) -> Result<()> {
        self.hands.into_iter().try_for_each(joined)
    }
}

pub(crate) fn joined<T>(hand: Hand<T>) -> Result<T> {
    hand.join().map_err(|_| anyhow!("a thread of the lab died"))?
}
