//! How attackers and victims reach the server: from chosen addresses, all at once, or byte by byte.

use std::time::Duration;

use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use usher_accounts::email::EmailAddress;

use crate::support::{Answer, PASSWORD, TestServer};

/// Lets the tests come from any address they name.
pub(super) const PROXIED: (&str, &str) = ("USHER_SERVER__TRUSTED_PROXIES", "127.0.0.0/8");
/// Where the attacker sits.
pub(super) const ATTACKER: &str = "198.51.100.66";
/// Where the victim sits.
pub(super) const VICTIM: &str = "203.0.113.7";
/// What the attacker registers with.
pub(super) const ATTACKERS_PASSWORD: &str = "Attackers-password-1";

/// Requests that say where they come from.
pub(super) trait Sent: Sized {
    /// As seen by the proxy.
    fn seen_at(self, ip: &str) -> Self;
    /// As a browser sends it from a page of this site.
    fn on_own_page(self) -> Self;
    /// Sends it.
    async fn answer(self) -> Response;
    /// Sends it; the JSON body of an answer with this status.
    async fn gives(self, status: StatusCode) -> Value;
    /// Sends it; the code of a refusal with this status.
    async fn refusal(self, status: u16) -> String;
}

impl Sent for RequestBuilder {
    fn seen_at(self, ip: &str) -> Self {
        self.header("x-forwarded-for", ip)
    }

    fn on_own_page(self) -> Self {
        self.header("sec-fetch-site", "same-origin")
    }

    async fn answer(self) -> Response {
        self.send().await.unwrap()
    }

    async fn gives(self, status: StatusCode) -> Value {
        self.answer().await.expect(status).await
    }

    async fn refusal(self, status: u16) -> String {
        self.answer().await.refused(status).await
    }
}

/// Sends everything at the same time; the answers are in the order of the requests.
pub(super) async fn all_at_once(requests: Vec<RequestBuilder>) -> Vec<Response> {
    let sent: Vec<_> = requests
        .into_iter()
        .map(|request| tokio::spawn(request.send()))
        .collect();
    let mut answers = Vec::new();
    for answer in sent {
        answers.push(answer.await.unwrap().unwrap());
    }
    answers
}

/// Registers an address from somewhere with some password.
pub(super) async fn register_from(server: &TestServer, ip: &str, email: &str, password: &str) -> Value {
    let body = json!({"email": email, "password": password});
    let answer = server.post("/auth/register", &body).seen_at(ip).answer().await;
    answer.expect(StatusCode::CREATED).await
}

/// What the registrant proves to be one by.
pub(super) fn handle(registered: &Value) -> String {
    crate::support::text(&registered["registration"]["handle"])
}

/// Signs in from somewhere.
pub(super) async fn login_from(server: &TestServer, ip: &str, email: &str, password: &str) -> Response {
    let body = json!({"email": email, "password": password});
    server.post("/auth/login", &body).seen_at(ip).answer().await
}

/// Tries a code for an address, with nothing else.
pub(super) fn guess(server: &TestServer, ip: &str, email: &str, code: &str) -> RequestBuilder {
    server
        .post(
            "/auth/verify",
            &json!({"email": email, "verification_code": code}),
        )
        .seen_at(ip)
}

/// A code that is not this one.
pub(super) fn another(code: &str) -> String {
    let shifted = code
        .bytes()
        .map(|digit| char::from(b'0' + (digit - b'0' + 1) % 10));
    shifted.collect()
}

/// Whether an address belongs to an account.
pub(super) async fn has_account(server: &TestServer, email: &str) -> bool {
    let email = EmailAddress::parse(email).unwrap();
    server.usher.user_by_email(&email).await.unwrap().is_some()
}

/// Signs in with a password of one's own choice and says whether that worked.
pub(super) async fn opens(server: &TestServer, email: &str, password: &str) -> bool {
    login_from(server, VICTIM, email, password)
        .await
        .status()
        .is_success()
}

/// Lets somebody sign in with the sample password and a known refresh token.
pub(super) async fn tokens(server: &TestServer, email: &str) -> (String, String, String) {
    let body = json!({"email": email, "password": PASSWORD});
    let signed = server.post("/auth/login", &body).gives(StatusCode::OK).await;
    let text = |name: &str| crate::support::text(&signed[name]);
    (text("access_token"), text("refresh_token"), text("session_id"))
}

/// A connection that sends exactly the bytes it is told to.
pub(super) struct Wire(TcpStream);

impl Wire {
    pub(super) async fn to(server: &TestServer) -> Self {
        let address = server.base.strip_prefix("http://").unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }

    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Says whether the server still listens.
    pub(super) async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).await.is_ok()
    }

    /// What the server says until it closes, as far as it does so in a moment.
    pub(super) async fn rest_of_a_moment(&mut self) -> String {
        let mut bytes = Vec::new();
        let read = self.0.read_to_end(&mut bytes);
        drop(tokio::time::timeout(Duration::from_millis(300), read).await);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Everything until the server closes; gives up before it would by itself, in ten seconds.
    pub(super) async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        // A reset ends the conversation like an orderly close.
        let read = tokio::time::timeout(Duration::from_secs(8), self.0.read_to_end(&mut bytes)).await;
        assert!(
            read.is_ok(),
            "the server does not close: {:?}",
            String::from_utf8_lossy(&bytes)
        );
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// A request as text, with a body and any further header lines.
pub(super) fn written(method: &str, path: &str, lines: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: usher\r\nconnection: close\r\ncontent-length: {length}\r\n{lines}\r\n{body}"
    )
}

/// The status in the first line of an answer.
pub(super) fn status(answer: &str) -> u16 {
    answer
        .split(' ')
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| panic!("no answer: {answer}"))
}
