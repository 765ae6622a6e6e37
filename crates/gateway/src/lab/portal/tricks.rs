//! Ways to a share that are none: what each brings, counted in the kernel.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;

use super::super::report::{Figures, figures};
use super::super::topology::{Topology, address};
use super::prober::Prober;
use super::server::{SITE, Server};
use super::{ECHO, PATIENCE, SERVER, bindings};

const VICTIM: usize = 0;
const FORGER: usize = 1;
const THIEF: usize = 2;
const NAMED: usize = 3;
const NAMED_FROM_OUTSIDE: usize = 4;
/// Longer than the gateway and the server take to act on anything.
const SETTLED: Duration = Duration::from_millis(2_500);

pub(super) fn play(topology: &Topology, server: &Server) -> Result<Figures> {
    let victim = server.sign_in(&topology.clients[VICTIM], VICTIM, &[])?;
    let header = forged_header(topology, server)?;
    let claim = claimed(topology, server)?;
    let stolen = stolen_session(topology, server, &victim.token)?;
    let (taken, reached) = taken_address(topology, server)?;
    Ok(figures([
        ("forged_header_bindings", header),
        ("claimed_bindings", claim),
        ("stolen_session_bindings", stolen),
        ("taken_address_bindings", taken),
        ("taken_address_reached_ms", reached),
    ]))
}

/// Signs in honestly and says, in every header there is for that, to be at somebody else's address; once
/// from the network, once from where the server believes such headers.
fn forged_header(topology: &Topology, server: &Server) -> Result<f64> {
    let mut sessions = Vec::new();
    for (from, account, named) in [
        (&topology.clients[FORGER], FORGER, NAMED),
        (&topology.server, NAMED_FROM_OUTSIDE, NAMED_FROM_OUTSIDE),
    ] {
        let named = address(named).to_string();
        let forwarded = format!("for={named}");
        let headers = [
            ("x-forwarded-for", named.as_str()),
            ("x-real-ip", &named),
            ("forwarded", &forwarded),
        ];
        sessions.push((from, server.sign_in(from, account, &headers)?.token));
    }
    thread::sleep(SETTLED);
    let bound = bindings(topology, &[NAMED, NAMED_FROM_OUTSIDE])?;
    for (from, token) in sessions {
        server.sign_out(from, &token)?;
    }
    Ok(bound)
}

/// Signs in and claims in the request itself to be another account, another address, another device.
fn claimed(topology: &Topology, server: &Server) -> Result<f64> {
    let claims = json!({
        "account_id": "00000000-0000-0000-0000-000000000000",
        "id": "00000000-0000-0000-0000-000000000000",
        "ip": address(NAMED).to_string(),
        "address": address(NAMED).to_string(),
        "mac": "02:00:00:00:00:01",
    });
    server.claim(&topology.clients[FORGER], FORGER, &claims)?;
    thread::sleep(SETTLED);
    bindings(topology, &[NAMED])
}

/// Uses the session of somebody else, as a cookie and as a token, on another device.
fn stolen_session(topology: &Topology, server: &Server, token: &str) -> Result<f64> {
    let thief = &topology.clients[THIEF];
    let cookie = format!("__Host-usher_session={token}");
    let bearer = format!("Bearer {token}");
    let form = [
        ("cookie", cookie.as_str()),
        ("origin", SITE),
        ("sec-fetch-site", "same-origin"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let me = server.ask(thief, "GET /link/api/me", &[("authorization", &bearer)])?;
    ensure!(
        me.status == 200,
        "the session is not one: {} {}",
        me.status,
        me.body
    );
    server.ask(thief, "GET /link/me", &[("cookie", &cookie)])?;
    let resumed = server.ask(thief, "POST /link/me", &form)?;
    ensure!(
        resumed.status == 303,
        "nobody was sent on: {} {}",
        resumed.status,
        resumed.body
    );
    thread::sleep(SETTLED);
    bindings(topology, &[THIEF])
}

/// Takes the address of somebody who is signed in, and answers there with another device; for how long
/// the world was reached.
fn taken_address(topology: &Topology, server: &Server) -> Result<(f64, f64)> {
    let (victim, thief) = (&topology.clients[VICTIM], &topology.clients[THIEF]);
    let owner = server.sign_in(victim, VICTIM, &[])?;
    ensure!(
        Prober::start(victim, (SERVER, ECHO))?
            .first_after(Instant::now(), PATIENCE)
            .is_some(),
        "who signed in does not reach the world"
    );
    victim.ip("link set lan down\n")?;
    thief.ip(&format!(
        "addr flush dev lan\naddr add {}/16 dev lan\nroute add default via 10.77.0.1\n",
        address(VICTIM)
    ))?;
    let begun = Instant::now();
    let prober = Prober::start(thief, (SERVER, ECHO))?;
    thread::sleep(SETTLED);
    let bound = bindings(topology, &[VICTIM])?;
    let reached = prober.last_before_silence(super::SILENCE, PATIENCE);
    drop(prober);
    let reached = reached.map_or(f64::NAN, |at| {
        at.saturating_duration_since(begun).as_secs_f64() * 1e3
    });
    thief.ip(&format!(
        "addr flush dev lan\naddr add {}/16 dev lan\nroute add default via 10.77.0.1\n",
        address(THIEF)
    ))?;
    victim.ip("link set lan up\nroute add default via 10.77.0.1\n")?;
    server.sign_out(victim, &owner.token)?;
    Ok((bound, reached))
}
