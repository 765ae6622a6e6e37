//! Whether what is quick with a thousand people is as quick with a million: the same operations by as many
//! active people on two databases, in turns.

mod operations;
mod side;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use super::figures::{Figure, Target};
use super::load::{Work, work_off};
use super::place::Kind;
use super::statistics::median;
use crate::say::{say, table};
use side::Side;

/// The accounts of the small side.
const FEW: u64 = 1_000;
/// People who do something, on either side. On the large one they are spread among all.
const ACTIVE: u64 = 1_000;
const ROUNDS: usize = 3;
/// What is gone afterwards is counted: so many in a round. The first round is not counted.
const PORTION: usize = 1_000;
const USED_UP: u64 = (PORTION * (ROUNDS + 1)) as u64;
const WARM_UP: Duration = Duration::from_millis(500);
const LEAST_KEPT: f64 = 90.0;

/// One operation on one side.
struct Operation<'a> {
    name: &'static str,
    connections: usize,
    /// How long a round lasts; of what is used up, at the most.
    round: Duration,
    /// The work of each round, the first for warming up; or the same for all.
    work: Vec<Work<'a>>,
    /// Whether mails leave because of it, which the next is not to be measured with.
    mails: bool,
}

/// One operation on both sides.
struct Comparison {
    name: &'static str,
    few: Vec<f64>,
    many: Vec<f64>,
}

/// Measures on one kind of database, and shows both sides.
pub(super) fn measure(program: &Path, kind: &Kind, accounts: u64) -> Result<Vec<Figure>> {
    say(format_args!("{FEW} accounts and sessions …"));
    let few = Side::set(program, kind, FEW)?;
    say(format_args!("{accounts} accounts and sessions …"));
    let many = Side::set(program, kind, accounts)?;
    let mut comparisons = Vec::new();
    for (on_few, on_many) in operations::all(&few)?.into_iter().zip(operations::all(&many)?) {
        let comparison = compare((&few, &on_few), (&many, &on_many))?;
        say(format_args!("{}: {:.0} % …", comparison.name, comparison.kept()));
        comparisons.push(comparison);
    }
    let rows: Vec<_> = comparisons.iter().map(Comparison::row).collect();
    let (at_few, at_many) = (format!("at {FEW}"), format!("at {accounts}"));
    say(table(["operation", &at_few, &at_many, "kept", ""], &rows));
    Ok(comparisons.iter().flat_map(Comparison::figures).collect())
}

fn compare(few: (&Side, &Operation<'_>), many: (&Side, &Operation<'_>)) -> Result<Comparison> {
    let mut comparison = Comparison {
        name: few.1.name,
        few: Vec::new(),
        many: Vec::new(),
    };
    for round in 0..=ROUNDS {
        // Whoever comes second has it no better in the end.
        let few_first = round % 2 == 0;
        let first = if few_first { few } else { many };
        let second = if few_first { many } else { few };
        let (first, second) = (run(first, round)?, run(second, round)?);
        if round > 0 {
            let (few, many) = if few_first {
                (first, second)
            } else {
                (second, first)
            };
            comparison.few.push(few);
            comparison.many.push(many);
        }
    }
    Ok(comparison)
}

fn run((side, operation): (&Side, &Operation<'_>), round: usize) -> Result<f64> {
    let work = operation.work.get(round).or(operation.work.last());
    let work = work.context("no work")?;
    let limit = if round == 0 { WARM_UP } else { operation.round };
    let rate = work_off(side.address(), work, operation.connections, limit);
    let rate = rate.with_context(|| format!("{} with {} accounts", operation.name, side.accounts))?;
    if operation.mails {
        side.wait_for_mails()?;
    }
    Ok(rate)
}

impl Comparison {
    /// In percent: the middle of the rounds, each with its own partner, as the machine drifts.
    fn kept(&self) -> f64 {
        let pairs = self.few.iter().zip(&self.many);
        median(&pairs.map(|(few, many)| many / few * 100.0).collect::<Vec<_>>())
    }

    fn row(&self) -> [String; 5] {
        let word = if self.kept() >= LEAST_KEPT {
            "met"
        } else {
            "MISSED"
        };
        [
            self.name.to_owned(),
            format!("{:.0} /s", median(&self.few)),
            format!("{:.0} /s", median(&self.many)),
            format!("{:.0} %", self.kept()),
            word.to_owned(),
        ]
    }

    fn figures(&self) -> [Figure; 3] {
        let name = self.name;
        [
            Figure::new(format!("growth_{name}_few"), median(&self.few), "/s"),
            Figure::new(format!("growth_{name}_many"), median(&self.many), "/s"),
            Figure::new(format!("growth_{name}_kept"), self.kept(), "%").target(Target::AtLeast(LEAST_KEPT)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_judged_round_by_round() {
        let comparison = Comparison {
            name: "me",
            few: vec![100.0, 200.0, 100.0],
            many: vec![95.0, 180.0, 10.0],
        };
        let row = ["me", "100 /s", "95 /s", "90 %", "met"];
        assert_eq!(comparison.row(), row);
    }
}
