//! The list of accounts: paged, searched, and never in an order that loses one.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::talk::{Talk, fields, sample, send};
use crate::support::{PASSWORD, TestServer, text};

#[tokio::test(flavor = "multi_thread")]
async fn m14_the_list_is_paged_by_cursor_and_complete() {
    let server = TestServer::start().await;
    let (admin, _) = server.admin("admin@example.com").await;
    for index in 0..4 {
        let body = sample(&format!("user{index}@example.com"));
        send(&server, &Method::POST, "/users", &admin, &body)
            .gives(201)
            .await;
    }
    let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = server
            .get(&format!("/users?limit=2{cursor}"))
            .bearer_auth(&admin)
            .gives(200)
            .await;
        let users = page["users"].as_array().unwrap();
        assert!(users.len() <= 2);
        seen.extend(users.iter().map(|user| text(&user["email"])));
        pages += 1;
        let Some(next) = page.get("next_cursor") else {
            break;
        };
        cursor = format!("&cursor={}", text(next));
    }
    seen.sort();
    let all = ["admin@", "user0@", "user1@", "user2@", "user3@"].map(|name| format!("{name}example.com"));
    assert_eq!((seen.as_slice(), pages), (all.as_slice(), 3));
    let problem = server
        .get("/users?cursor=garbage")
        .bearer_auth(&admin)
        .problem(422)
        .await;
    assert_eq!(fields(&problem), ["cursor"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn m14_the_list_is_searched_by_address_and_username() {
    let server = TestServer::start().await;
    let (admin, _) = server.admin("admin@example.com").await;
    for (email, name) in [
        ("one@needle.org", "Alpha"),
        ("two@example.com", "Needle_1"),
        ("three@example.com", "Beta"),
        ("twenty-one@needle.org", "Gamma"),
    ] {
        let body = json!({"email": email, "username": name, "password": PASSWORD});
        send(&server, &Method::POST, "/users", &admin, &body)
            .gives(201)
            .await;
        server.advance(Duration::from_millis(1));
    }
    let found = async |search: &str| {
        let page = server
            .get(&format!("/users?search={search}"))
            .bearer_auth(&admin)
            .gives(200)
            .await;
        page["users"]
            .as_array()
            .unwrap()
            .iter()
            .map(|user| text(&user["email"]))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        found("needle").await,
        ["one@needle.org", "two@example.com", "twenty-one@needle.org"]
    );
    assert_eq!(
        found("one@needle").await,
        ["one@needle.org", "twenty-one@needle.org"]
    );
    assert_eq!(
        found("ONE@needle.org").await,
        ["one@needle.org"],
        "a whole address"
    );
    assert_eq!(found("ne@needle.org").await.len(), 2, "nobody's whole address");
    assert_eq!(
        found("NEEDLE_").await,
        ["two@example.com"],
        "a wildcard is a letter like any other"
    );
    assert_eq!(found("%25").await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn m14_a_limit_that_is_no_number_is_a_problem_like_any_other() {
    let server = TestServer::start().await;
    let (admin, _) = server.admin("admin@example.com").await;
    let problem = server
        .get("/users?limit=many")
        .bearer_auth(&admin)
        .problem(422)
        .await;
    assert_eq!(problem["code"], "invalid_input");
}
