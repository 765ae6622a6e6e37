//! What ten thousand clients cost to keep: without traffic, with the real kernel.

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use usher_sharing::link::Side;
use usher_sharing::rate::BitsPerSecond;
use usher_sharing::wire::Tier;

use super::report::{Report, figures};
use super::scheme::{Contract, NOW, desired, devices, terms};
use super::topology::{LAN, Topology};
use crate::controller::Controller;
use crate::kernel::{Change, Class, Handle, Kernel};
use crate::shape::TOP;

const LINK: BitsPerSecond = BitsPerSecond::mbit(1_000);
const RTT: Duration = Duration::from_millis(40);
const TICKS: u32 = 20;
const ROUND: Duration = Duration::from_millis(500);

pub(crate) fn run(clients: usize, report: &mut Report) -> Result<()> {
    let topology = Topology::build(1, None)?;
    let found = topology.gateway.run(|| {
        let mut controller = Controller::new(devices()?, terms(Tier::MiniFq)?);
        let contracts = vec![Contract::default(); clients - 1];
        let first = desired(1, LINK, RTT, &contracts)?;
        let install = timed(|| Ok(controller.apply(first, NOW)?))?;
        let more = desired(2, LINK, RTT, &vec![Contract::default(); clients])?;
        let sign_in = timed(|| Ok(controller.apply(more, NOW)?))?;
        let again = desired(3, LINK, RTT, &vec![Contract::default(); clients])?;
        let before = controller.kernel().sent();
        controller.apply(again, NOW)?;
        let writes = (controller.kernel().sent() - before) as f64;

        let mut ticks = Vec::new();
        for _ in 0..TICKS {
            ticks.push(timed(|| Ok(controller.tick(NOW, ROUND)?))?);
        }
        ticks.sort_unstable_by(f64::total_cmp);
        let classes = slower(controller.kernel())?;
        let raw = timed(|| {
            let changes: Vec<Change> = classes.iter().copied().map(Change::SetClass).collect();
            let refused = controller.kernel().apply(Side::Down, &changes)?;
            anyhow::ensure!(refused.is_empty(), "{refused:?}");
            Ok(())
        })?;
        let batch = batch(&slower(controller.kernel())?)?;
        let teardown = timed(|| Ok(controller.down(NOW)?))?;
        Ok(figures([
            ("install_ms", install),
            ("sign_in_ms", sign_in),
            ("same_state_writes", writes),
            ("tick_p50_ms", ticks[ticks.len() / 2]),
            ("tick_max_ms", ticks[ticks.len() - 1]),
            ("change_all_ms", raw),
            ("change_all_tc_batch_ms", batch),
            ("teardown_ms", teardown),
            ("rss_mb", memory()?),
        ]))
    })?;
    let of = |name: &str| found[name];
    report.at_most("install_ms", of("install_ms"), 10_000.0);
    report.at_most("change_all_ms", of("change_all_ms"), 50.0);
    report.at_least(
        "tc -batch over change_all",
        of("change_all_tc_batch_ms") / of("change_all_ms"),
        10.0,
    );
    report.at_most("tick_p50_ms", of("tick_p50_ms"), 40.0);
    report.at_most("sign_in_ms", of("sign_in_ms"), 20.0);
    report.at_most("same_state_writes", of("same_state_writes"), 0.0);
    report.at_most("rss_mb", of("rss_mb"), 100.0);
    report.scheme(&clients.to_string(), found);
    Ok(())
}

fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<f64> {
    let begun = Instant::now();
    work()?;
    Ok(begun.elapsed().as_secs_f64() * 1e3)
}

/// Every client's class at a little less than it has.
fn slower(kernel: &mut impl Kernel) -> Result<Vec<Class>> {
    let classes = kernel.observe(Side::Down)?.classes.into_values();
    let clients = classes.filter(|class| class.parent == Handle::new(1, TOP));
    let slower = |mut class: Class| {
        class.htb.ceil -= class.htb.ceil / 100;
        class
    };
    Ok(clients.map(slower).collect())
}

/// The same change by the program that everybody has.
fn batch(classes: &[Class]) -> Result<f64> {
    let mut lines = String::new();
    for class in classes {
        let (rate, ceil) = (class.htb.rate * 8, class.htb.ceil * 8);
        writeln!(
            lines,
            "class change dev {LAN} parent {} classid {} htb rate {rate}bit ceil {ceil}bit quantum {} prio {}",
            class.parent, class.handle, class.htb.quantum, class.htb.priority
        )?;
    }
    timed(|| super::space::feed(std::process::Command::new("tc").args(["-batch", "-"]), &lines))
}

/// What this process has in memory, in MB.
fn memory() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes: f64 = line
        .context("VmRSS")?
        .trim()
        .trim_end_matches(" kB")
        .trim()
        .parse()?;
    Ok(kilobytes / 1e3)
}
