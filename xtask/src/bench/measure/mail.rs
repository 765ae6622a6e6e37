//! How long after its 201 a registration's code is at the mail server.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::figures::{Figure, Target};
use super::scene::{self, Scene};
use super::statistics::percentile;
use crate::client::http::Connection;

const SAMPLES: usize = 200;
const LIMIT: Duration = Duration::from_secs(20);

/// One registration after the other.
pub(super) fn measure(scene: &Scene) -> Result<Vec<Figure>> {
    let mut connection = Connection::open(scene.address).context("cannot connect")?;
    let mut delays = Vec::with_capacity(SAMPLES);
    for _ in 0..SAMPLES {
        let person = scene::register(&mut connection, &scene.stranger())?;
        let acknowledged = Instant::now();
        let mail = scene
            .sink
            .code_after(&person.email, 0, LIMIT)
            .context("a code did not come")?;
        delays.push(mail.arrived.saturating_duration_since(acknowledged));
    }
    Ok(vec![
        Figure::new("code_at_smtp_p50", percentile(&delays, 50), "ms")
            .note(format!("{SAMPLES} registrations")),
        Figure::new("code_at_smtp_p99", percentile(&delays, 99), "ms").target(Target::AtMost(250.0)),
    ])
}
