//! What the tests of the contract have in common: asking, and reading what comes back.

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::support::{PASSWORD, TestServer, text};

/// Believes `X-Forwarded-For`, so that a test can come from several places.
pub(crate) const PROXIED: (&str, &str) = ("USHER_SERVER__TRUSTED_PROXIES", "127.0.0.0/8");

/// A request and its answer in one step.
pub(crate) trait Talk {
    /// The answer, whatever it is.
    async fn answer(self) -> Response;
    /// The JSON of an answer with this status; null when it is empty.
    async fn gives(self, status: u16) -> Value;
    /// The whole problem of a refusal with this status.
    async fn problem(self, status: u16) -> Value;
    /// The code of a refusal with this status.
    async fn refuses(self, status: u16) -> String;
}

impl Talk for RequestBuilder {
    async fn answer(self) -> Response {
        self.send().await.expect("an answer")
    }

    async fn gives(self, status: u16) -> Value {
        let answer = self.answer().await;
        let got = answer.status().as_u16();
        let body = answer.text().await.expect("a body");
        assert_eq!(got, status, "{body}");
        if body.is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&body).expect("JSON")
    }

    async fn problem(self, status: u16) -> Value {
        let answer = self.answer().await;
        let got = answer.status().as_u16();
        let (id, kind) = (header(&answer, "x-request-id"), header(&answer, "content-type"));
        let body = answer.text().await.expect("a body");
        assert_eq!(got, status, "{body}");
        assert_eq!(kind, "application/problem+json", "{body}");
        let problem: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(problem["status"], status, "{body}");
        assert_eq!(problem["request_id"], id, "{body}");
        assert_eq!(problem["message"], problem["detail"], "{body}");
        problem
    }

    async fn refuses(self, status: u16) -> String {
        text(&self.problem(status).await["code"])
    }
}

/// A header's text; empty when it is not there.
pub(crate) fn header(answer: &Response, name: &str) -> String {
    let value = answer.headers().get(name);
    value.map_or_else(String::new, |value| value.to_str().expect("text").to_owned())
}

/// The whole `Set-Cookie` line of a cookie; empty when it is not there.
pub(crate) fn cookie_line(answer: &Response, name: &str) -> String {
    let lines = answer.headers().get_all("set-cookie").iter();
    let mut lines = lines.map(|line| line.to_str().expect("text").to_owned());
    lines
        .find(|line| line.starts_with(&format!("{name}=")))
        .unwrap_or_default()
}

/// The `name=value` of a cookie, as a browser sends it back.
pub(crate) fn cookie(answer: &Response, name: &str) -> String {
    let line = cookie_line(answer, name);
    line.split(';').next().unwrap_or_default().to_owned()
}

/// The fields a refusal names.
pub(crate) fn fields(problem: &Value) -> Vec<String> {
    let errors = problem["errors"].as_array().expect("a list of errors");
    errors.iter().map(|error| text(&error["field"])).collect()
}

/// The names of an object's members, sorted.
pub(crate) fn members(value: &Value) -> Vec<&str> {
    let mut names: Vec<_> = value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    names
}

/// A time in an answer, which must be RFC 3339 in UTC, in microseconds since 1970.
pub(crate) fn micros(value: &Value) -> i64 {
    let written = text(value);
    assert!(written.ends_with('Z'), "{written}");
    let at = OffsetDateTime::parse(&written, &Rfc3339).expect("RFC 3339");
    i64::try_from(at.unix_timestamp_nanos() / 1_000).expect("our times")
}

/// The sample of issue 2 with another address.
pub(crate) fn sample(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD})
}

/// The handle in the answer to a registration.
pub(crate) fn handle(registered: &Value) -> String {
    text(&registered["registration"]["handle"])
}

/// `POST /auth/verify` with address and code alone.
pub(crate) fn verify(server: &TestServer, email: &str, code: &str) -> RequestBuilder {
    server.post(
        "/auth/verify",
        &json!({"email": email, "verification_code": code}),
    )
}

/// A request with a token and a JSON body.
pub(crate) fn send(
    server: &TestServer,
    method: &Method,
    path: &str,
    token: &str,
    body: &Value,
) -> RequestBuilder {
    server.request(method.clone(), path).bearer_auth(token).json(body)
}

/// A code that is not this one.
pub(crate) fn other_than(code: &str) -> String {
    let last = if code.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &code[..code.len() - 1])
}
