//! Input nobody sends in good faith: T50 Basic, T52 JSON, paths and queries.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, Response, StatusCode};
use serde_json::json;

use super::client::{Sent, Wire, status, written};
use crate::support::{Answer, TestServer};

const EMAIL: &str = "owner@example.org";

async fn activate(server: &TestServer, header: &str, code: &str) -> Response {
    let request = server.post("/auth/activate", &json!({"code": code}));
    request.header("authorization", header).answer().await
}

#[tokio::test(flavor = "multi_thread")]
async fn t50_a_password_with_colons_and_any_letters_activates() {
    for password in [
        "a:b:c:d:",
        "::::::::",
        "p\u{E4}ss:w\u{F6}rt \u{6F22}\u{5B57}",
        " leading and trailing ",
        "\u{1F511}:keys:\u{1F511}",
    ] {
        let server = TestServer::start().await;
        let body = json!({"email": EMAIL, "password": password});
        server
            .post("/auth/register", &body)
            .gives(StatusCode::CREATED)
            .await;
        let code = server.code(EMAIL).await;
        let header = format!("bAsIc {}", STANDARD.encode(format!("{EMAIL}:{password}")));
        activate(&server, &header, &code)
            .await
            .expect(StatusCode::OK)
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t50_what_is_no_basic_header_is_401_and_spends_nothing() {
    let server = TestServer::start().await;
    server.register(EMAIL).await;
    let code = server.code(EMAIL).await;
    let encoded = |bytes: &[u8]| format!("Basic {}", STANDARD.encode(bytes));
    let headers = [
        "Basic".to_owned(),
        "Basic ".to_owned(),
        "Basic !!!!".to_owned(),
        "Basic YQ".to_owned(),
        "Bearer x".to_owned(),
        "Digest username=x".to_owned(),
        encoded(b"no colon"),
        encoded(b":"),
        encoded(b"owner@example.org:"),
        encoded(b":Password123"),
        encoded(b"owner@example.org:\xff\xfe"),
        encoded(b"\xff:Password123"),
        encoded(b"owner@example.org\0:Password123"),
        encoded(b"owner@example.org\r\n:Password123"),
        encoded(format!("{EMAIL}:{}", "x".repeat(1_025)).as_bytes()),
        format!(
            "{}, {}",
            encoded(b"a@example.org:Password123"),
            encoded(b"owner@example.org:Password123")
        ),
    ];
    for header in &headers {
        let code = activate(&server, header, &code).await.refused(401).await;
        assert!(
            ["invalid_credentials", "not_authenticated"].contains(&code.as_str()),
            "{header}: {code}"
        );
    }
    let right = encoded(b"owner@example.org:Password123");
    activate(&server, &right, &code)
        .await
        .expect(StatusCode::OK)
        .await;
}

/// Bodies that honest programs do not write.
fn hostile_bodies() -> Vec<Vec<u8>> {
    let deep = |open: &str, close: &str| format!("{{\"x\":{}1{}}}", open.repeat(5_000), close.repeat(5_000));
    let mut bodies: Vec<Vec<u8>> = [
        deep("[", "]"),
        deep("{\"y\":", "}"),
        "[".repeat(30_000),
        "{\"email\":".repeat(3_000),
        "null".to_owned(),
        "[]".to_owned(),
        "\"text\"".to_owned(),
        "1e999999".to_owned(),
        "{} {}".to_owned(),
        "{}x".to_owned(),
        "{,}".to_owned(),
        "{\"email\":}".to_owned(),
        "{'email':'x'}".to_owned(),
        "// comment\n{}".to_owned(),
        "NaN".to_owned(),
    ]
    .map(String::into_bytes)
    .to_vec();
    let values = [
        r#""\ud800""#,
        r#""\udc00\ud800""#,
        r#""\u0000""#,
        "1e999",
        "-0",
        "123456789012345678901234567890",
        "1.5",
        "true",
        "null",
        "[]",
        "{}",
        r#"["a@example.org"]"#,
        r#""\"#,
        "\"\u{0}\"",
        "\"a\nb\"",
        r#""\x41""#,
        "Infinity",
    ];
    for name in [
        "email",
        "password",
        "username",
        "code",
        "handle",
        "refresh_token",
        "session_id",
        "x",
    ] {
        for value in values {
            bodies.push(format!("{{\"{name}\":{value}}}").into_bytes());
        }
    }
    bodies.push(
        [
            b"\xef\xbb\xbf".as_slice(),
            br#"{"email":"a@example.org","password":"Password123"}"#,
        ]
        .concat(),
    );
    bodies.push(b"{\"email\":\"\xff\xfe\"}".to_vec());
    bodies.push(b"\xff\xfe{\x00}\x00".to_vec());
    bodies
}

async fn is_a_refusal(answer: Response, what: &str) {
    let status = answer.status().as_u16();
    assert!((400..500).contains(&status), "{what}: {status}");
    answer.refused(status).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t52_hostile_json_is_refused_and_never_an_error_of_the_server() {
    let server = TestServer::with(&[("USHER_LIMITS__ENABLED", "false")]).await;
    let (token, id) = server.admin(EMAIL).await;
    let (profile, user) = (format!("/profile/{id}"), format!("/users/{id}"));
    let targets = [
        (Method::POST, "/auth/register"),
        (Method::POST, "/auth/login"),
        (Method::POST, "/auth/verify"),
        (Method::POST, "/auth/refresh"),
        (Method::POST, "/auth/verify/x"),
        (Method::POST, "/auth/password/change"),
        (Method::POST, "/sessions/terminate"),
        (Method::POST, "/users"),
        (Method::PUT, &profile),
        (Method::PATCH, &user),
    ];
    for (method, path) in targets {
        for body in hostile_bodies() {
            let what = format!(
                "{method} {path} {}",
                String::from_utf8_lossy(&body[..body.len().min(60)])
            );
            let request = server
                .request(method.clone(), path)
                .bearer_auth(&token)
                .body(body);
            let answer = request.answer().await;
            // A change of nothing is a change that went well.
            let nothing = ["PUT", "PATCH"].contains(&method.as_str()) && what.contains("null}");
            if !(nothing && answer.status() == StatusCode::OK) {
                is_a_refusal(answer, &what).await;
            }
        }
    }
    assert_eq!(server.me(&token).await, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn t52_paths_and_queries_that_make_no_sense_are_refused_as_problems() {
    let server = TestServer::start().await;
    let (token, _) = server.admin(EMAIL).await;
    for path in [
        "/users?limit=many",
        "/users?limit=99999999999999999999",
        "/users?cursor=x",
        "/users?limit=1&limit=2",
        "/users/%ff",
        "/users/%00",
        "/users/..%2f..%2fetc%2fpasswd",
        "/profile/%ff%fe/",
        "/users/not-an-id",
        "/auth/verify/%ff",
        "/mailbox/email/%ff",
        "/assets/..%2fsecret.key",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/mailbox/email/%00/html",
    ] {
        let answer = server.get(path).bearer_auth(&token).answer().await;
        is_a_refusal(answer, path).await;
    }
    for search in ["%25", "_", "%00", "%27%20OR%201%3D1--", "%ff", "\\"] {
        let answer = server
            .get(&format!("/users?search={search}"))
            .bearer_auth(&token)
            .answer()
            .await;
        assert!(answer.status().as_u16() < 500, "{search}: {}", answer.status());
    }
    let found = server.get("/users?search=%25").bearer_auth(&token).answer().await;
    assert_eq!(
        found.expect(StatusCode::OK).await["users"],
        json!([]),
        "a wildcard is a letter"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t52_header_lines_of_any_bytes_are_no_error_of_the_server() {
    let server = TestServer::start().await;
    for line in [
        &b"cookie: usher_session=\xff\xfe; ;;=;=x; usher_session"[..],
        b"authorization: Bearer \xff",
        b"authorization: Bearer",
        b"authorization: \x80\x81 x",
        b"registration-handle: \xff",
        b"registration-handle: 01936f2e-5c1a-7b3e-9f00-3a1b2c3d4e5f.\xff",
        b"content-type: \xff\xff",
        b"accept: \xff",
        b"x-forwarded-for: \xff, ::::::, 999.999.999.999",
        b"user-agent: \xff\x80\t\xc3\xa9",
        b"origin: \xff",
        b"sec-fetch-site: \xff",
    ] {
        for (method, path) in [
            ("GET", "/auth/me"),
            ("GET", "/auth/registration"),
            ("POST", "/auth/login"),
        ] {
            let mut wire = Wire::to(&server).await;
            let head =
                format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n");
            wire.send([head.as_bytes(), line, b"\r\n\r\n{}"].concat()).await;
            let code = status(&wire.rest().await);
            assert!(
                (400..500).contains(&code),
                "{path} {}: {code}",
                String::from_utf8_lossy(line)
            );
        }
    }
    let mut wire = Wire::to(&server).await;
    wire.send(written("BREW", "/auth/login", "", "")).await;
    assert_eq!(status(&wire.rest().await), 405);
}
