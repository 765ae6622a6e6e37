//! What was measured, what was promised, and the word between them.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::say::table;

/// A promise about a figure.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    AtLeast(f64),
    AtMost(f64),
}

/// One measured number.
#[derive(Debug)]
pub(super) struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    target: Option<Target>,
    note: String,
}

impl Figure {
    /// A number under its stable name.
    pub(super) fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            value,
            unit,
            target: None,
            note: String::new(),
        }
    }

    /// With this before its name.
    pub(super) fn named_after(mut self, prefix: &str) -> Self {
        self.name.insert_str(0, prefix);
        self
    }

    /// With what was promised.
    pub(super) fn target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    /// With what a reader should know.
    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    fn met(&self) -> Option<bool> {
        self.target.map(|target| match target {
            Target::AtLeast(limit) => self.value >= limit,
            Target::AtMost(limit) => self.value <= limit,
        })
    }

    fn row(&self) -> [String; 5] {
        let word = match self.met() {
            None => "",
            Some(true) => "met",
            Some(false) => "MISSED",
        };
        let target = self
            .target
            .map(|target| format!("{target} {}", self.unit))
            .unwrap_or_default();
        [
            self.name.clone(),
            format!("{} {}", rounded(self.value), self.unit),
            target,
            word.to_owned(),
            self.note.clone(),
        ]
    }

    fn json(&self) -> Value {
        let target = self.target.map(|target| target.to_string());
        json!({"value": self.value, "unit": self.unit, "target": target, "met": self.met(), "note": self.note})
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(limit) => write!(f, "≥ {}", rounded(*limit)),
            Self::AtMost(limit) => write!(f, "≤ {}", rounded(*limit)),
        }
    }
}

/// All figures as people read them.
pub(super) fn as_table(figures: &[Figure]) -> String {
    let rows = figures.iter().map(Figure::row).collect::<Vec<_>>();
    table(["figure", "measured", "target", "", "note"], &rows)
}

/// All figures as programs read them.
pub(super) fn as_json(figures: &[Figure], cores: usize, seconds: u64) -> Value {
    let figures: Map<_, _> = figures
        .iter()
        .map(|figure| (figure.name.clone(), figure.json()))
        .collect();
    json!({"cores": cores, "seconds": seconds, "figures": figures})
}

/// Three digits that mean something; whole numbers as they are.
fn rounded(value: f64) -> String {
    let whole = value.fract().abs() < f64::EPSILON;
    let digits = match value.abs() {
        _ if whole => 0,
        100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_says_whether_its_promise_was_met() {
        let share = Figure::new("share", 96.2, "%").target(Target::AtLeast(95.0));
        assert_eq!(share.row(), ["share", "96.2 %", "≥ 95 %", "met", ""]);
        let slow = Figure::new("start", 51.0, "ms")
            .target(Target::AtMost(50.0))
            .note("median of 5");
        assert_eq!(slow.row(), ["start", "51 ms", "≤ 50 ms", "MISSED", "median of 5"]);
    }

    #[test]
    fn the_names_in_json_are_the_figures_own() {
        let document = as_json(&[Figure::new("raw", 115.4, "/s")], 2, 8);
        assert_eq!(document["figures"]["raw"]["value"], 115.4);
        assert_eq!(document["figures"]["raw"]["met"], Value::Null);
    }
}
