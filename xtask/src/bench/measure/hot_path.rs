//! The session check: its speed beside a bare axum program, and its latency while others log in.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use super::figures::{Figure, Target};
use super::hello::Hello;
use super::load::{Offer, Served, saturate};
use super::scene::Scene;
use super::statistics::{median, percentile};
use crate::client::http;
use crate::client::journey;

const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(3);
const CONNECTIONS: usize = 32;
const CALM_RATE: f64 = 200.0;
const CALM_CONNECTIONS: usize = 8;

/// Requests per second of both, in turns.
pub(super) fn throughput(scene: &Scene) -> Result<Vec<Figure>> {
    let hello = Hello::start()?;
    let token = scene.sign_in(&scene.accounts[0])?.access_token;
    let mut bare_lanes = vec![http::request("GET", "/", &[], ""); CONNECTIONS];
    let mut own_lanes = vec![journey::me(&token); CONNECTIONS];
    let (mut bare, mut own) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bare.push(saturate(hello.address, &mut bare_lanes, ROUND, |_, answer| {
            answer.status == 200
        })?);
        own.push(saturate(scene.address, &mut own_lanes, ROUND, |_, answer| {
            answer.status == 200
        })?);
    }
    let (bare, own) = (median(&bare), median(&own));
    Ok(vec![
        Figure::new("hello_world", bare, "/s").note(format!("bare axum, {CONNECTIONS} connections")),
        Figure::new("me", own, "/s").note("GET /auth/me with a bearer token, same client"),
        Figure::new("me_share_of_hello_world", own / bare * 100.0, "%").target(Target::AtLeast(70.0)),
    ])
}

/// Latency of a calm stream of requests, alone and under a storm of logins.
pub(super) fn latency(scene: &Scene) -> Result<Vec<Figure>> {
    let token = scene.sign_in(&scene.accounts[0])?.access_token;
    let calm = Offer {
        rate: CALM_RATE,
        warm_up: Duration::from_secs(1),
        counted: scene.load,
        connections: CALM_CONNECTIONS,
    };
    let idle = calm.run(scene.address, |_| journey::me(&token))?;
    let storm = Offer {
        rate: scene.raw.rate() * 2.0,
        connections: (scene.raw.rate() * 3.0) as usize,
        ..calm
    };
    let stormy = thread::scope(|scope| {
        // The first account is the calm one's: a storm of its own logins would end its session.
        let others = &scene.accounts[1..];
        let account = |number: u64| &others[number as usize % others.len()];
        let storm = scope.spawn(move || storm.run(scene.address, |number| journey::sign_in(account(number))));
        let stormy = calm.run(scene.address, |_| journey::me(&token));
        storm.join().ok().context("the storm broke down")??;
        stormy
    })?;
    let p99 = |served: &Served| percentile(&served.done, 99);
    let (quiet, loud) = (p99(&idle), p99(&stormy));
    Ok(vec![
        Figure::new("me_p50_idle", percentile(&idle.done, 50), "ms"),
        Figure::new("me_p99_idle", quiet, "ms").note(format!("{} requests", idle.done.len())),
        Figure::new("me_p50_storm", percentile(&stormy.done, 50), "ms"),
        Figure::new("me_p99_storm", loud, "ms").note("while twice the logins come that the machine can hash"),
        Figure::new("me_p99_storm_to_idle", loud / quiet, "×").target(Target::AtMost(2.0)),
        Figure::new(
            "me_failed",
            (idle.failed + stormy.failed + idle.shed + stormy.shed) as f64,
            "requests",
        )
        .target(Target::AtMost(0.0)),
    ])
}

/// Rotations per second, every lane with a session of its own.
pub(super) fn refresh(scene: &Scene) -> Result<Figure> {
    let session = |lane: usize| {
        let signed_in = scene.sign_in(&scene.accounts[lane % scene.accounts.len()])?;
        Ok(journey::refresh(&signed_in.refresh_token))
    };
    let mut lanes = (0..CONNECTIONS * 2).map(session).collect::<Result<Vec<_>>>()?;
    let rate = saturate(scene.address, &mut lanes, ROUND * 2, |lane, answer| {
        journey::signed_in(answer).is_some_and(|tokens| {
            *lane = journey::refresh(&tokens.refresh_token);
            true
        })
    })?;
    Ok(Figure::new("refresh", rate, "/s")
        .target(Target::AtLeast(3_000.0))
        .note("rotating, each one durable"))
}
