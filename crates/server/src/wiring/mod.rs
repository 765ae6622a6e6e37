//! The one place that builds everything: from settings to a server that runs.

mod database;
mod mail;
mod policy;

use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use usher_accounts::dice::Dice;
use usher_accounts::keys::MacKeys;
use usher_accounts::time::Clock;
use usher_accounts::token::SigningKey;
use usher_mail::{Templates, Transport};
use usher_service::hashing::HashPool;
use usher_service::keyring::Keyring;
use usher_service::outbox::{Relay, Worker};
use usher_service::{Parts, Usher};
use usher_store::Db;

use crate::app::App;
use crate::config::Settings;
use crate::net::{NetLimits, ServeReport};
use crate::secrets::{DataDir, Secrets};
use crate::web::dispatch::dispatcher;
use crate::{api, pages, spans};

pub use database::{await_database, connect, open_database, wait_for_database};
pub use mail::{broker, mail_templates, mail_transport, worker};

/// Where time and chance come from.
#[derive(Clone, Debug)]
pub struct Outside {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub dice: Arc<dyn Dice>,
}

/// The stories on a database.
pub async fn build_usher(settings: &Settings, secrets: &Secrets, db: Db, outside: Outside) -> Result<Usher> {
    let scheme = policy::hash_scheme(settings);
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let keys = MacKeys::derive(&secrets.root);
    let older = secrets.older_seeds.iter().copied().map(SigningKey::from_seed);
    let keyring = Keyring::open(&db, &keys, &*outside.dice, outside.clock.now(), older.collect())
        .await
        .context("cannot use the signing keys")?;
    Ok(Usher::new(Parts {
        db,
        clock: outside.clock,
        dice: outside.dice,
        keys,
        keyring,
        policy: policy::policy(settings, scheme)?,
        hashing: HashPool::start(threads, scheme).context("cannot start the hashing threads")?,
    }))
}

/// A server that has been built and not yet started.
#[derive(Debug)]
pub struct Server {
    /// What its handlers share.
    pub app: App,
    transport: Arc<Transport>,
    mail_templates: Arc<Templates>,
    announce: bool,
    span_sender: Option<spans::Sender>,
}

impl Server {
    /// Builds it around the stories. In tests, `transport` takes the place of the one in the settings.
    pub fn build(settings: Settings, usher: Usher, transport: Option<Transport>) -> Result<Self> {
        let transport = match transport {
            Some(transport) => transport,
            None => mail_transport(&settings)?,
        };
        let mailbox = match &transport {
            Transport::Mailbox(mailbox) if settings.is_development() => Some(mailbox.clone()),
            _ => None,
        };
        let page_templates = match &settings.server.templates {
            Some(folder) => {
                pages::Templates::with_overrides(folder).context("cannot use server.templates")?
            }
            None => pages::Templates::embedded(),
        };
        let mail_templates = mail_templates(&settings)?;
        let announce = settings.is_development();
        let (spans, span_sender) = match &settings.telemetry.otlp_endpoint {
            Some(collector) => {
                let (spans, sender) = spans::to(collector, settings.telemetry.otlp_share)?;
                (Some(spans), Some(sender))
            }
            None => (None, None),
        };
        let app = App::new(Arc::new(usher), settings, mailbox, page_templates, spans);
        Ok(Self {
            app,
            span_sender,
            transport: Arc::new(transport),
            mail_templates: Arc::new(mail_templates),
            announce,
        })
    }

    /// The front door.
    pub fn router(&self) -> Router {
        let app = self.app.clone();
        dispatcher(
            app.clone(),
            api::router(app.clone()),
            pages::handlers::router(app),
        )
    }

    /// Serves until `shutdown` is ready; then requests, mails and notes under way are finished.
    pub async fn run(mut self, listener: TcpListener, shutdown: impl Future<Output = ()>) -> ServeReport {
        let (stop, stopped) = watch::channel(false);
        let mut background = JoinSet::new();
        let queue = &self.app.settings.queue;
        if queue.embedded {
            let worker = self.worker();
            if let Db::Sqlite { .. } = self.app.usher.db
                && !queue.is_shared()
                && let Err(error) = worker.take_up().await
            {
                tracing::warn!(%error, "mails of the last run wait for the end of their lease");
            }
            background.spawn(worker.run(stopped.clone()));
        }
        if let Some(broker) = broker(&self.app.settings) {
            background.spawn(Relay::new(Arc::clone(&self.app.usher), broker).run(stopped.clone()));
        }
        background.spawn(Arc::clone(&self.app.usher).keep_house(stopped.clone()));
        background.spawn(Arc::clone(&self.app.usher).follow_keys(stopped.clone()));
        background.spawn(Arc::clone(&self.app.usher).tell_nodes(stopped.clone()));
        background.spawn(Arc::clone(&self.app.usher).hear_nodes(stopped.clone()));
        let stop_link = stopped.clone();
        if self.app.settings.metrics.is_some() {
            background.spawn(crate::metrics::observe(
                Arc::clone(&self.app.usher),
                stopped.clone(),
            ));
            background.spawn(crate::metrics::observe_server(self.app.clone(), stopped.clone()));
        }
        if let Some(sender) = self.span_sender.take() {
            background.spawn(sender.run(stopped.clone()));
        }
        background.spawn(mail::watch_mail(
            self.app.clone(),
            Arc::clone(&self.transport),
            stopped,
        ));
        if let Err(error) = crate::link::start(&self.app, &mut background, &stop_link).await {
            tracing::error!(
                error = format!("{error:#}"),
                "strangers are not sent on to the portal"
            );
        }
        let limits = net_limits(&self.app.settings);
        let app = self.app.clone();
        let shutdown = async move {
            shutdown.await;
            app.stop_being_ready();
            tokio::time::sleep(app.settings.server.drain_notice).await;
        };
        let report = crate::net::serve(listener, self.router(), limits, shutdown).await;
        // The receivers live as long as the tasks do.
        let _ = stop.send(true);
        background.join_all().await;
        self.app.usher.db.close().await;
        report
    }

    fn worker(&self) -> Worker {
        let usher = Arc::clone(&self.app.usher);
        let (transport, templates) = (Arc::clone(&self.transport), Arc::clone(&self.mail_templates));
        let worker = worker(&self.app.settings, usher, transport, templates);
        if self.announce {
            worker.announcing(mail::console())
        } else {
            worker
        }
    }
}

/// Binds the listener the settings name.
pub async fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}; choose another with --listen"))
}

/// Opens the data folder and the secrets in it.
pub fn open_secrets(settings: &Settings, dice: &dyn Dice) -> Result<Secrets> {
    let folder = DataDir::open(&settings.server.data_dir)?;
    Ok(folder.secrets(settings.secret_key.as_ref(), dice)?)
}

pub(crate) fn net_limits(settings: &Settings) -> NetLimits {
    let server = &settings.server;
    NetLimits {
        max_connections: server.max_connections,
        header_timeout: server.header_timeout,
        body_timeout: server.body_timeout,
        drain_timeout: server.drain_timeout,
        exempt: server.trusted_proxies.clone(),
    }
}
