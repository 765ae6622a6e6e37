//! The packet filter, through its own program: one transaction on its standard input, no shell.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::IpAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use usher_sharing::moment::Moment;

use super::Refused;
use crate::rules::{Member, Members, TABLE};

const PROGRAM: &str = "nft";

/// What the kernel holds of our table.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Table {
    /// What the table says about itself.
    pub(crate) mark: String,
    /// Rules in it, for noticing that somebody took some away.
    pub(crate) rules: usize,
    /// Those that both maps agree about.
    pub(crate) members: Members,
    /// Elements of one map that the other does not have, or has differently.
    pub(crate) torn: Vec<IpAddr>,
}

/// Runs the orders as one transaction.
pub(crate) fn run(script: &str) -> Result<(), Refused> {
    let mut command = Command::new(PROGRAM);
    command
        .args(["-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| missing(&error))?;
    if let Some(mut orders) = child.stdin.take() {
        orders.write_all(script.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    // The lines that follow repeat the order, which may be very long.
    let words = String::from_utf8_lossy(&output.stderr);
    let first = words.lines().next().unwrap_or_default();
    Err(Refused::new(0, format!("nft: {first}")))
}

/// Reads our table; `None` when there is none.
pub(crate) fn table(now: Moment) -> Result<Option<Table>, Refused> {
    let mut command = Command::new(PROGRAM);
    let output = command
        .args(["-j", "list", "table", "inet", TABLE])
        .output()
        .map_err(|error| missing(&error))?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        if words.contains("No such file or directory") {
            return Ok(None);
        }
        return Err(Refused::new(0, format!("nft: {}", words.trim())));
    }
    let said: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| Refused::new(0, format!("nft said what cannot be read: {error}")))?;
    Ok(Some(read(&said, now)))
}

fn missing(error: &std::io::Error) -> Refused {
    Refused::new(
        error.raw_os_error().unwrap_or(0),
        format!("{PROGRAM} cannot be run: {error}"),
    )
}

fn read(said: &Value, now: Moment) -> Table {
    let mut table = Table::default();
    let mut maps: BTreeMap<&str, Members> = BTreeMap::new();
    for entry in said["nftables"].as_array().into_iter().flatten() {
        if entry["rule"].is_object() {
            table.rules += 1;
        }
        if let Some(comment) = entry["rule"]["comment"].as_str() {
            comment.clone_into(&mut table.mark);
        }
        if let Some(name) = entry["map"]["name"].as_str() {
            let elements = entry["map"]["elem"].as_array().into_iter().flatten();
            maps.insert(name, elements.filter_map(|pair| element(pair, now)).collect());
        }
    }
    for (down, up) in [("down4", "up4"), ("down6", "up6")] {
        let down = maps.remove(down).unwrap_or_default();
        let up = maps.remove(up).unwrap_or_default();
        for address in down.keys().chain(up.keys()) {
            match (down.get(address), up.get(address)) {
                (Some(one), Some(other)) if one.slot == other.slot => {
                    table.members.insert(*address, *one);
                }
                _ => table.torn.push(*address),
            }
        }
    }
    table
}

/// `[address, class]`, the address plain or with its timeout.
fn element(pair: &Value, now: Moment) -> Option<(IpAddr, Member)> {
    let (key, class) = (&pair[0], pair[1].as_str()?);
    let slot = u16::from_str_radix(class.split_once(':')?.1, 16).ok()?;
    let (address, until) = if let Some(address) = key.as_str() {
        (address, Moment::from_micros(i64::MAX))
    } else {
        let left = Duration::from_secs(key["elem"]["expires"].as_u64()?);
        (key["elem"]["val"].as_str()?, now + left)
    };
    Some((address.parse().ok()?, Member { slot, until }))
}
