//! The one place that builds everything: from settings to a server that runs.

use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use usher_accounts::code::CodePolicy;
use usher_accounts::dice::Dice;
use usher_accounts::hash::HashScheme;
use usher_accounts::keys::MacKeys;
use usher_accounts::time::Clock;
use usher_accounts::token::{KeySet, SigningKey};
use usher_mail::{FileTransport, Mailbox, Smtp, Templates, Transport};
use usher_service::breach::BreachList;
use usher_service::hashing::HashPool;
use usher_service::outbox::{Announce, Worker};
use usher_service::policy::{Existing, LimitPolicy, Plain, Policy, Verification};
use usher_service::{Parts, Usher};
use usher_store::Db;
use usher_store::registrations::Room;

use crate::app::App;
use crate::config::{self, DatabaseUrl, Settings};
use crate::net::{NetLimits, ServeReport};
use crate::secrets::{DataDir, Secrets};
use crate::web::dispatch::dispatcher;
use crate::{api, pages};

/// Work factor of bcrypt, where it is chosen.
const BCRYPT_COST: u32 = 12;
/// Registrations that may wait from one source, for any addresses.
const WAITING_PER_SOURCE: i64 = 500;
/// How often the mail server is looked at.
const LOOK_AT_MAIL_EVERY: Duration = Duration::from_secs(15);

/// Where time and chance come from.
#[derive(Clone, Debug)]
pub struct Outside {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub dice: Arc<dyn Dice>,
}

/// Opens the database and applies what is missing to it.
pub async fn open_database(settings: &Settings, outside: &Outside) -> Result<Db> {
    let db = connect(settings).await?;
    usher_store::migrate::run(&db, outside.clock.now())
        .await
        .context("cannot migrate the database")?;
    Ok(db)
}

/// Opens the database as it is.
pub async fn connect(settings: &Settings) -> Result<Db> {
    Ok(match &settings.database {
        DatabaseUrl::Sqlite(path) => Db::open_sqlite(path)
            .await
            .with_context(|| format!("cannot open {}", path.display()))?,
        DatabaseUrl::Postgres(url) => Db::connect_postgres(url)
            .await
            .context("cannot reach PostgreSQL")?,
    })
}

