//! Weights and caps, held against the allocation that is right by definition.

use std::time::Duration;

use anyhow::Result;
use usher_sharing::allocate::{Claim, allocate};
use usher_sharing::demand::Demand;
use usher_sharing::plan::{Band, Weight};
use usher_sharing::rate::BitsPerSecond;

use super::report::{Figures, Report};
use super::scheme::{Contract, Scheme, desired};
use super::stage::{Stage, joined};
use super::topology::Topology;
use super::traffic::Congestion;

const LINK: BitsPerSecond = BitsPerSecond::mbit(20);
const RTT: Duration = Duration::from_millis(40);
/// Promises together may not be more than this part of the link.
const PROMISED: f64 = 0.1;

pub(crate) fn run(weights: &[u16], caps: bool, seconds: f64, report: &mut Report) -> Result<()> {
    let weighted: Vec<Contract> = weights
        .iter()
        .map(|weight| {
            Ok(Contract {
                weight: Weight::new(*weight)?,
                ..Contract::default()
            })
        })
        .collect::<Result<_>>()?;
    let udp = once("udp", &weighted, seconds, true, report)?;
    report.scheme("udp", udp);
    let tcp = once("tcp", &weighted, seconds, false, report)?;
    report.scheme("tcp", tcp);
    if caps {
        let capped = |mbit| Contract {
            band: Band::new(BitsPerSecond::ZERO, Some(BitsPerSecond::mbit(mbit))).unwrap_or_default(),
            ..Contract::default()
        };
        let contracts = [capped(3), capped(5), Contract::default(), Contract::default()];
        let found = once("caps", &contracts, seconds, false, report)?;
        report.scheme("caps", found);
    }
    Ok(())
}

fn once(name: &str, contracts: &[Contract], seconds: f64, udp: bool, report: &mut Report) -> Result<Figures> {
    let topology = Topology::build(contracts.len(), None)?;
    // All alike first: the weights come while traffic flows.
    let alike = vec![Contract::default(); contracts.len()];
    let Some(gateway) = Scheme::Usher.install(&topology, LINK, RTT, &alike)? else {
        return Ok(Figures::new());
    };
    let mut promised = gateway.promised()?;
    let mut stage = Stage::open(&topology, seconds, 1.0)?;
    let recording = stage.record()?;
    for client in 0..contracts.len() {
        if udp {
            stage.flood(client, LINK, 0.0, seconds)?;
        } else {
            for _ in 0..2 {
                stage.download(client, Congestion::Cubic, 0.0, seconds)?;
            }
        }
    }
    for generation in 2..6 {
        let given = if generation % 2 == 0 {
            contracts
        } else {
            &alike[..]
        };
        gateway.apply(desired(generation, LINK, RTT, given)?)?;
        promised = promised.max(gateway.promised()?);
    }
    gateway.apply(desired(6, LINK, RTT, contracts)?)?;
    promised = promised.max(gateway.promised()?);
    let record = joined(recording)?;
    let rates = record.rates(stage.at(2.0), stage.at(seconds - 0.1));
    stage.close()?;
    let claims = contracts
        .iter()
        .map(|contract| Claim::new(contract.weight, contract.band, Demand::Backlogged));
    let right = allocate(LINK, &claims.collect::<Vec<_>>());
    let mut found = Figures::new();
    let mut worst: f64 = 0.0;
    for (client, (rate, right)) in rates.iter().zip(right).enumerate() {
        let right = right.get() as f64;
        worst = worst.max((rate / right - 1.0).abs() * 100.0);
        found.insert(format!("client{client}_mbit"), rate / 1e6);
        found.insert(format!("client{client}_right_mbit"), right / 1e6);
    }
    found.insert("worst_percent".to_owned(), worst);
    let promised = promised as f64 * 8.0 / LINK.get() as f64;
    found.insert("promised_part".to_owned(), promised);
    report.at_most(&format!("worst_percent {name}"), worst, 3.0);
    report.at_most(&format!("promised_part {name}"), promised, PROMISED);
    Ok(found)
}
