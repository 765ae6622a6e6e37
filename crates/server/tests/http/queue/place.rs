//! Workers beside the server of a test, on the same data and the same clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use usher_accounts::time::Clock;
use usher_mail::{Smtp, Transport};
use usher_server::config::{self, Flags, Sources};
use usher_server::wiring::{self, Outside};
use usher_service::Usher;
use usher_service::system::OsDice;

use super::sink::Sink;
use crate::support::{TestServer, until};

/// A worker as another program would run it, on threads of its own.
pub(super) struct OtherWorker {
    pub(super) usher: Arc<Usher>,
    stop: watch::Sender<bool>,
    running: JoinHandle<()>,
    runtime: Option<Runtime>,
}

impl OtherWorker {
    /// One whose mail goes to the mailbox of the test.
    pub(super) async fn start(server: &TestServer, settings: &[(&str, &str)]) -> Self {
        Self::with(server, settings, Transport::Mailbox(server.mailbox.clone())).await
    }

    /// One whose mail goes to this mail server.
    pub(super) async fn sending_to(server: &TestServer, settings: &[(&str, &str)], sink: &Sink) -> Self {
        let smtp = Smtp::from_url(&sink.url()).unwrap();
        Self::with(server, settings, Transport::Smtp(smtp)).await
    }

    async fn with(server: &TestServer, settings: &[(&str, &str)], transport: Transport) -> Self {
        let data_dir = server.data.path().join("data").to_str().unwrap().to_owned();
        let own = settings
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let sources = Sources {
            flags: Flags {
                data_dir: Some(data_dir),
                ..Flags::default()
            },
            env: own.chain(server.storage.env()).collect(),
            directory: server.data.path().to_owned(),
        };
        let settings = config::load(&sources).unwrap();
        // Two workers must not roll the same names.
        let outside = Outside {
            clock: Arc::clone(&server.clock) as Arc<dyn Clock>,
            dice: Arc::new(OsDice),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (stop, stopped) = watch::channel(false);
        let (usher, running) = runtime
            .spawn(async move {
                let secrets = wiring::open_secrets(&settings, &*outside.dice).unwrap();
                let db = wiring::open_database(&settings, &outside).await.unwrap();
                let usher = Arc::new(
                    wiring::build_usher(&settings, &secrets, db, outside)
                        .await
                        .unwrap(),
                );
                let templates = Arc::new(wiring::mail_templates(&settings).unwrap());
                let worker = wiring::worker(&settings, Arc::clone(&usher), Arc::new(transport), templates);
                (usher, tokio::spawn(worker.run(stopped)))
            })
            .await
            .unwrap();
        Self {
            usher,
            stop,
            running,
            runtime: Some(runtime),
        }
    }

    pub(super) async fn receiving(self) -> Self {
        until("the worker receives", async || self.usher.broker.consumer_is_up()).await;
        self
    }

    /// One of the figures it counts.
    pub(super) fn count(&self, name: &str) -> u64 {
        count(&self.usher, name)
    }

    /// Ends it as SIGTERM does.
    pub(super) async fn stop(mut self) {
        self.stop.send(true).unwrap();
        (&mut self.running).await.unwrap();
    }

    /// Ends it as SIGKILL does: nothing more is said to anybody.
    pub(super) fn kill(mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }
}

impl Drop for OtherWorker {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// One of the figures a program counts about the broker.
pub(super) fn count(usher: &Usher, name: &str) -> u64 {
    let counts = usher.broker.counts();
    counts
        .iter()
        .find(|(known, _)| *known == name)
        .expect("a known figure")
        .1
}

/// A server whose relay has found the broker.
pub(super) async fn announcing(settings: &[(&str, &str)]) -> TestServer {
    let server = TestServer::with(settings).await;
    until("the relay publishes", async || server.usher.broker.relay_is_up()).await;
    server
}

/// An address that no other test uses.
pub(super) fn anybody() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("queue{}@example.org", NUMBER.fetch_add(1, Ordering::Relaxed))
}
