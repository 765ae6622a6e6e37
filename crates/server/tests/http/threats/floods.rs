//! More than the server can do at once: T17 registrations, T18 clients that hang up, T41 writers.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::client::{PROXIED, Sent, Wire, all_at_once, tokens, written};
use crate::support::{Answer, PASSWORD, TestServer, until};

const EMAIL: &str = "owner@example.org";
const UNLIMITED: [(&str, &str); 2] = [PROXIED, ("USHER_LIMITS__ENABLED", "false")];
/// Hashes that wait at the same time, well beyond two seconds of work.
const FLOOD: usize = 450;

fn flood(server: &TestServer) -> Vec<reqwest::RequestBuilder> {
    let register = |number| {
        let body = json!({"email": format!("flood{number}@example.net"), "password": PASSWORD});
        server
            .post("/auth/register", &body)
            .seen_at(&format!("198.51.{}.{}", number / 100, number % 100))
    };
    (0..FLOOD).map(register).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn t17_a_flood_of_registrations_is_shed_and_people_still_sign_in() {
    let server = TestServer::with(&UNLIMITED).await;
    server.account(EMAIL).await;
    let flooding = tokio::spawn(all_at_once(flood(&server)));
    // How many find room depends on how quick the machine is just now.
    until("the flood fills its room", async || {
        server.usher.hashing.figures().shed > 0
    })
    .await;
    for _ in 0..3 {
        server.login(EMAIL).await;
    }
    let (mut made, mut shed) = (0, 0);
    for answer in flooding.await.unwrap() {
        if answer.status() == StatusCode::CREATED {
            made += 1;
            continue;
        }
        let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        assert_eq!(answer.refused(503).await, "busy");
        shed += 1;
    }
    assert!(made > 0 && shed > 0, "{made} made, {shed} shed");
    until("the queue is empty again", async || {
        server.usher.hashing.waiting() == 0
    })
    .await;
    server.register("later@example.org").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t17_limits_turn_a_source_away_before_anything_is_hashed() {
    let server = TestServer::with(&[PROXIED, ("USHER_LIMITS__REGISTRATIONS_PER_SOURCE", "2")]).await;
    let body = json!({"email": EMAIL, "password": PASSWORD});
    let requests = (0..100).map(|number| {
        server
            .post("/auth/register", &body)
            .seen_at(&format!("198.51.100.{number}"))
    });
    let answers = all_at_once(requests.collect()).await;
    assert_eq!(
        answers.iter().filter(|answer| answer.status() == 201).count(),
        2,
        "one /24 is one source"
    );
    assert_eq!(answers.iter().filter(|answer| answer.status() == 429).count(), 98);
}

/// So few that a slow machine has no reason to turn anybody away.
const LEAVERS: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn t18_clients_that_hang_up_neither_wedge_the_server_nor_leave_halves() {
    let story = tokio::time::timeout(Duration::from_mins(1), hang_up());
    story.await.expect("the server is wedged");
}

/// Where the machine is slow enough the server may say that it is busy, and nothing else.
async fn gets_in(server: &TestServer, email: &str) {
    until("somebody who stays signs in", async || {
        let request = server.post("/auth/login", &json!({"email": email, "password": PASSWORD}));
        let status = request.answer().await.status();
        assert!([200, 503].contains(&status.as_u16()), "{email}: {status}");
        status == StatusCode::OK
    })
    .await;
}

async fn hang_up() {
    let server = TestServer::with(&UNLIMITED).await;
    let (admin, _) = server.admin("root@example.org").await;
    for round in 0..4 {
        let mut wires = Vec::new();
        for number in 0..LEAVERS {
            let email = format!("gone{round}x{number}@example.net");
            let body = json!({"email": email, "password": PASSWORD}).to_string();
            let path = ["/auth/login", "/auth/register", "/auth/register"][number % 3];
            let mut wire = Wire::to(&server).await;
            wire.send(written("POST", path, "", &body)).await;
            wires.push(wire);
        }
        drop(wires);
        gets_in(&server, "root@example.org").await;
    }
    until("the queue is empty", async || server.usher.hashing.waiting() == 0).await;
    server.settle().await;
    for mail in server.mailbox.list() {
        gets_in(&server, &mail.to[0].address).await;
    }
    assert_eq!(server.me(&admin).await, StatusCode::OK);
    server.account("later@example.org").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t41_forty_writers_at_once_all_get_through() {
    let server = TestServer::with(&[PROXIED, ("USHER_VERIFICATION__RESEND_AFTER", "0ms")]).await;
    let id = server.account(EMAIL).await;
    let mut requests = Vec::new();
    for number in 0..8 {
        let (access, refresh, session) = tokens(&server, EMAIL).await;
        let ip = format!("203.0.{number}.7");
        let person = json!({"email": format!("p{number}@example.org"), "password": PASSWORD});
        let profile = server
            .request(Method::PUT, &format!("/profile/{id}"))
            .bearer_auth(&access);
        requests.extend([
            server.post("/auth/refresh", &json!({"refresh_token": refresh})),
            profile.json(&json!({"user": format!("name {number}")})),
            server.post("/auth/register", &person).seen_at(&ip),
            server
                .post("/auth/verify", &json!({"email": EMAIL, "code": "0000"}))
                .seen_at(&ip),
            server
                .post("/sessions/terminate", &json!({"session_id": session}))
                .bearer_auth(&access),
        ]);
    }
    let mut busy = 0;
    for answer in all_at_once(requests).await {
        let (status, path) = (answer.status(), answer.url().path().to_owned());
        if status == StatusCode::SERVICE_UNAVAILABLE {
            busy += 1;
        } else {
            assert!(!status.is_server_error(), "{status} {path}");
        }
    }
    // A slow machine may have no room for another hash; the database has room for everybody.
    assert_eq!(busy, server.usher.hashing.figures().shed);
}
