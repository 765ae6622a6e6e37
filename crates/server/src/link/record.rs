//! Writes down what was reported: every report of a simulation, one in ten of a live link, and what each
//! account has used.

use std::collections::HashMap;
use std::sync::Arc;

use usher_accounts::id::{PersonId, RunId};
use usher_accounts::time::Timestamp;
use usher_service::link::NewReport;
use usher_sharing::rate::BitsPerSecond;
use usher_sharing::wire::{ClientReport, Telemetry};

use crate::app::App;

/// Of a live link, one report in so many is kept.
const ONE_IN: u64 = 10;
/// Reports after which everything is written down.
const PORTION: u64 = 10;

/// What waits to be written down.
#[derive(Debug)]
pub(super) struct Recorder {
    app: App,
    run: Option<OpenRun>,
    seen: u64,
    reports: Vec<NewReport>,
    used: HashMap<PersonId, u64>,
}

#[derive(Debug)]
struct OpenRun {
    id: RunId,
    scenario: Option<String>,
    last: i64,
}

impl Recorder {
    pub(super) fn new(app: App) -> Self {
        Self {
            app,
            run: None,
            seen: 0,
            reports: Vec::new(),
            used: HashMap::new(),
        }
    }

    /// Takes in a report. What cannot be written down is lost, and said; sharing goes on.
    pub(super) async fn note(&mut self, report: &Telemetry, text: &Arc<str>) {
        let scenario = report.scenario.as_ref().map(|label| label.as_str().to_owned());
        let at = report.at.micros();
        let goes_on = |run: &OpenRun| run.scenario == scenario && run.last < at;
        if !self.run.as_ref().is_some_and(goes_on) {
            self.flush().await;
            self.begin(scenario.clone(), at).await;
        }
        if let Some(run) = &mut self.run {
            run.last = at;
        }
        if scenario.is_none() {
            self.count(report);
        }
        if scenario.is_some() || self.seen.is_multiple_of(ONE_IN) {
            self.reports.push(NewReport {
                at: Timestamp::from_micros(at),
                body: text.to_string(),
            });
        }
        self.seen += 1;
        if self.seen.is_multiple_of(PORTION) {
            self.flush().await;
        }
    }

    async fn begin(&mut self, scenario: Option<String>, at: i64) {
        let name = scenario
            .clone()
            .or_else(|| Some(self.app.settings.link.as_ref()?.link.name.as_str().to_owned()))
            .unwrap_or_default();
        match self.app.usher.start_run(&name, scenario.is_some()).await {
            Ok(id) => {
                self.run = Some(OpenRun {
                    id,
                    scenario,
                    last: at,
                });
            }
            Err(error) => tracing::warn!(%error, "reports of the link are not kept for now"),
        }
    }

    fn count(&mut self, report: &Telemetry) {
        let millis = u64::from(report.span_ms);
        for client in &report.clients {
            let bits = both(client).get().saturating_mul(millis) / 1_000;
            if bits >= 8 {
                let account = PersonId::from_bytes(*client.id.as_bytes());
                *self.used.entry(account).or_default() += bits / 8;
            }
        }
    }

    /// Writes down what waits.
    pub(super) async fn flush(&mut self) {
        let reports = std::mem::take(&mut self.reports);
        let used: Vec<_> = self.used.drain().collect();
        if let Some(run) = &self.run
            && !reports.is_empty()
            && let Err(error) = self.app.usher.keep_reports(run.id, reports).await
        {
            tracing::warn!(%error, "reports of the link were not kept");
        }
        if !used.is_empty()
            && let Err(error) = self.app.usher.count_use(&used).await
        {
            tracing::warn!(%error, "what was used of the link was not counted");
        }
    }
}

fn both(client: &ClientReport) -> BitsPerSecond {
    client.down.used + client.up.map(|up| up.used).unwrap_or_default()
}
