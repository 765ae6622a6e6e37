//! `usher mail`

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use usher_accounts::time::Timestamp;
use usher_service::Usher;
use usher_service::outbox::{Again, OutboxStatus, TroubledMail};

use super::{Common, say, usher};

/// In the order a mail passes through them.
const STATES: [(&str, &str); 4] = [
    ("due", "wait to be sent"),
    ("leased", "are being sent"),
    ("sent", "were sent in the last days"),
    ("dead", "were given up"),
];

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// How many mails wait, left or were given up, and why
    #[command(after_help = "Example:\n  usher mail status --json")]
    Status {
        /// As JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Send mails now that wait for their next try or were given up
    #[command(after_help = "Example:\n  usher mail retry --dead")]
    Retry(Which),
}

/// Which mails.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(super) struct Which {
    /// One mail, by its id in `usher mail status`
    id: Option<String>,
    /// Every mail that was given up
    #[arg(long)]
    dead: bool,
    /// Those, and every mail that waits for its next try
    #[arg(long)]
    all: bool,
}

pub(super) async fn run(common: Common, command: Command) -> Result<()> {
    let settings = common.settings()?;
    let usher = usher(&settings).await?;
    let done = tell(&usher, command).await;
    usher.db.close().await;
    done
}

async fn tell(usher: &Usher, command: Command) -> Result<()> {
    match command {
        Command::Status { json: true } => {
            say(&object(&usher.outbox_status().await?, usher.now()).to_string());
        }
        Command::Status { json: false } => {
            say(&lines(&usher.outbox_status().await?, usher.now()));
        }
        Command::Retry(which) => {
            let which = which.read()?;
            let changed = usher.retry_mail(which).await?;
            if changed == 0 && matches!(which, Again::One(_)) {
                bail!("no mail of this id waits or was given up; see usher mail status");
            }
            say(&format!("{changed} due now"));
        }
    }
    Ok(())
}

impl Which {
    fn read(&self) -> Result<Again> {
        Ok(match &self.id {
            Some(id) => id
                .parse()
                .with_context(|| format!("{id} is no id of a mail; see usher mail status"))?,
            None if self.dead => Again::Dead,
            None => Again::All,
        })
    }
}

fn object(status: &OutboxStatus, now: Timestamp) -> Value {
    let counts = STATES.map(|(state, _)| (state.to_owned(), status.count(state).into()));
    json!({
        "mails": Value::Object(counts.into_iter().collect()),
        "oldest_waiting_seconds": status.oldest.map(|oldest| now.since(oldest).as_secs()),
        "next_attempt_at": status.next,
        "troubled": status.troubled.iter().map(|mail| json!({
            "id": mail.id,
            "kind": mail.kind,
            "domain": mail.domain,
            "state": mail.state,
            "tries": mail.tries,
            "created_at": mail.created_at,
            "next_attempt_at": mail.next,
            "stage": mail.stage,
            "error": mail.error,
        })).collect::<Vec<_>>(),
    })
}

fn lines(status: &OutboxStatus, now: Timestamp) -> String {
    let mut lines: Vec<String> = STATES
        .iter()
        .map(|(state, meaning)| format!("{state:<7} {:>7}  {meaning}", status.count(state)))
        .collect();
    if let Some(oldest) = status.oldest {
        lines.push(format!("oldest waits for {} s", now.since(oldest).as_secs()));
    }
    if let Some(next) = status.next {
        lines.push(format!("next try in {} s", next.since(now).as_secs()));
    }
    if !status.troubled.is_empty() {
        lines.push("\ntried in vain:".to_owned());
        lines.extend(status.troubled.iter().map(|mail| line(mail, now)));
    }
    lines.join("\n")
}

fn line(mail: &TroubledMail, now: Timestamp) -> String {
    let then = match mail.next {
        Some(next) => format!("next try in {} s", next.since(now).as_secs()),
        None if mail.state == "dead" => "given up".to_owned(),
        None => "being sent".to_owned(),
    };
    let (tries, domain) = (mail.tries, &mail.domain);
    format!(
        "{}  {}  ***@{domain}  {tries} tries, {then}\n    {}",
        mail.id, mail.kind, mail.error
    )
}
