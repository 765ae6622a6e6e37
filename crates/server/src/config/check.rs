//! From what was written to what may be relied on: the settings held against each other, and the ones
//! that follow from others filled in.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::choices::{BrokerName, MailProvider, TransportName};
use super::database::DatabaseUrl;
use super::error::{ConfigError, Place};
use super::link;
use super::metrics::MetricsListen;
use super::origin::Origin;
use super::settings::{
    BrokerSettings, MailSettings, Mode, QueueSettings, ServerSettings, Settings, Shown, Transport,
};
use super::values::Values;
use super::written::{Registration, Server, Written};

const METRICS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9464);

impl Settings {
    /// The only way to settings.
    pub(super) fn check(
        mut written: Written,
        values: &Values,
        production: bool,
    ) -> Result<Self, ConfigError> {
        let mode = mode(&written.server, production);
        registrations(&written.registration, values)?;
        let public_url = public_url(&mut written.server, values, mode)?;
        let database = database(&mut written);
        let metrics = metrics(&mut written, mode);
        let transport = transport(&mut written, values, mode)?;
        let queue = queue(&written, values)?;
        let shown = shown(&written, values);
        let link = link::check(written.link, values)?;
        let Written {
            registration,
            verification,
            login,
            session,
            password,
            mail,
            ..
        } = written;
        Ok(Self {
            mode,
            server: server(written.server, public_url),
            database,
            postgres: written.database,
            registration,
            verification,
            login,
            session,
            password,
            mail: MailSettings {
                transport,
                from: mail.from,
                templates: mail.templates,
            },
            queue,
            limits: written.limits,
            link,
            metrics,
            telemetry: written.telemetry,
            log: written.log,
            secret_key: written.secrets.key,
            shown,
        })
    }
}

fn mode(server: &Server, production: bool) -> Mode {
    let private = server
        .public_url
        .as_ref()
        .is_none_or(|url| url.is_loopback() && !url.is_https());
    if server.listen.ip().is_loopback() && private && !production {
        Mode::Development
    } else {
        Mode::Production
    }
}

/// Links in mails start with it, so outside development nothing may stand in for it.
fn public_url(server: &mut Server, values: &Values, mode: Mode) -> Result<Origin, ConfigError> {
    const KEY: &str = "server.public_url";
    let url = match (&server.public_url, mode) {
        (Some(url), Mode::Production) if !url.is_https() && !url.is_loopback() => {
            return Err(values.refuse(KEY, "must be an https address; plain http would show passwords"));
        }
        (None, Mode::Production) => {
            let problem = "must be set outside development mode, to the https address of the site; \
                           development mode needs a loopback server.listen and no --production";
            return Err(values.refuse(KEY, problem));
        }
        (Some(url), _) => url.clone(),
        (None, Mode::Development) => Origin::of_listener(server.listen),
    };
    server.public_url = Some(url.clone());
    Ok(url)
}

fn registrations(registration: &Registration, values: &Values) -> Result<(), ConfigError> {
    if registration.per_address_and_source <= registration.per_address {
        return Ok(());
    }
    let problem = format!(
        "must not be more than registration.per_address, {}",
        registration.per_address
    );
    Err(values.refuse("registration.per_address_and_source", problem))
}

fn database(written: &mut Written) -> DatabaseUrl {
    let file = written.server.data_dir.join("usher.db");
    written
        .database
        .url
        .get_or_insert(DatabaseUrl::Sqlite(file))
        .clone()
}

fn metrics(written: &mut Written, mode: Mode) -> Option<SocketAddr> {
    let usual = match mode {
        Mode::Development => MetricsListen::Off,
        Mode::Production => MetricsListen::At(METRICS),
    };
    match *written.metrics.listen.get_or_insert(usual) {
        MetricsListen::Off => None,
        MetricsListen::At(address) => Some(address),
    }
}

fn transport(written: &mut Written, values: &Values, mode: Mode) -> Result<Transport, ConfigError> {
    match (written.mail.transport, mode) {
        (TransportName::Mailbox, Mode::Development) => Ok(Transport::Mailbox),
        (TransportName::Mailbox, Mode::Production) => {
            let problem = "must be \"smtp\", \"http\" or \"file\" outside development mode; \
                           nobody gets mail out of the development mailbox";
            Err(values.refuse("mail.transport", problem))
        }
        (TransportName::Smtp, _) => {
            let missing = || values.refuse("mail.smtp.url", "must be set for mail.transport = \"smtp\"");
            written.smtp.url.clone().map(Transport::Smtp).ok_or_else(missing)
        }
        (TransportName::Http, _) => provider(written, values),
        (TransportName::File, _) => {
            let usual = written.server.data_dir.join("mail");
            Ok(Transport::File(
                written.mail.file_dir.get_or_insert(usual).clone(),
            ))
        }
    }
}

fn queue(written: &Written, values: &Values) -> Result<QueueSettings, ConfigError> {
    let queue = &written.queue;
    if !queue.embedded && written.mail.transport == TransportName::Mailbox {
        let problem = "must be true while mail.transport is \"mailbox\"; \
                       the development mailbox is inside the server";
        return Err(values.refuse("queue.embedded", problem));
    }
    let broker = match queue.broker {
        BrokerName::None => None,
        BrokerName::Amqp => {
            let missing = || values.refuse("queue.url", "must be set for queue.broker = \"amqp\"");
            Some(BrokerSettings {
                url: queue.url.clone().ok_or_else(missing)?,
                name: queue.name.clone(),
                kind: queue.kind,
                prefetch: queue.prefetch as u16,
            })
        }
    };
    Ok(QueueSettings {
        embedded: queue.embedded,
        broker,
    })
}

fn provider(written: &Written, values: &Values) -> Result<Transport, ConfigError> {
    let http = &written.http;
    let needed = |key, provider: MailProvider| {
        values.refuse(
            key,
            format!("must be set for mail.http.provider = \"{provider}\""),
        )
    };
    let Some(provider) = http.provider else {
        let problem = "must be set for mail.transport = \"http\"";
        return Err(values.refuse("mail.http.provider", problem));
    };
    if matches!(provider, MailProvider::Mailgun | MailProvider::Webhook) && http.url.is_none() {
        return Err(needed("mail.http.url", provider));
    }
    if provider != MailProvider::Mailpit && http.key.is_none() {
        return Err(needed("mail.http.key", provider));
    }
    Ok(Transport::Http {
        provider,
        url: http.url.clone(),
        key: http.key.clone(),
    })
}

fn server(server: Server, public_url: Origin) -> ServerSettings {
    ServerSettings {
        listen: server.listen,
        public_url,
        data_dir: server.data_dir,
        trusted_proxies: server.trusted_proxies,
        cors_origins: server.cors_origins,
        max_connections: server.max_connections as usize,
        header_timeout: server.header_timeout.into(),
        body_timeout: server.body_timeout.into(),
        drain_notice: server.drain_notice.into(),
        drain_timeout: server.drain_timeout.into(),
        templates: server.templates,
    }
}

/// The effective settings, each with its place.
fn shown(written: &Written, values: &Values) -> Vec<Shown> {
    let defaults = Written::default().shown();
    let place = |path: &str, derived: bool| match values.place(path) {
        Place::Default if derived => Place::Derived,
        place => place,
    };
    let pairs = written.shown().into_iter().zip(defaults);
    pairs
        .map(|((path, value), (_, default))| Shown {
            path,
            place: place(path, value != default),
            value,
        })
        .collect()
}
