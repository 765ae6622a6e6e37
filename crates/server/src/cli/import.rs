//! `usher user import`

mod lines;

use std::io::Read;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use usher_service::Usher;
use usher_service::import::{Arrival, Newcomer};

use super::say;

/// People in one transaction.
const AT_ONCE: usize = 200;

/// What to do.
#[derive(Args, Debug)]
pub(super) struct Options {
    /// JSON lines or CSV with a header; - for standard input
    file: PathBuf,
    /// Addresses count as proven where the file does not say otherwise
    #[arg(long)]
    verified: bool,
    /// Only say what is wrong with the file
    #[arg(long)]
    check: bool,
}

pub(super) async fn run(usher: &Usher, options: &Options) -> Result<()> {
    let text = read(options).with_context(|| format!("cannot read {}", options.file.display()))?;
    let (mut refused, mut people) = (0, Vec::new());
    for (number, line) in lines::read(&text) {
        match line.and_then(|fields| lines::person(&fields, options.verified)) {
            Ok(person) => people.push((number, person)),
            Err(reason) => refuse(&mut refused, number, &reason),
        }
    }
    let all = refused + people.len();
    let (mut made, mut known) = (0, 0);
    if options.check {
        say(&format!("{} of {all} lines can be imported", people.len()));
    } else {
        for portion in portions(people) {
            let (numbers, portion): (Vec<usize>, Vec<Newcomer>) = portion.into_iter().unzip();
            for (number, arrival) in numbers.into_iter().zip(usher.import(&portion).await?) {
                match arrival {
                    Arrival::Made => made += 1,
                    Arrival::Known => known += 1,
                    Arrival::UsernameTaken => {
                        refuse(&mut refused, number, "the username belongs to somebody else");
                    }
                }
            }
        }
        say(&format!(
            "imported {made}; {known} had accounts already and stay as they are"
        ));
    }
    if refused > 0 {
        bail!("{refused} of {all} lines were refused; correct them and import the file again");
    }
    Ok(())
}

fn refuse(refused: &mut usize, number: usize, reason: &str) {
    *refused += 1;
    say(&format!("line {number}: {reason}"));
}

fn read(options: &Options) -> std::io::Result<String> {
    let mut text = String::new();
    if options.file.as_os_str() == "-" {
        std::io::stdin().lock().read_to_string(&mut text)?;
    } else {
        text = std::fs::read_to_string(&options.file)?;
    }
    Ok(text)
}

fn portions<T>(all: Vec<T>) -> Vec<Vec<T>> {
    let mut portions = Vec::new();
    let mut rest = all.into_iter().peekable();
    while rest.peek().is_some() {
        portions.push(rest.by_ref().take(AT_ONCE).collect());
    }
    portions
}
