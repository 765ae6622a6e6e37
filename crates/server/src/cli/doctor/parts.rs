//! The database and the way mail leaves.

use std::time::Duration;

use usher_accounts::keys::MacKeys;
use usher_service::keyring::Keyring;
use usher_store::{Db, StoreError, migrate, signing_keys, vitals};

use super::finding::Findings;
use crate::cli::outside;
use crate::config::{DatabaseUrl, MailProvider, Settings, Transport};
use crate::secrets::Secrets;
use crate::wiring;

/// Further apart, and nodes begin to disagree about what is over.
const SMALL_SKEW: Duration = Duration::from_secs(1);
/// What tokens of other nodes are forgiven.
const LARGE_SKEW: Duration = Duration::from_secs(5);
/// Longer, and a person would have given up.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn database(settings: &Settings, secrets: Option<&Secrets>, found: &mut Findings) {
    if let DatabaseUrl::Sqlite(path) = &settings.database
        && !path.exists()
    {
        return found.fail(
            "database",
            format!("{} is not there; run usher migrate", path.display()),
        );
    }
    let connected = tokio::time::timeout(PATIENCE, wiring::connect(settings)).await;
    let db = match connected {
        Ok(Ok(db)) => db,
        Ok(Err(error)) => return found.fail("database", format!("{error:#}")),
        Err(_) => return found.fail("database", format!("{} does not answer", settings.database)),
    };
    if let Err(error) = questions(&db, secrets, found).await {
        found.fail("database", error.to_string());
    }
    db.close().await;
}

async fn questions(db: &Db, secrets: Option<&Secrets>, found: &mut Findings) -> Result<(), StoreError> {
    found.ok("database", vitals::version(db).await?);
    let missing = migrate::plan(db).await?.len();
    if missing > 0 {
        found.fail(
            "schema",
            format!("{missing} migrations are missing; run usher migrate"),
        );
    } else {
        found.ok("schema", "up to date");
        if let Some(secrets) = secrets {
            keys(db, secrets, found).await?;
        }
    }
    if db.is_intact().await? {
        found.ok("integrity", "whole");
    } else {
        found.fail(
            "integrity",
            "the file is damaged; bring the last backup back with usher restore",
        );
    }
    clock(db, found).await
}

/// The keys that sign tokens follow from the secret: with another one nobody could go on.
async fn keys(db: &Db, secrets: &Secrets, found: &mut Findings) -> Result<(), StoreError> {
    const CHECK: &str = "keys";
    if signing_keys::all(db).await?.is_empty() {
        found.ok(CHECK, "made at the first start");
        return Ok(());
    }
    let (outside, keys) = (outside(), MacKeys::derive(&secrets.root));
    match Keyring::open(db, &keys, &*outside.dice, outside.clock.now(), Vec::new()).await {
        Ok(_) => found.ok(CHECK, "follow from the secret"),
        Err(error) => found.fail(
            CHECK,
            format!("{error}; when the old one is lost: usher keys replace --yes"),
        ),
    }
    Ok(())
}

async fn clock(db: &Db, found: &mut Findings) -> Result<(), StoreError> {
    const CHECK: &str = "clock";
    let before = outside().clock.now();
    let Some(theirs) = vitals::clock(db).await? else {
        found.ok(CHECK, format!("{before}"));
        return Ok(());
    };
    let after = outside().clock.now();
    // The answer was given somewhere in between.
    let skew = theirs.since(after).max(before.since(theirs));
    let text = format!("{} ms from the database's", skew.as_millis());
    if skew > LARGE_SKEW {
        found.fail(
            CHECK,
            format!("{text}; tokens and codes end at the wrong time; set both by NTP"),
        );
    } else if skew > SMALL_SKEW {
        found.warn(CHECK, format!("{text}; set both by NTP"));
    } else {
        found.ok(CHECK, text);
    }
    Ok(())
}

pub(super) async fn mail(settings: &Settings, found: &mut Findings) {
    const CHECK: &str = "mail";
    let transport = match wiring::mail_transport(settings) {
        Ok(transport) => transport,
        Err(error) => return found.fail(CHECK, format!("{error:#}")),
    };
    let way = match &settings.mail.transport {
        Transport::Mailbox => "stays in the development mailbox".to_owned(),
        Transport::File(folder) => format!("goes to files in {}", folder.display()),
        Transport::Smtp(_) => "the server answers".to_owned(),
        Transport::Http { provider, .. } if *provider == MailProvider::Webhook => {
            "the webhook can be reached; whether it takes mail only a mail can tell".to_owned()
        }
        Transport::Http { provider, .. } => format!("{provider} lets us in"),
    };
    match tokio::time::timeout(PATIENCE, transport.probe()).await {
        Ok(Ok(())) => found.ok(CHECK, way),
        Ok(Err(error)) => found.fail(CHECK, format!("{error}; mail waits until it is back")),
        Err(_) => found.fail(
            CHECK,
            "the mail server does not answer; mail waits until it is back",
        ),
    }
}

/// Makes the queues, as a start would.
pub(super) async fn broker(settings: &Settings, found: &mut Findings) {
    const CHECK: &str = "broker";
    let Some(broker) = wiring::broker(settings) else {
        return;
    };
    match tokio::time::timeout(PATIENCE, broker.check()).await {
        Ok(Ok(())) => found.ok(CHECK, "it answers, and the queues are there"),
        Ok(Err(error)) => found.fail(CHECK, format!("{error}; mail leaves by the poll meanwhile")),
        Err(_) => found.fail(
            CHECK,
            "the broker does not answer; mail leaves by the poll meanwhile",
        ),
    }
}
