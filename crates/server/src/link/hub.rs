//! What is known about the link at this moment, and the last quarter of an hour of it; who watches hears of
//! every report as it comes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::{broadcast, watch};
use usher_sharing::wire::Telemetry;
use utoipa::ToSchema;

/// Reports kept in memory.
const RECENT: usize = 900;
/// Clients of a report that are shown and kept; the active ones come first.
const CLIENTS: usize = 200;
/// Reports a watcher may lag behind.
const LAG: usize = 8;

/// How the gateway is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Agent {
    /// Whether it is there.
    pub connected: bool,
    /// The version of its program.
    pub program: Option<String>,
    /// The state in force, by its generation.
    pub generation: Option<u64>,
    /// What is wrong, for people.
    pub detail: Option<String>,
}

/// What watchers hear.
#[derive(Clone, Debug)]
pub enum Event {
    /// How the gateway is, as JSON.
    Agent(Arc<str>),
    /// A report, as JSON.
    Report(Arc<str>),
}

/// The link as this server knows it.
#[derive(Debug)]
pub struct Hub {
    state: Mutex<State>,
    events: broadcast::Sender<Event>,
    closed: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct State {
    agent: Agent,
    latest: Option<Arc<Telemetry>>,
    recent: VecDeque<Arc<str>>,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            events: broadcast::Sender::new(LAG),
            closed: watch::Sender::new(false),
        }
    }
}

impl Hub {
    /// How the gateway is.
    pub fn agent(&self) -> Agent {
        self.state().agent.clone()
    }

    /// The last report, with all clients.
    pub fn latest(&self) -> Option<Arc<Telemetry>> {
        self.state().latest.clone()
    }

    /// The reports of the last quarter of an hour, the oldest first.
    pub fn recent(&self) -> Vec<Arc<str>> {
        self.state().recent.iter().cloned().collect()
    }

    /// Everything from now on.
    pub fn watch(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// True once the server stops.
    pub fn closed(&self) -> watch::Receiver<bool> {
        self.closed.subscribe()
    }

    /// Lets everybody go who watches.
    pub fn close(&self) {
        self.closed.send_replace(true);
    }

    pub(super) fn note_agent(&self, change: impl FnOnce(&mut Agent)) {
        let mut state = self.state();
        let before = state.agent.clone();
        change(&mut state.agent);
        if state.agent == before {
            return;
        }
        if let Ok(text) = serde_json::to_string(&state.agent) {
            // Nobody may be watching.
            drop(self.events.send(Event::Agent(text.into())));
        }
    }

    /// Takes in a report; the text is what is shown and kept of it.
    pub(super) fn note_report(&self, mut report: Telemetry) -> Option<(Arc<Telemetry>, Arc<str>)> {
        let whole = Arc::new(report.clone());
        report.clients.truncate(CLIENTS);
        let text: Arc<str> = serde_json::to_string(&report).ok()?.into();
        let mut state = self.state();
        // A simulation that starts again, or a clock that was set back, begins a new past.
        if state.latest.as_ref().is_some_and(|last| whole.at <= last.at) {
            state.recent.clear();
        }
        if state.recent.len() == RECENT {
            state.recent.pop_front();
        }
        state.recent.push_back(Arc::clone(&text));
        state.latest = Some(Arc::clone(&whole));
        drop(self.events.send(Event::Report(Arc::clone(&text))));
        Some((whole, text))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
