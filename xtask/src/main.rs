//! `cargo xtask`: the project's own commands.

mod bench;
mod check;
mod client;
mod command;
mod deploy;
mod faults;
mod generate;
mod lab;
mod parts;
mod project;
mod say;
mod test;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// The project's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Invocation {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Judges the sources: format, floors, lints, documentation, licences, generated files.
    #[command(after_help = "Example: cargo xtask check")]
    Check,
    /// Runs every test, against a real database, mail server and browser where they can be had.
    #[command(after_help = "Example: USHER_TEST_POSTGRES=postgres://me@127.0.0.1/postgres cargo xtask test")]
    Test,
    /// Runs only the clients that nobody here wrote: curl, Python, npm, schemathesis.
    #[command(after_help = "Example: cargo xtask outside")]
    Outside,
    /// Kills the server under load and asks whether it lost anything it had acknowledged.
    Faults(faults::Options),
    /// Measures the figures the product promises, side by side with what the machine can do.
    Bench(bench::Options),
    /// Measures the gateway on the real kernel, in namespaces of its own, without root.
    Lab(lab::Options),
    /// Judges the files in deploy/ with the programs they are for: compose, systemd, nginx, Caddy.
    #[command(after_help = "Example: cargo xtask deploy")]
    Deploy,
    /// Writes the OpenAPI document and the reference pages.
    #[command(after_help = "Example: cargo xtask generate && git diff docs/reference")]
    Generate,
    #[command(hide = true)]
    Measure(bench::Options),
    #[command(hide = true)]
    Hello(bench::measure::hello::Options),
}

fn main() -> ExitCode {
    match run(Invocation::parse().task) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say::say(format_args!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<bool> {
    match task {
        Task::Check => check::run(),
        Task::Test => test::run(),
        Task::Outside => test::outside(),
        Task::Faults(options) => faults::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Lab(options) => lab::run(&options),
        Task::Deploy => deploy::run(),
        Task::Generate => generate::run().map(|()| true),
        Task::Measure(options) => bench::measure::run(&options).map(|()| true),
        Task::Hello(options) => bench::measure::hello::serve(&options).map(|()| true),
    }
}
