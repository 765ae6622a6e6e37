//! The controller at work in the gateway's namespace, on a thread of its own.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use usher_sharing::link::{Side, SourceConfig};
use usher_sharing::rate::BitsPerSecond;
use usher_sharing::wire::Desired;

use super::scheme::{NOW, devices};
use super::topology::{SERVER, Topology};
use crate::controller::{Controller, Terms, Tick};
use crate::follow::{Follow, Pinger};
use crate::kernel::Devices;

const ROUND: Duration = Duration::from_millis(500);

enum Order {
    Desired(Box<Desired>, Sender<Result<u64>>),
    Tell(BitsPerSecond),
    Trip(Duration),
    Promised(Sender<Result<u64>>),
    Stop,
}

/// A running controller; it stops when this goes.
pub(crate) struct Gateway {
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Gateway {
    /// Puts the state in force and keeps it so.
    pub(crate) fn start(topology: &Topology, terms: Terms, desired: Desired) -> Result<Self> {
        let follows = !matches!(desired.link().down.source(), SourceConfig::Fixed);
        let (orders, taken) = channel();
        let (ready, begun) = channel();
        let trips = orders.clone();
        let thread = topology.gateway.spawn(move || {
            let mut controller = Controller::new(devices()?, terms);
            let applied = controller.apply(desired, NOW).map(drop);
            let _ = ready.send(applied);
            if follows {
                Pinger::open(SERVER)?.spawn(move |trip| trips.send(Order::Trip(trip)).is_ok());
            }
            work(&mut controller, &taken)
        })?;
        let gateway = Self {
            orders: Some(orders),
            thread: Some(thread),
        };
        begun.recv().map_err(|_| anyhow!("the controller died"))??;
        Ok(gateway)
    }

    /// Puts another state in force; how many changes it took.
    pub(crate) fn apply(&self, desired: Desired) -> Result<u64> {
        self.ask(|answer| Order::Desired(Box::new(desired), answer))
    }

    /// Tells what the link carries now, as a modem would.
    pub(crate) fn tell(&self, rate: BitsPerSecond) {
        if let Some(orders) = &self.orders {
            // A controller that has died is noticed when it is joined.
            let _ = orders.send(Order::Tell(rate));
        }
    }

    /// What the kernel has promised all classes towards the clients together, bytes per second.
    pub(crate) fn promised(&self) -> Result<u64> {
        self.ask(Order::Promised)
    }

    fn ask(&self, order: impl FnOnce(Sender<Result<u64>>) -> Order) -> Result<u64> {
        let (answer, answered) = channel();
        let orders = self
            .orders
            .as_ref()
            .ok_or_else(|| anyhow!("the controller has stopped"))?;
        orders
            .send(order(answer))
            .map_err(|_| anyhow!("the controller died"))?;
        answered.recv().map_err(|_| anyhow!("the controller died"))?
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // Whoever pings has the other end too.
        if let Some(orders) = self.orders.take() {
            let _ = orders.send(Order::Stop);
        }
        if let Some(thread) = self.thread.take()
            && let Ok(Err(error)) = thread.join()
        {
            tracing::error!("the controller ended: {error:#}");
        }
    }
}

fn work(controller: &mut Controller<Devices>, orders: &Receiver<Order>) -> Result<()> {
    let begun = Instant::now();
    let now = || NOW + begun.elapsed();
    let mut last = Instant::now();
    let mut follow = Follow::default();
    loop {
        match orders.recv_timeout((last + ROUND).saturating_duration_since(Instant::now())) {
            Ok(Order::Desired(desired, answer)) => {
                let _ = answer.send(controller.apply(*desired, now()).map_err(Into::into));
            }
            Ok(Order::Tell(rate)) => follow.told[Side::Down as usize] = Some(rate),
            Ok(Order::Trip(trip)) => follow.look(controller, Some(trip), now())?,
            Ok(Order::Promised(answer)) => {
                let promised = crate::kernel::Kernel::observe(controller.kernel(), Side::Down);
                let _ = answer.send(promised.map(|observed| observed.promised(1)).map_err(Into::into));
            }
            Err(RecvTimeoutError::Timeout) => {
                let Tick { drift, .. } = controller.tick(now(), last.elapsed())?;
                tracing::debug!(drift, "round");
                last = Instant::now();
            }
            Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}
