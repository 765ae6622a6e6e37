//! The command line.

mod backup;
mod doctor;
mod export;
mod health;
mod import;
mod keys;
mod mail;
mod migrate;
mod progress;
mod reference;
mod relocate;
mod restore;
mod serve;
mod settings;
mod user;
mod worker;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::{Args, CommandFactory, Parser, Subcommand};
use usher_service::Usher;
use usher_service::system::{OsDice, SystemClock};

use crate::config::{self, Flags, Settings, Sources};
use crate::wiring::{self, Outside};

/// Signs people up, proves their e-mail address and keeps their sessions.
#[derive(Debug, Parser)]
#[command(
    name = "usher",
    version,
    about,
    after_help = "Without a command it serves, in development mode:\n  \
    usher\nIn production:\n  usher serve --config /etc/usher/usher.toml"
)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Flags every command takes.
#[derive(Args, Clone, Debug, Default)]
struct Common {
    /// Where the settings are; without it USHER_CONFIG, ./usher.toml or the data folder's
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the database and the secrets
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<String>,
    /// Where to listen
    #[arg(long, global = true, value_name = "ADDR:PORT")]
    listen: Option<String>,
    /// Never be in development mode
    #[arg(long, global = true)]
    production: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server (the default)
    #[command(after_help = "Example:\n  usher serve --listen 127.0.0.1:8000 --data-dir ./usher-data")]
    Serve,
    /// Send the mail that waits, beside the server or in its place
    #[command(after_help = "Example:\n  usher worker --config /etc/usher/usher.toml\n\n\
        Any number of workers may run, on any machine that reaches the database and has the same\n\
        secrets.key. The server keeps sending too, unless queue.embedded is false.")]
    Worker,
    /// Bring the database to the schema of this program
    #[command(after_help = "Example:\n  usher migrate --plan")]
    Migrate(migrate::Options),
    /// Save the whole database to a file, while it is in use
    #[command(after_help = "Example:\n  usher backup /var/backups/usher-friday.db")]
    Backup(backup::Options),
    /// Bring a backup back; nobody is signed in afterwards
    #[command(after_help = "Example:\n  usher restore /var/backups/usher-friday.db --replace")]
    Restore(restore::Options),
    /// Move everything to another database, sessions and waiting mail included
    #[command(
        after_help = "Example:\n  usher move --from sqlite:usher-data/usher.db --to postgres://usher@db.example.org/usher"
    )]
    Move(relocate::Options),
    /// Accounts: add, import, list, verify, promote, disable, enable, delete
    #[command(after_help = "Example:\n  usher user add admin@example.org --verified --role admin")]
    User {
        #[command(subcommand)]
        command: user::Command,
    },
    /// Print everything stored about a person, as JSON
    #[command(after_help = "Example:\n  usher export someone@example.org > someone.json")]
    Export(export::Options),
    /// Keys that sign access tokens: list, rotate, replace
    #[command(after_help = "Example:\n  usher keys rotate")]
    Keys {
        #[command(subcommand)]
        command: keys::Command,
    },
    /// Mail: how it fares, and another try for what did not leave
    #[command(after_help = "Example:\n  usher mail status")]
    Mail {
        #[command(subcommand)]
        command: mail::Command,
    },
    /// Settings: show the effective ones, or print a sample
    #[command(after_help = "Example:\n  usher config sample > usher.toml")]
    Config {
        #[command(subcommand)]
        command: settings::Command,
    },
    /// Check settings, secrets, files, disk, database, clock, mail server and broker
    #[command(after_help = "Example:\n  usher doctor --config /etc/usher/usher.toml")]
    Doctor(doctor::Options),
    /// Ask a running server whether it lives
    #[command(
        after_help = "Example:\n  usher health --listen 127.0.0.1:8000\n  usher health http://127.0.0.1:9464/health"
    )]
    Health(health::Options),
    /// Print the description of the API (OpenAPI 3.1)
    #[command(after_help = "Example:\n  usher openapi > openapi.json")]
    Openapi,
    /// Print a page of the reference
    #[command(hide = true)]
    Reference {
        /// Which page
        page: reference::Page,
    },
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("usher: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<()> {
    // Fails only when it was done before.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let common = cli.common;
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => block_on(serve::run(common)),
        Command::Worker => block_on(worker::run(common)),
        Command::Migrate(options) => block_on(migrate::run(common, options)),
        Command::Backup(options) => block_on(backup::run(common, options)),
        Command::Restore(options) => block_on(restore::run(common, options)),
        Command::Move(options) => block_on(relocate::run(common, options)),
        Command::User { command } => block_on(user::run(common, command)),
        Command::Export(options) => block_on(export::run(common, options)),
        Command::Keys { command } => block_on(keys::run(common, command)),
        Command::Mail { command } => block_on(mail::run(common, command)),
        Command::Config { command } => settings::run(&common, &command),
        Command::Doctor(options) => block_on(doctor::run(common, options)),
        Command::Health(options) => health::run(&common, &options),
        Command::Openapi => {
            say(&reference::text(reference::Page::Openapi));
            Ok(())
        }
        Command::Reference { page } => {
            say(&reference::text(page));
            Ok(())
        }
    }
}

fn block_on(work: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.context("cannot start")?.block_on(work)
}

impl Common {
    fn settings(&self) -> Result<Settings> {
        let flags = Flags {
            config: self.config.clone(),
            listen: self.listen.clone(),
            data_dir: self.data_dir.clone(),
            production: self.production,
        };
        Ok(config::load(&Sources::from_process(flags))?)
    }
}

fn outside() -> Outside {
    Outside {
        clock: Arc::new(SystemClock),
        dice: Arc::new(OsDice),
    }
}

/// The stories, for commands that need no server.
async fn usher(settings: &Settings) -> Result<Usher> {
    let outside = outside();
    let secrets = wiring::open_secrets(settings, &*outside.dice)?;
    let db = wiring::open_database(settings, &outside).await?;
    wiring::build_usher(settings, &secrets, db, outside).await
}

/// The answer of a command.
#[expect(clippy::print_stdout, reason = "this is where commands answer")]
fn say(text: &str) {
    println!("{}", text.trim_end());
}

/// The definition of the command line, for the reference.
fn definition() -> clap::Command {
    Cli::command()
}
