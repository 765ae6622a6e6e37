//! Reading answers, and waiting for what others bring about.

use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde_json::Value;

/// Waits for something that other tasks bring about; gives up loudly after a minute. A busy disk can
/// keep a commit waiting for many seconds.
pub(crate) async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    until_within(Duration::from_mins(1), what, condition).await;
}

/// The same for what takes longer.
pub(crate) async fn until_within(limit: Duration, what: &str, condition: impl AsyncFn() -> bool) {
    let waited = tokio::time::timeout(limit, async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("waited in vain: {what}"));
}

/// A JSON string's content.
pub(crate) fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no string: {value}"))
        .to_owned()
}

/// Reading answers.
pub(crate) trait Answer {
    /// The JSON body, after checking the status.
    async fn expect(self, status: StatusCode) -> Value;
    /// The problem's code, after checking status and form.
    async fn refused(self, status: u16) -> String;
}

impl Answer for Response {
    async fn expect(self, status: StatusCode) -> Value {
        let got = self.status();
        let body = self.text().await.unwrap();
        assert_eq!(got, status, "{body}");
        if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&body).unwrap()
        }
    }

    async fn refused(self, status: u16) -> String {
        let got = self.status().as_u16();
        let kind = self.headers().get("content-type").cloned();
        let body = self.text().await.unwrap();
        assert_eq!(got, status, "{body}");
        assert_eq!(kind.unwrap(), "application/problem+json", "{body}");
        let problem: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(problem["message"], problem["detail"]);
        assert_eq!(problem["status"], status);
        text(&problem["code"])
    }
}
