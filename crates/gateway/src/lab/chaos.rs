//! The program is killed, restarted, has its classes deleted under it, and is taken down.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use usher_sharing::rate::BitsPerSecond;

use super::agent::{Agent, Home};
use super::report::{Report, figures};
use super::scheme::{Contract, desired, devices};
use super::stage::{Stage, joined};
use super::topology::Topology;
use super::traffic::Congestion;
use crate::kernel::{Change, Handle, Kernel};
use crate::shape::TOP;
use usher_sharing::link::Side;

const LINK: BitsPerSecond = BitsPerSecond::mbit(20);
const RTT: Duration = Duration::from_millis(40);
const CLIENTS: usize = 4;
/// Signed in without a device that does anything.
const ABSENT: usize = 150;
const DELETED: usize = 100;
const SECONDS: f64 = 16.0;
const ROUND_MS: f64 = 500.0;

pub(crate) fn run(report: &mut Report) -> Result<()> {
    let topology = Topology::build(CLIENTS, None)?;
    let before = topology.dumps()?;
    let home = Home::new()?;
    let desired = desired(1, LINK, RTT, &[Contract::default(); CLIENTS + ABSENT])?;
    let mut first = Agent::start(&topology, &home)?;
    first.apply(&desired)?;
    let mut stage = Stage::open(&topology, SECONDS, 1.0)?;
    let recording = stage.record()?;
    for client in 0..CLIENTS {
        stage.download(client, Congestion::Cubic, 0.0, SECONDS)?;
        stage.download(client, Congestion::Cubic, 0.0, SECONDS)?;
    }
    sleep_until(stage.at(5.0));
    first.kill()?;
    sleep_until(stage.at(9.0));
    let mut second = Agent::start(&topology, &home)?;
    let steps = second.apply(&desired)?.steps;
    sleep_until(stage.at(11.0));
    let healed = topology.gateway.run(delete_and_wait)?;
    let record = joined(recording)?;
    second.kill()?;
    home.down(&topology)?;
    let after = topology.dumps()?;

    let goodput = |from, until| record.rates(stage.at(from), stage.at(until)).iter().sum::<f64>();
    let (alive, dead) = (goodput(2.0, 5.0), goodput(5.0, 9.0));
    let gap = (0..CLIENTS).map(|client| record.longest_gap(client, stage.at(4.5), stage.at(15.5)));
    let gap = gap.max().unwrap_or_default().as_secs_f64() * 1e3;
    stage.close()?;
    let change = (dead / alive - 1.0).abs() * 100.0;
    let same = f64::from(u8::from(before == after));
    report.scheme(
        "usher",
        figures([
            ("goodput_mbit", alive / 1e6),
            ("goodput_killed_mbit", dead / 1e6),
            ("change_percent", change),
            ("longest_gap_ms", gap),
            ("restart_steps", steps as f64),
            ("healed_ms", healed),
            ("equal_after_down", same),
        ]),
    );
    report.at_most("change_percent", change, 2.0);
    report.at_most("longest_gap_ms", gap, 100.0);
    report.at_most("restart_steps", steps as f64, 0.0);
    report.at_most("healed_ms", healed, 2.0 * ROUND_MS + 100.0);
    report.at_least("equal_after_down", same, 1.0);
    Ok(())
}

fn sleep_until(at: Instant) {
    thread::sleep(at.saturating_duration_since(Instant::now()));
}

/// Deletes classes of clients that are absent; milliseconds until all are back, NaN when they are not.
fn delete_and_wait() -> Result<f64> {
    let mut devices = devices()?;
    let top = Handle::new(1, TOP);
    let mut handles: Vec<Handle> = clients(&mut devices, top)?;
    let all = handles.len();
    handles.sort_unstable();
    let absent = handles.into_iter().skip(CLIENTS).take(DELETED);
    let deletions: Vec<Change> = absent.map(Change::RemoveClass).collect();
    let begun = Instant::now();
    let refused = devices.apply(Side::Down, &deletions)?;
    anyhow::ensure!(refused.is_empty(), "{refused:?}");
    while begun.elapsed() < Duration::from_secs(8) {
        if clients(&mut devices, top)?.len() == all {
            return Ok(begun.elapsed().as_secs_f64() * 1e3);
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(f64::NAN)
}

fn clients(kernel: &mut impl Kernel, top: Handle) -> Result<Vec<Handle>> {
    let classes = kernel.classes(Side::Down)?.into_iter();
    let below = classes.filter(|(class, _)| class.parent == top);
    Ok(below.map(|(class, _)| class.handle).collect())
}
