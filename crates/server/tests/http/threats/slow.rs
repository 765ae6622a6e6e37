//! T45: clients that take their time, over bare sockets with short timers.

use std::time::{Duration, Instant};

use super::client::{PROXIED, Wire, status, written};
use crate::support::TestServer;

const HEADER: Duration = Duration::from_millis(200);
const BODY: Duration = Duration::from_millis(300);
const PAUSE: Duration = Duration::from_millis(40);
const SETTINGS: [(&str, &str); 3] = [
    ("USHER_SERVER__HEADER_TIMEOUT", "200ms"),
    ("USHER_SERVER__BODY_TIMEOUT", "300ms"),
    ("USHER_SERVER__MAX_CONNECTIONS", "8"),
];

/// What a busy machine may add, and less than the ten seconds that are usual without the settings.
const LATE: Duration = Duration::from_secs(8);

/// Not before its time, and not much after it.
fn assert_in_time(begun: Instant, limit: Duration, what: &str) {
    let took = begun.elapsed();
    assert!(
        took + Duration::from_millis(50) >= limit && took < LATE,
        "{what}: {took:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t45_a_connection_that_says_nothing_or_half_of_it_is_closed_in_time() {
    let server = TestServer::with(&SETTINGS).await;
    for said in [
        "",
        "P",
        "POST /auth/login HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nx: ",
    ] {
        let mut wire = Wire::to(&server).await;
        let begun = Instant::now();
        wire.send(said).await;
        wire.rest().await;
        assert_in_time(begun, HEADER, said);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t45_a_head_that_drips_is_closed_as_if_it_had_stopped() {
    let server = TestServer::with(&SETTINGS).await;
    let mut wire = Wire::to(&server).await;
    let begun = Instant::now();
    wire.send("GET / HTTP/1.1\r\nhost: x\r\n").await;
    let mut sent = 0;
    while begun.elapsed() < LATE && wire.try_send("x: y\r\n").await {
        sent += 1;
        // Slower than would be too many lines.
        tokio::time::sleep(HEADER / 2).await;
    }
    assert!(begun.elapsed() < LATE, "{sent} lines were taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn t45_a_body_that_stops_or_drips_is_answered_in_time_and_the_connection_closed() {
    let server = TestServer::with(&SETTINGS).await;
    let request = written(
        "POST",
        "/auth/login",
        "",
        &format!("{{\"email\":\"{}\"}}", "x".repeat(1_000)),
    );
    let (most, rest) = request.split_at(request.len() - 500);
    for drips in [false, true] {
        let mut wire = Wire::to(&server).await;
        let begun = Instant::now();
        wire.send(most).await;
        for byte in rest.bytes().take(if drips { 6 } else { 0 }) {
            tokio::time::sleep(PAUSE).await;
            wire.try_send([byte]).await;
        }
        assert_eq!(status(&wire.rest().await), 408, "drips: {drips}");
        assert_in_time(begun, BODY, "a body");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t45_a_kept_connection_may_not_idle_for_ever() {
    let server = TestServer::with(&SETTINGS).await;
    let mut wire = Wire::to(&server).await;
    let begun = Instant::now();
    wire.send("GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(status(&wire.rest().await), 200);
    assert_in_time(begun, HEADER, "idling");
}

#[tokio::test(flavor = "multi_thread")]
async fn t45_one_address_holds_no_more_than_its_share_of_the_connections() {
    let server = TestServer::with(&[SETTINGS[1], SETTINGS[2]]).await;
    let mut held = [Wire::to(&server).await, Wire::to(&server).await];
    for wire in &mut held {
        wire.send("GET /").await;
    }
    crate::support::until("both are let in", async || {
        let mut third = Wire::to(&server).await;
        third.try_send(written("GET", "/health", "", "")).await;
        third.rest_of_a_moment().await.is_empty()
    })
    .await;
    drop(held);
    crate::support::until("their places are free again", async || {
        let mut next = Wire::to(&server).await;
        next.try_send(written("GET", "/health", "", "")).await;
        next.rest_of_a_moment().await.starts_with("HTTP/1.1 200")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t45_silent_connections_up_to_the_cap_hold_others_up_no_longer_than_the_timer() {
    let server = TestServer::with(&[SETTINGS.as_slice(), &[PROXIED]].concat()).await;
    let mut silent = Vec::new();
    for _ in 0..16 {
        silent.push(Wire::to(&server).await);
    }
    let begun = Instant::now();
    let mut honest = Wire::to(&server).await;
    honest.send(written("GET", "/health", "", "")).await;
    assert_eq!(status(&honest.rest().await), 200);
    assert!(begun.elapsed() < LATE, "{:?}", begun.elapsed());
}
