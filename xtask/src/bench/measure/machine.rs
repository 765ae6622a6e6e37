//! What the kernel says of a process: its memory and its processor time. Linux only.

use std::fs;
use std::num::NonZero;
use std::thread;

use anyhow::{Context, Result};

use super::figures::Figure;

/// Linux counts processor time in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;

/// How many threads run at once here.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// What else the machine had to do when the measure began.
pub(super) fn load_average() -> Figure {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let last_minute = text.split_whitespace().next().and_then(|load| load.parse().ok());
    Figure::new("load_average_before", last_minute.unwrap_or(f64::NAN), "")
        .note(format!("of the last minute, on {} cores", cores()))
}

/// Resident memory now, in MiB.
pub(crate) fn resident(process: u32) -> Result<f64> {
    status(process, "VmRSS:")
}

/// The most resident memory there ever was, in MiB.
pub(super) fn peak(process: u32) -> Result<f64> {
    status(process, "VmHWM:")
}

fn status(process: u32, key: &str) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).context("no /proc here")?;
    let kibibytes: Option<f64> = status
        .lines()
        .find_map(|line| line.strip_prefix(key))
        .and_then(|value| value.split_whitespace().next()?.parse().ok());
    Ok(kibibytes.context("/proc has no such line")? / 1_024.0)
}

/// Processor seconds this program has used so far; zero where nobody says.
pub(super) fn own_processor_time() -> f64 {
    processor_time(std::process::id())
}

/// Processor seconds a process has used so far; zero where nobody says.
pub(super) fn processor_time(process: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name of the program stands in brackets and may hold anything; what counts comes after it.
    let fields = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(11)
        .take(2);
    fields.filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / TICKS_PER_SECOND
}
