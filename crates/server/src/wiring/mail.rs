//! How mail leaves: its texts, its way out, and who sends it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::watch;
use usher_mail::{FileTransport, Http, Mailbox, Provider, Smtp, Templates, Transport};
use usher_service::Usher;
use usher_service::outbox::{Announce, Broker, QueueKind, Worker};

use crate::app::App;
use crate::config::{self, Settings};

/// How often the mail server is looked at.
const LOOK_AT_MAIL_EVERY: Duration = Duration::from_secs(15);

/// Who sends the mail that waits: in the server, or in a program of its own.
pub fn worker(
    settings: &Settings,
    usher: Arc<Usher>,
    transport: Arc<Transport>,
    templates: Arc<Templates>,
) -> Worker {
    let worker = Worker::new(usher, transport, templates, settings.mail.from.to_string())
        .reporting(Arc::new(crate::metrics::count_mail));
    match broker(settings) {
        Some(broker) => worker.listening_to(broker),
        None => worker,
    }
}

/// The broker that tells workers of new mail, if there is one.
pub fn broker(settings: &Settings) -> Option<Broker> {
    let broker = settings.queue.broker.as_ref()?;
    let kind = match broker.kind {
        config::QueueKindName::Durable => QueueKind::Durable,
        config::QueueKindName::Quorum => QueueKind::Quorum,
    };
    let address = broker.url.address().clone();
    Some(Broker::new(address, broker.name.as_str(), kind, broker.prefetch))
}

/// The texts of mails, from the settings.
pub fn mail_templates(settings: &Settings) -> Result<Templates> {
    Templates::new(settings.mail.templates.clone()).context("cannot use the mail templates")
}

/// Development mode shows codes and links where the server was started.
pub(super) fn console() -> Announce {
    #[expect(
        clippy::print_stdout,
        reason = "development mode shows codes on the console, and only there"
    )]
    Arc::new(|address: &str, code: &str, link: &str| {
        println!("  mail to {address}\n    code  {code}\n    link  {link}");
    })
}

/// How mail leaves, from the settings.
pub fn mail_transport(settings: &Settings) -> Result<Transport> {
    Ok(match &settings.mail.transport {
        config::Transport::Mailbox => Transport::Mailbox(Mailbox::new()),
        config::Transport::Smtp(url) => {
            Transport::Smtp(Smtp::from_url(url.expose()).context("cannot use mail.smtp.url")?)
        }
        config::Transport::Http { provider, url, key } => {
            let provider = match provider {
                config::MailProvider::Mailgun => Provider::Mailgun,
                config::MailProvider::Resend => Provider::Resend,
                config::MailProvider::Mailpit => Provider::Mailpit,
                config::MailProvider::Webhook => Provider::Webhook,
            };
            let url = url.as_ref().map(config::HttpUrl::as_str);
            let key = key.as_ref().map(config::ApiKey::expose);
            Transport::Http(Http::new(provider, url, key).context("cannot use [mail.http]")?)
        }
        config::Transport::File(folder) => {
            Transport::File(FileTransport::new(folder.clone()).context("cannot use mail.file_dir")?)
        }
    })
}

pub(super) async fn watch_mail(app: App, transport: Arc<Transport>, mut stopped: watch::Receiver<bool>) {
    let mut look = tokio::time::interval(LOOK_AT_MAIL_EVERY);
    while !*stopped.borrow() {
        tokio::select! {
            _ = look.tick() => {
                let up = transport.check().await.is_ok();
                app.mail_is_up.store(up, Ordering::Relaxed);
            }
            _ = stopped.changed() => {}
        }
    }
}
