//! What was found, line by line.

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// As it should be.
    Ok,
    /// It works, and will not for ever or not for everybody.
    Warn,
    /// It does not work, or is not safe.
    Fail,
}

/// One line.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    level: Level,
    detail: String,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn ok(&mut self, check: &'static str, detail: impl Into<String>) {
        self.add(check, Level::Ok, detail.into());
    }

    pub(super) fn warn(&mut self, check: &'static str, detail: impl Into<String>) {
        self.add(check, Level::Warn, detail.into());
    }

    pub(super) fn fail(&mut self, check: &'static str, detail: impl Into<String>) {
        self.add(check, Level::Fail, detail.into());
    }

    fn add(&mut self, check: &'static str, level: Level, detail: String) {
        self.0.push(Finding { check, level, detail });
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn count(&self, level: Level) -> usize {
        self.0.iter().filter(|finding| finding.level == level).count()
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string_pretty(&self.0).unwrap_or_default()
    }

    pub(super) fn to_text(&self) -> String {
        let lines = self.0.iter().map(|finding| {
            let level = match finding.level {
                Level::Ok => "ok",
                Level::Warn => "warn",
                Level::Fail => "fail",
            };
            format!("{level:<5} {:<11} {}", finding.check, finding.detail)
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}
