//! Signing in and out: by JSON, by the form of OAuth 2, by cookie.

use reqwest::Method;
use serde_json::json;

use super::talk::{Talk, cookie, cookie_line, fields, header, members, sample};
use crate::support::{PASSWORD, TestServer, text};

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test(flavor = "multi_thread")]
async fn m10_login_gives_a_token_a_session_and_the_profile() {
    let server = TestServer::start().await;
    let id = server.account("user@example.com").await;
    for path in ["/login", "/auth/login"] {
        let answer = server.post(path, &sample("user@example.com")).gives(200).await;
        let all = [
            "access_token",
            "expires_in",
            "refresh_token",
            "session_id",
            "token_type",
            "user",
        ];
        assert_eq!(members(&answer), all);
        assert_eq!(
            (&answer["token_type"], &answer["expires_in"]),
            (&json!("bearer"), &json!(1800))
        );
        assert_eq!(answer["user"]["id"], id);
        let token = text(&answer["access_token"]);
        let me = server.get("/auth/me").bearer_auth(token).gives(200).await;
        assert_eq!(me, answer["user"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_wrong_address_and_wrong_password_are_one_answer() {
    let server = TestServer::start().await;
    server.account("user@example.com").await;
    let mut answers = Vec::new();
    for (email, password) in [
        ("user@example.com", "Password124"),
        ("nobody@example.com", PASSWORD),
    ] {
        let request = server.post("/auth/login", &json!({"email": email, "password": password}));
        let mut problem = request.problem(401).await;
        problem["request_id"] = json!(null);
        answers.push(problem);
    }
    assert_eq!(answers[0]["code"], "invalid_credentials");
    assert_eq!(answers[0], answers[1]);
    let problem = server.post("/auth/login", &json!({})).problem(422).await;
    assert_eq!(fields(&problem), ["email", "password"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_the_password_form_of_oauth2_signs_in() {
    let server = TestServer::start().await;
    server.account("user@example.com").await;
    let form = |fields: &[(&str, &str)]| server.request(Method::POST, "/auth/access-token").form(fields);
    let full = [
        ("grant_type", "password"),
        ("username", "user@example.com"),
        ("password", PASSWORD),
        ("scope", ""),
    ];
    let answer = form(&full).gives(200).await;
    assert_eq!(answer["token_type"], "bearer");
    form(&full[1..3]).gives(200).await;
    let wrong = [("username", "user@example.com"), ("password", "Password124")];
    assert_eq!(form(&wrong).refuses(401).await, "invalid_credentials");
    let code = [
        ("grant_type", "authorization_code"),
        ("username", "user@example.com"),
        ("password", PASSWORD),
    ];
    assert_eq!(fields(&form(&code).problem(422).await), ["grant_type"]);
    let json = server.post("/auth/access-token", &sample("user@example.com"));
    assert_eq!(json.refuses(415).await, "unsupported_media_type");
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_the_access_token_lives_as_long_as_it_says() {
    let server = TestServer::with(&[("ACCESS_TOKEN_EXPIRE_MINUTES", "5")]).await;
    server.account("user@example.com").await;
    let answer = server.login("user@example.com").await;
    assert_eq!(answer["expires_in"], 300);
    let token = text(&answer["access_token"]);
    server.advance(std::time::Duration::from_millis(299_900));
    assert_eq!(server.me(&token).await, 200);
    server.advance(std::time::Duration::from_millis(100));
    assert_eq!(
        server.get("/auth/me").bearer_auth(token).refuses(401).await,
        "not_authenticated"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_who_shows_nothing_is_told_how_to_sign_in() {
    let server = TestServer::start().await;
    let answer = server.get("/auth/me").answer().await;
    assert_eq!(header(&answer, "www-authenticate"), "Bearer");
    assert_eq!(server.get("/auth/me").refuses(401).await, "not_authenticated");
    assert_eq!(
        server.get("/auth/me").bearer_auth("x.y.z").refuses(401).await,
        "not_authenticated"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_the_token_travels_as_an_http_only_cookie() {
    let server = TestServer::start().await;
    server.account("user@example.com").await;
    let answer = server
        .post("/auth/login", &sample("user@example.com"))
        .answer()
        .await;
    for (name, life) in [("usher_session", 1_800), ("usher_refresh", 168 * 3_600)] {
        let line = cookie_line(&answer, name);
        for part in [
            "; HttpOnly",
            "; SameSite=Lax",
            "; Path=/",
            &format!("; Max-Age={life}"),
        ] {
            assert!(line.contains(part), "{line}");
        }
        assert!(!line.contains("Secure"), "development mode has no TLS: {line}");
    }
    let jar = cookie(&answer, "usher_session");
    let me = server.get("/auth/me").header("cookie", jar).gives(200).await;
    assert_eq!(me["email"], "user@example.com");
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_behind_tls_cookies_are_secure_and_bound_to_the_host() {
    let server = TestServer::with(&[
        ("USHER_SERVER__PUBLIC_URL", "https://accounts.example.org"),
        ("USHER_MAIL__TRANSPORT", "file"),
        ("USHER_METRICS__LISTEN", "off"),
    ])
    .await;
    server.account("user@example.com").await;
    let answer = server
        .post("/auth/login", &sample("user@example.com"))
        .answer()
        .await;
    for name in ["__Host-usher_session", "__Host-usher_refresh"] {
        let line = cookie_line(&answer, name);
        assert!(
            line.contains("; Secure") && line.contains("; HttpOnly") && !line.contains("Domain"),
            "{line}"
        );
    }
    let jar = cookie(&answer, "__Host-usher_session");
    server.get("/auth/me").header("cookie", jar).gives(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_signing_out_ends_the_session_and_takes_the_cookies_away() {
    let server = TestServer::start().await;
    server.account("user@example.com").await;
    let answer = server
        .post("/auth/login", &sample("user@example.com"))
        .answer()
        .await;
    let (access, refresh) = (cookie(&answer, "usher_session"), cookie(&answer, "usher_refresh"));
    let jar = format!("{access}; {refresh}");
    let logout = server
        .request(Method::POST, "/auth/logout")
        .header("cookie", &jar);
    let gone = logout.header("sec-fetch-site", "same-origin").answer().await;
    assert_eq!(gone.status(), 200);
    for name in ["usher_session", "usher_refresh"] {
        assert!(cookie_line(&gone, name).contains("Max-Age=0"), "{name}");
    }
    assert_eq!(
        server.get("/auth/me").header("cookie", &jar).refuses(401).await,
        "session_ended"
    );
    let again = server
        .request(Method::POST, "/auth/refresh")
        .header("cookie", &jar);
    assert_eq!(
        again.header("sec-fetch-site", "same-origin").refuses(401).await,
        "session_ended"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_signing_out_by_bearer_says_so_and_leaves_other_sessions() {
    let server = TestServer::start().await;
    let (first, _) = server.signed_in("user@example.com").await;
    let second = text(&server.login("user@example.com").await["access_token"]);
    let done = server
        .request(Method::POST, "/auth/logout")
        .bearer_auth(&first)
        .gives(200)
        .await;
    assert!(done["message"].is_string());
    assert_eq!(
        (server.me(&first).await, server.me(&second).await),
        (401.try_into().unwrap(), 200.try_into().unwrap())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_json_route_takes_no_form() {
    let server = TestServer::start().await;
    let body = "email=user%40example.com&password=Password123";
    let request = server
        .request(Method::POST, "/auth/login")
        .header("content-type", FORM)
        .body(body);
    assert_eq!(request.refuses(415).await, "unsupported_media_type");
}
