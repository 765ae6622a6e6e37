//! T31: what other sites make a browser send, on every endpoint that changes anything.

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::client::{Sent, has_account, tokens};
use crate::support::{Answer, LINK, PASSWORD, TestServer, text};

const EMAIL: &str = "victim@example.org";

/// A browser with all of its cookies, and what the server knows about its person.
struct Browser {
    server: TestServer,
    cookies: String,
    access: String,
    id: String,
    session: String,
    code: String,
}

impl Browser {
    async fn signed_in() -> Self {
        let server = TestServer::with(&LINK).await;
        let (_, id) = server.admin(EMAIL).await;
        let (access, refresh, session) = tokens(&server, EMAIL).await;
        let pending = server.register("pending@example.org").await;
        let handle = text(&pending["registration"]["handle"]);
        let code = server.code("pending@example.org").await;
        let cookies = format!("usher_session={access}; usher_refresh={refresh}; usher_registration={handle}");
        Self {
            server,
            cookies,
            access,
            id,
            session,
            code,
        }
    }

    /// Every operation of the description that may change something, with a body it would act on.
    async fn unsafe_requests(&self) -> Vec<(Method, String, Value, bool)> {
        let document = self.server.get("/openapi.json").gives(StatusCode::OK).await;
        let mut found = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item
                .as_object()
                .unwrap()
                .iter()
                .filter(|(method, _)| *method != "get")
            {
                let method: Method = method.to_uppercase().parse().unwrap();
                let signed_in = operation["security"].to_string().contains("cookie");
                let path = path.replace("{id}", &self.id).replace("{token}", "x");
                found.push((method, path.clone(), self.body(&path), signed_in));
            }
        }
        found
    }

    fn body(&self, path: &str) -> Value {
        match path {
            "/users" => json!({"email": "made@example.org", "password": PASSWORD}),
            "/auth/register" | "/register" | "/auth/login" | "/login" => {
                json!({"email": "fresh@example.org", "password": PASSWORD})
            }
            "/auth/verify" | "/verify" => json!({"email": "pending@example.org", "code": self.code}),
            "/auth/resend" => json!({"email": "pending@example.org"}),
            "/auth/password/change" => json!({"current_password": PASSWORD, "password": "Fresh-password-1"}),
            "/sessions/terminate" => json!({"session_id": self.session}),
            _ if path.starts_with("/profile/") => json!({"user": "changed"}),
            _ if path.starts_with("/users/") => json!({"username": "changed"}),
            _ => json!({}),
        }
    }

    async fn state(&self) -> String {
        let get = async |path: &str| {
            let answer = self.server.get(path).bearer_auth(&self.access).answer().await;
            answer.expect(StatusCode::OK).await.to_string()
        };
        let mails = self.server.mails_to("pending@example.org").await.len();
        let fresh = has_account(&self.server, "fresh@example.org").await;
        format!(
            "{}{}{}{mails}{fresh}",
            get("/auth/me").await,
            get("/users").await,
            get("/sessions").await
        )
    }

    fn send(&self, method: &Method, path: &str, body: &Value) -> RequestBuilder {
        self.server
            .request(method.clone(), path)
            .header("cookie", &self.cookies)
            .json(body)
    }
}

/// What a browser says about a request that another site has caused.
const FOREIGN: [&[(&str, &str)]; 8] = [
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site")],
    &[
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ],
    &[("sec-fetch-site", "nonsense")],
    &[("origin", "https://evil.example")],
    &[("origin", "null")],
    &[("origin", "http://127.0.0.1:1")],
    &[("origin", "")],
];

#[tokio::test(flavor = "multi_thread")]
async fn t31_what_another_site_sends_is_refused_everywhere_and_does_nothing() {
    let browser = Browser::signed_in().await;
    let before = browser.state().await;
    let requests = browser.unsafe_requests().await;
    assert!(requests.len() > 20, "{requests:?}");
    for (method, path, body, _) in requests {
        for lines in FOREIGN {
            let mut request = browser.send(&method, &path, &body);
            for (name, value) in lines {
                request = request.header(*name, *value);
            }
            let answer = request.answer().await;
            assert!(
                !answer.headers().contains_key("set-cookie"),
                "{method} {path} {lines:?}"
            );
            assert_eq!(
                answer.refused(403).await,
                "cross_site",
                "{method} {path} {lines:?}"
            );
        }
    }
    assert_eq!(browser.state().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn t31_cookies_count_for_nothing_when_nobody_says_where_the_request_is_from() {
    let browser = Browser::signed_in().await;
    let before = browser.state().await;
    let mut count = 0;
    for (method, path, body, signed_in) in browser.unsafe_requests().await {
        if signed_in || path == "/auth/refresh" {
            let answer = browser.send(&method, &path, &body).answer().await;
            assert_eq!(answer.refused(403).await, "cross_site", "{method} {path}");
            count += 1;
        }
    }
    assert!(count > 10);
    assert_eq!(browser.state().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn t31_a_registration_cookie_from_nowhere_proves_nothing() {
    let server = TestServer::with(&[super::client::PROXIED]).await;
    let own = super::client::register_from(&server, super::client::VICTIM, EMAIL, PASSWORD).await;
    let cookie = format!("usher_registration={}", super::client::handle(&own));
    let code = server.code(EMAIL).await;
    let prove =
        || super::client::guess(&server, super::client::ATTACKER, EMAIL, &code).header("cookie", &cookie);
    assert_eq!(prove().refusal(400).await, "registration_ambiguous");
    prove().on_own_page().gives(StatusCode::OK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t31_a_token_in_the_header_needs_no_word_about_the_site() {
    let browser = Browser::signed_in().await;
    let path = format!("/profile/{}", browser.id);
    let change = browser
        .server
        .request(Method::PUT, &path)
        .bearer_auth(&browser.access);
    let changed = change
        .json(&json!({"user": "changed"}))
        .gives(StatusCode::OK)
        .await;
    assert_eq!(changed["username"], "changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn t31_the_sites_own_pages_act_with_their_cookies() {
    for (name, value) in [
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "none"),
        ("origin", ""),
    ] {
        let browser = Browser::signed_in().await;
        let value = if value.is_empty() {
            browser.server.base.as_str()
        } else {
            value
        };
        let ended = browser
            .send(&Method::POST, "/auth/logout", &json!({}))
            .header(name, value)
            .answer()
            .await;
        ended.expect(StatusCode::OK).await;
        assert_eq!(
            browser.server.me(&browser.access).await,
            StatusCode::UNAUTHORIZED,
            "{name}: {value}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t31_forms_of_other_sites_sign_nobody_in() {
    let browser = Browser::signed_in().await;
    let form = [("email", EMAIL), ("username", EMAIL), ("password", PASSWORD)];
    for path in [
        "/login",
        "/register",
        "/auth/access-token",
        "/auth/logout",
        "/auth/resend",
        "/mailbox/clear",
    ] {
        for lines in FOREIGN {
            let mut request = browser.server.request(Method::POST, path).form(&form);
            for (name, value) in lines {
                request = request.header(*name, *value);
            }
            let answer = request.answer().await;
            assert!(!answer.headers().contains_key("set-cookie"), "{path} {lines:?}");
            assert_eq!(answer.refused(403).await, "cross_site", "{path} {lines:?}");
        }
    }
}