/// The stories on a database.
pub fn build_usher(settings: &Settings, secrets: &Secrets, db: Db, outside: Outside) -> Result<Usher> {
    let scheme = hash_scheme(settings);
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let retiring = secrets
        .retiring
        .iter()
        .copied()
        .map(SigningKey::from_seed)
        .collect();
    Ok(Usher::new(Parts {
        db,
        clock: outside.clock,
        dice: outside.dice,
        keys: MacKeys::derive(&secrets.root),
        tokens: KeySet::new(SigningKey::from_seed(secrets.signing_seed_active), retiring),
        policy: policy(settings, scheme)?,
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
        let overrides = settings.mail.templates.clone();
        let page_templates = match &settings.server.templates {
            Some(folder) => {
                pages::Templates::with_overrides(folder).context("cannot use server.templates")?
            }
            None => pages::Templates::embedded(),
        };
        let mail_templates = Templates::new(overrides).context("cannot use the mail templates")?;
        let announce = settings.is_development();
        let app = App::new(Arc::new(usher), settings, mailbox, page_templates);
        Ok(Self {
            app,
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
    pub async fn run(self, listener: TcpListener, shutdown: impl Future<Output = ()>) -> ServeReport {
        let (stop, stopped) = watch::channel(false);
        let mut background = JoinSet::new();
        let worker = self.worker();
        if let Db::Sqlite { .. } = self.app.usher.db
            && let Err(error) = worker.take_up().await
        {
            tracing::warn!(%error, "mails of the last run wait for the end of their lease");
        }
        background.spawn(worker.run(stopped.clone()));
        background.spawn(Arc::clone(&self.app.usher).keep_house(stopped.clone()));
        background.spawn(crate::metrics::observe(
            Arc::clone(&self.app.usher),
            stopped.clone(),
        ));
        background.spawn(watch_mail(self.app.clone(), Arc::clone(&self.transport), stopped));
        let limits = net_limits(&self.app.settings);
        let app = self.app.clone();
        let shutdown = async move {
            shutdown.await;
            app.stop_being_ready();
        };
        let report = crate::net::serve(listener, self.router(), limits, shutdown).await;
        // The receivers live as long as the tasks do.
        let _ = stop.send(true);
        background.join_all().await;
        self.app.usher.db.close().await;
        report
    }

    fn worker(&self) -> Worker {
        let from = self.app.settings.mail.from.to_string();
        let usher = Arc::clone(&self.app.usher);
        let worker = Worker::new(
            usher,
            Arc::clone(&self.transport),
            Arc::clone(&self.mail_templates),
            from,
        );
        if self.announce {
            worker.announcing(console())
        } else {
            worker
        }
    }
}

/// Development mode shows codes and links where the server was started.
fn console() -> Announce {
    #[expect(
        clippy::print_stdout,
        reason = "development mode shows codes on the console, and only there"
    )]
    Arc::new(|address: &str, code: &str, link: &str| {
        println!("  mail to {address}\n    code  {code}\n    link  {link}");
    })
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

async fn watch_mail(app: App, transport: Arc<Transport>, mut stopped: watch::Receiver<bool>) {
    let mut look = tokio::time::interval(LOOK_AT_MAIL_EVERY);
    while !*stopped.borrow() {
        tokio::select! {
            _ = look.tick() => {
                let up = transport.check().await.is_ok();
                app.mail_is_up.store(up, std::sync::atomic::Ordering::Relaxed);
            }
            _ = stopped.changed() => {}
        }
    }
}

/// How mail leaves, from the settings.
pub fn mail_transport(settings: &Settings) -> Result<Transport> {
    Ok(match &settings.mail.transport {
        config::Transport::Mailbox => Transport::Mailbox(Mailbox::new()),
        config::Transport::Smtp(url) => {
            Transport::Smtp(Smtp::from_url(url.expose()).context("cannot use mail.smtp.url")?)
        }
        config::Transport::File(folder) => {
            Transport::File(FileTransport::new(folder.clone()).context("cannot use mail.file_dir")?)
        }
    })
}

fn hash_scheme(settings: &Settings) -> HashScheme {
    let password = &settings.password;
    match password.hash {
        config::PasswordHash::Argon2id => HashScheme::Argon2id {
            memory_kib: password.memory_kib,
            passes: password.passes,
        },
        config::PasswordHash::Bcrypt => HashScheme::Bcrypt { cost: BCRYPT_COST },
    }
}

fn net_limits(settings: &Settings) -> NetLimits {
    let server = &settings.server;
    NetLimits {
        max_connections: server.max_connections,
        header_timeout: server.header_timeout,
        body_timeout: server.body_timeout,
        drain_timeout: server.drain_timeout,
        exempt: server.trusted_proxies.clone(),
    }
}

fn policy(settings: &Settings, hash: HashScheme) -> Result<Policy> {
    let (registration, verification) = (&settings.registration, &settings.verification);
    let breach_list = settings
        .password
        .breach_list
        .as_deref()
        .map(BreachList::open)
        .transpose();
    let breach_list = breach_list.context("cannot use password.breach_list")?;
    Ok(Policy {
        public_url: settings.server.public_url.as_str().to_owned(),
        existing: match registration.existing {
            config::Existing::Reveal => Existing::Reveal,
            config::Existing::Silent => Existing::Silent,
        },
        verification: match registration.verification {
            config::VerificationRule::Required => Verification::Required,
            config::VerificationRule::Off => Verification::Off,
        },
        pending_ttl: registration.pending_ttl.into(),
        room: Room {
            per_address: registration.per_address.into(),
            per_address_and_source: registration.per_address_and_source.into(),
            per_source: if settings.limits.enabled {
                WAITING_PER_SOURCE
            } else {
                i64::MAX
            },
        },
        code: CodePolicy {
            digits: verification.code_digits as u8,
            ttl: verification.code_ttl.into(),
            attempts: verification.attempts,
        },
        plain: match verification.plain {
            config::PlainVerification::SameSource => Plain::SameSource,
            config::PlainVerification::Off => Plain::Off,
        },
        resend_after: verification.resend_after.into(),
        unverified_login: settings.login.unverified,
        access_ttl: settings.login.access_ttl.into(),
        session_ttl: settings.session.ttl.into(),
        session_cleanup_every: settings.session.cleanup_every.into(),
        sessions_per_person: settings.session.max_per_account.into(),
        password_strength: settings.password.strength as u8,
        breach_list,
        hash,
        limits: limit_policy(&settings.limits),
    })
}

fn limit_policy(limits: &config::Limits) -> LimitPolicy {
    LimitPolicy {
        enabled: limits.enabled,
        login_failures_per_account: limits.login_failures_per_account.into(),
        login_failures_window: limits.login_failures_window.into(),
        login_failures_per_source: limits.login_failures_per_source,
        code_failures_per_address: limits.code_failures_per_address.into(),
        code_failures_window: limits.code_failures_window.into(),
        code_failures_per_source: limits.code_failures_per_source,
        code_failures_global: limits.code_failures_global,
        registrations_per_source: limits.registrations_per_source,
        registrations_window: limits.registrations_window.into(),
        mails_per_address_hour: limits.mails_per_address_hour.into(),
        mails_per_address_day: limits.mails_per_address_day.into(),
    }
}
