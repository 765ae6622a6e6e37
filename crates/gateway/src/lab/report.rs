//! What a run of the lab found: figures of each scheme, and the bars they are held against.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

/// Figures of one scheme by their stable names.
pub(crate) type Figures = BTreeMap<String, f64>;

/// The outcome of one command.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    lab: &'static str,
    /// Whether the lab ran ahead of other programs of the machine.
    ahead: bool,
    schemes: Vec<Scheme>,
    bars: Vec<Bar>,
}

#[derive(Debug, Serialize)]
struct Scheme {
    scheme: String,
    figures: Figures,
}

#[derive(Debug, Serialize)]
struct Bar {
    name: String,
    measured: f64,
    wanted: f64,
    at_least: bool,
    passed: bool,
}

impl Report {
    pub(crate) fn new(lab: &'static str, ahead: bool) -> Self {
        Self {
            lab,
            ahead,
            ..Self::default()
        }
    }

    pub(crate) fn scheme(&mut self, scheme: &str, figures: Figures) {
        self.schemes.push(Scheme {
            scheme: scheme.to_owned(),
            figures,
        });
    }

    /// A figure of a scheme; NaN when it was not measured.
    pub(crate) fn figure(&self, scheme: &str, name: &str) -> f64 {
        let found = self.schemes.iter().find(|found| found.scheme == scheme);
        found
            .and_then(|found| found.figures.get(name))
            .copied()
            .unwrap_or(f64::NAN)
    }

    pub(crate) fn at_least(&mut self, bar: &str, measured: f64, wanted: f64) {
        self.bar(bar, measured, wanted, true);
    }

    pub(crate) fn at_most(&mut self, bar: &str, measured: f64, wanted: f64) {
        self.bar(bar, measured, wanted, false);
    }

    fn bar(&mut self, bar: &str, measured: f64, wanted: f64, at_least: bool) {
        // What could not be measured has not passed.
        let passed = if at_least {
            measured >= wanted
        } else {
            measured <= wanted
        };
        self.bars.push(Bar {
            name: bar.to_owned(),
            measured,
            wanted,
            at_least,
            passed,
        });
    }

    pub(crate) fn passed(&self) -> bool {
        self.bars.iter().all(|bar| bar.passed)
    }

    /// The table people read.
    pub(crate) fn text(&self) -> String {
        let mut lines = Vec::new();
        let names: Vec<&String> = self
            .schemes
            .iter()
            .flat_map(|scheme| scheme.figures.keys())
            .collect();
        let mut seen: Vec<&String> = Vec::new();
        for name in names {
            if !seen.contains(&name) {
                seen.push(name);
            }
        }
        let width = seen.iter().map(|name| name.len()).max().unwrap_or(0);
        let header = self.schemes.iter().map(|scheme| format!("{:>14}", scheme.scheme));
        lines.push(format!("{:width$}{}", "", header.collect::<String>()));
        for name in seen {
            let cells = self
                .schemes
                .iter()
                .map(|scheme| cell(scheme.figures.get(name).copied()));
            lines.push(format!("{name:width$}{}", cells.collect::<String>()));
        }
        for bar in &self.bars {
            let verdict = if bar.passed { "passed" } else { "FAILED" };
            let sign = if bar.at_least { "≥" } else { "≤" };
            lines.push(format!(
                "{verdict}: {} {} {sign} {}",
                bar.name,
                short(bar.measured),
                short(bar.wanted)
            ));
        }
        if !self.ahead {
            lines.push(
                "(this user may not run ahead of other programs: their load shows in the times)".to_owned(),
            );
        }
        lines.join("\n")
    }

    pub(crate) fn write(&self, file: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        std::fs::write(file, text).with_context(|| file.display().to_string())
    }
}

fn cell(value: Option<f64>) -> String {
    value.map_or_else(|| format!("{:>14}", ""), |value| format!("{:>14}", short(value)))
}

fn short(value: f64) -> String {
    if value.abs() >= 100.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.3}")
    }
}

/// Collects figures under their names.
pub(crate) fn figures<const N: usize>(values: [(&str, f64); N]) -> Figures {
    values
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
