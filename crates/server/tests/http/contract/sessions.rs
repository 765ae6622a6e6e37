//! Sessions on several devices: seeing and ending them.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::talk::{Talk, cookie, cookie_line, fields, members, micros, sample, send};
use crate::support::{TestServer, text};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// One person with three sessions.
struct Person {
    token: String,
    others: [Value; 2],
}

async fn person(server: &TestServer) -> Person {
    let (token, _) = server.signed_in("user@example.com").await;
    let others = [
        server.login("user@example.com").await,
        server.login("user@example.com").await,
    ];
    Person { token, others }
}

async fn alive(server: &TestServer, login: &Value) -> bool {
    server.me(&text(&login["access_token"])).await == 200
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_the_list_shows_every_device_and_marks_this_one() {
    let server = TestServer::start().await;
    server.account("user@example.com").await;
    let login = server
        .post("/auth/login", &sample("user@example.com"))
        .header("user-agent", FIREFOX);
    let first = login.gives(200).await;
    server.advance(Duration::from_mins(1));
    let second = server.login("user@example.com").await;
    let token = text(&second["access_token"]);
    let list = server.get("/sessions").bearer_auth(&token).gives(200).await;
    assert_eq!(
        (members(&list), &list["total"]),
        (vec!["sessions", "total"], &json!(2))
    );
    let rows = list["sessions"].as_array().unwrap();
    let all = [
        "created_at",
        "current",
        "device",
        "expires_at",
        "ip",
        "last_accessed_at",
        "session_id",
    ];
    assert_eq!(members(&rows[0]), all);
    assert_eq!(
        (&rows[0]["session_id"], &rows[0]["current"]),
        (&second["session_id"], &json!(true))
    );
    assert_eq!(
        (&rows[1]["session_id"], &rows[1]["current"]),
        (&first["session_id"], &json!(false))
    );
    assert_eq!(
        (&rows[1]["device"], &rows[1]["ip"]),
        (&json!("Firefox on Linux"), &json!("127.0.0.1"))
    );
    assert_eq!(
        micros(&rows[0]["created_at"]) - micros(&rows[1]["created_at"]),
        60_000_000
    );
    let life = micros(&rows[1]["expires_at"]) - micros(&rows[1]["created_at"]);
    assert_eq!(life, 168 * 3_600_000_000);
    assert_eq!(
        server.get("/sessions/").bearer_auth(&token).gives(200).await,
        list
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_using_a_session_is_seen_in_the_list() {
    let server = TestServer::start().await;
    let (token, _) = server.signed_in("user@example.com").await;
    server.advance(Duration::from_mins(10));
    let list = server.get("/sessions").bearer_auth(&token).gives(200).await;
    let row = &list["sessions"][0];
    assert_eq!(micros(&row["last_accessed_at"]), server.usher.now().micros());
    assert_eq!(
        micros(&row["last_accessed_at"]) - micros(&row["created_at"]),
        600_000_000
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_one_session_is_ended_by_post_and_by_delete() {
    let server = TestServer::start().await;
    let person = person(&server).await;
    for (method, login) in [
        (Method::POST, &person.others[0]),
        (Method::DELETE, &person.others[1]),
    ] {
        let body = json!({"session_id": login["session_id"]});
        let done = send(&server, &method, "/sessions/terminate", &person.token, &body)
            .gives(200)
            .await;
        assert_eq!(
            (members(&done), &done["success"]),
            (vec!["message", "success"], &json!(true))
        );
        assert!(!alive(&server, login).await, "the next request is refused");
        let again = send(&server, &method, "/sessions/terminate", &person.token, &body)
            .refuses(404)
            .await;
        assert_eq!(again, "not_found");
    }
    assert_eq!(server.me(&person.token).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_the_others_are_ended_by_post_and_by_delete() {
    for method in [Method::POST, Method::DELETE] {
        let server = TestServer::start().await;
        let person = person(&server).await;
        let request = server
            .request(method, "/sessions/terminate-others")
            .bearer_auth(&person.token);
        let done = request.gives(200).await;
        assert_eq!(members(&done), ["message", "success", "terminated"]);
        assert_eq!((&done["success"], &done["terminated"]), (&json!(true), &json!(2)));
        assert_eq!(server.me(&person.token).await, 200);
        for login in &person.others {
            assert!(!alive(&server, login).await);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_all_are_ended_by_post_and_by_delete() {
    for method in [Method::POST, Method::DELETE] {
        let server = TestServer::start().await;
        let person = person(&server).await;
        let request = server
            .request(method, "/sessions/terminate-all")
            .bearer_auth(&person.token);
        let done = request.gives(200).await;
        assert_eq!((&done["success"], &done["terminated"]), (&json!(true), &json!(3)));
        assert_eq!(
            server
                .get("/auth/me")
                .bearer_auth(&person.token)
                .refuses(401)
                .await,
            "session_ended"
        );
        for login in &person.others {
            assert!(!alive(&server, login).await);
            let refresh = json!({"refresh_token": login["refresh_token"]});
            assert_eq!(
                server.post("/auth/refresh", &refresh).refuses(401).await,
                "session_ended"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_a_browser_that_ends_all_sessions_loses_its_cookies() {
    let server = TestServer::start().await;
    server.account("user@example.com").await;
    let login = server
        .post("/auth/login", &sample("user@example.com"))
        .answer()
        .await;
    let request = server.request(Method::POST, "/sessions/terminate-all");
    let request = request.header("cookie", cookie(&login, "usher_session"));
    let answer = request.header("sec-fetch-site", "same-origin").answer().await;
    assert_eq!(answer.status(), 200);
    assert!(cookie_line(&answer, "usher_session").contains("Max-Age=0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_other_peoples_sessions_are_out_of_reach() {
    let server = TestServer::start().await;
    let person = person(&server).await;
    let (stranger, _) = server.signed_in("stranger@example.com").await;
    let body = json!({"session_id": person.others[0]["session_id"]});
    let request = send(&server, &Method::POST, "/sessions/terminate", &stranger, &body);
    assert_eq!(request.refuses(404).await, "not_found");
    assert!(alive(&server, &person.others[0]).await);
    assert_eq!(
        server.get("/sessions").bearer_auth(&stranger).gives(200).await["total"],
        1
    );
    assert_eq!(server.get("/sessions").refuses(401).await, "not_authenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_what_is_no_session_id_is_named() {
    let server = TestServer::start().await;
    let (token, _) = server.signed_in("user@example.com").await;
    for body in [
        json!({}),
        json!({"session_id": "garbage"}),
        json!({"session_id": 7}),
    ] {
        let request = send(&server, &Method::POST, "/sessions/terminate", &token, &body);
        assert_eq!(fields(&request.problem(422).await), ["session_id"], "{body}");
    }
}
