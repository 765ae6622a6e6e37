//! `usher user`

use std::io::{BufRead, IsTerminal, Read};

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use usher_accounts::email::EmailAddress;
use usher_accounts::password::Password;
use usher_accounts::role::Role;
use usher_accounts::username::Username;
use usher_service::Usher;
use usher_service::profile::{ChangeError, Profile};
use usher_service::users::NewUser;

use super::{Common, say, usher};

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make an account; the password is read from standard input
    #[command(
        after_help = "Example:\n  printf %s \"$PASSWORD\" | usher user add someone@example.org --verified"
    )]
    Add {
        /// The e-mail address
        email: String,
        /// The name shown to others
        #[arg(long)]
        username: Option<String>,
        /// The address counts as proven; no mail is sent
        #[arg(long)]
        verified: bool,
        /// `user` or `admin`
        #[arg(long, default_value = "user", value_parser = ["user", "admin"])]
        role: String,
    },
    /// Take accounts over from elsewhere, with the password hashes they have there
    #[command(
        after_help = "Fields: email, password_hash, username, verified, role. Hashes: bcrypt, argon2, \
        and PBKDF2 and scrypt as Django, passlib and Werkzeug write them; the first sign-in replaces them.\n\n\
        Example:\n  usher user import people.jsonl --verified"
    )]
    Import(super::import::Options),
    /// List accounts, the oldest first
    #[command(after_help = "Example:\n  usher user list --search example.org")]
    List {
        /// Part of an address or a username; a whole address finds its account alone
        #[arg(long, default_value = "")]
        search: String,
    },
    /// Count an address as proven
    #[command(after_help = "Example:\n  usher user verify someone@example.org")]
    Verify {
        /// The e-mail address
        email: String,
    },
    /// Make an account an administrator, or with --role user an ordinary one
    #[command(after_help = "Example:\n  usher user promote someone@example.org")]
    Promote {
        /// The e-mail address
        email: String,
        /// `user` or `admin`
        #[arg(long, default_value = "admin", value_parser = ["user", "admin"])]
        role: String,
    },
    /// End every session of an account and let nobody sign in to it; nothing is deleted, and a server that runs
    /// feels it within a second
    #[command(after_help = "Example:\n  usher user disable someone@example.org")]
    Disable {
        /// The e-mail address
        email: String,
    },
    /// Let the owner of a disabled account sign in again
    #[command(after_help = "Example:\n  usher user enable someone@example.org")]
    Enable {
        /// The e-mail address
        email: String,
    },
    /// Delete an account with all that belongs to it
    #[command(after_help = "Example:\n  usher user delete someone@example.org --yes")]
    Delete {
        /// The e-mail address
        email: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

pub(super) async fn run(common: Common, command: Command) -> Result<()> {
    let settings = common.settings()?;
    let usher = usher(&settings).await?;
    let done = tell(&usher, command).await;
    usher.tell_nodes_now().await;
    usher.db.close().await;
    done
}

async fn tell(usher: &Usher, command: Command) -> Result<()> {
    match command {
        Command::Add {
            email,
            username,
            verified,
            role,
        } => {
            let email = address(&email)?;
            let username = username.map(|name| Username::parse(&name)).transpose()?;
            let password = Password::chosen(read_password()?, &email, username.as_ref())?;
            let new = NewUser {
                email,
                username,
                password,
                role: Role::from_stored(&role),
                verified,
            };
            let made = usher.add_user(new).await.map_err(explain)?;
            say(&line(&made));
        }
        Command::Import(options) => super::import::run(usher, &options).await?,
        Command::List { search } => list(usher, &search).await?,
        Command::Verify { email } => {
            say(&line(
                &usher.mark_verified(&address(&email)?).await.map_err(explain)?,
            ));
        }
        Command::Promote { email, role } => {
            let role = Role::from_stored(&role);
            say(&line(
                &usher.promote(&address(&email)?, role).await.map_err(explain)?,
            ));
        }
        Command::Disable { email } => disable(usher, &email, true).await?,
        Command::Enable { email } => disable(usher, &email, false).await?,
        Command::Delete { email, yes } => {
            let found = usher.user_by_email(&address(&email)?).await?;
            let profile = found.context("no account has this address; see usher user list")?;
            if !yes {
                bail!("this deletes {} for good; add --yes to do it", profile.email);
            }
            usher.remove_user(profile.id).await.map_err(explain)?;
            say(&format!("deleted {}", profile.email));
        }
    }
    Ok(())
}

async fn disable(usher: &Usher, email: &str, disabled: bool) -> Result<()> {
    let changed = usher.set_disabled(&address(email)?, disabled).await;
    say(&line(&changed.map_err(explain)?));
    Ok(())
}

async fn list(usher: &Usher, search: &str) -> Result<()> {
    let mut after = None;
    loop {
        let page = usher
            .all_users(after, search, usher_service::users::MOST_PER_PAGE)
            .await?;
        for profile in &page {
            say(&line(profile));
        }
        match page.last() {
            Some(last) => after = Some(last.id),
            None => return Ok(()),
        }
    }
}

fn line(profile: &Profile) -> String {
    let state = match (profile.disabled_at, profile.verified_at) {
        (Some(_), _) => "disabled",
        (None, Some(_)) => "verified",
        (None, None) => "unverified",
    };
    let username = profile.username.as_deref().unwrap_or("-");
    format!(
        "{}  {:<5}  {:<10}  {}  {}",
        profile.id,
        profile.role.as_str(),
        state,
        profile.email,
        username
    )
}

pub(super) fn address(text: &str) -> Result<EmailAddress> {
    EmailAddress::parse(text).with_context(|| format!("{text} is no e-mail address"))
}

/// From a pipe all of it, from a terminal a line.
fn read_password() -> Result<String> {
    let mut text = String::new();
    let input = std::io::stdin();
    if input.is_terminal() {
        eprintln!("Password (it will be visible):");
        input.lock().read_line(&mut text)?;
    } else {
        input.lock().take(8 * 1024).read_to_string(&mut text)?;
    }
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        bail!("there is no password on standard input");
    }
    Ok(text.to_owned())
}

fn explain(error: ChangeError) -> anyhow::Error {
    match error {
        ChangeError::NotFound => anyhow::anyhow!("no account has this address; see usher user list"),
        other => other.into(),
    }
}
