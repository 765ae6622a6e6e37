//! A browser without JavaScript: it keeps cookies, sends forms, and says where they come from.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use reqwest::{Method, RequestBuilder, StatusCode};

use crate::support::{PASSWORD, TestServer};

/// What a browser of today calls itself.
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// Somebody's browser.
pub(super) struct Browser<'a> {
    pub(super) server: &'a TestServer,
    pub(super) cookies: BTreeMap<String, String>,
}

/// What it shows.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl<'a> Browser<'a> {
    pub(super) fn new(server: &'a TestServer) -> Self {
        let cookies = BTreeMap::new();
        Self { server, cookies }
    }

    /// Looks at a page.
    pub(super) async fn open(&mut self, path: &str) -> Page {
        self.send(self.server.get(path)).await
    }

    /// Looks at a page that is there.
    pub(super) async fn see(&mut self, path: &str) -> Page {
        let page = self.open(path).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        page
    }

    /// Sends a form from a page of the site.
    pub(super) async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let form = self.server.request(Method::POST, path).form(fields);
        // The pages send no referrer, so the origin of their forms is opaque.
        let form = form
            .header("sec-fetch-site", "same-origin")
            .header("origin", "null");
        self.send(form).await
    }

    /// Sends a form that is accepted, and looks at the page it leads to.
    pub(super) async fn submit_and_follow(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let answer = self.submit(path, fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        self.see(&answer.location()).await
    }

    /// Registers with the sample password and comes to the code entry.
    pub(super) async fn register(&mut self, email: &str) -> Page {
        let fields = [
            ("email", email),
            ("username", ""),
            ("password", PASSWORD),
            ("verify_password", PASSWORD),
        ];
        self.submit_and_follow("/register", &fields).await
    }

    /// Registers, enters the code and comes to the account.
    pub(super) async fn join(&mut self, email: &str) -> Page {
        self.register(email).await;
        let code = self.server.code(email).await;
        let fields = [("email", email), ("verification_code", &code)];
        self.submit_and_follow("/verify", &fields).await
    }

    /// Signs in with the sample password.
    pub(super) async fn sign_in(&mut self, email: &str) -> Page {
        let fields = [("email", email), ("password", PASSWORD)];
        self.submit_and_follow("/login", &fields).await
    }

    async fn send(&mut self, request: RequestBuilder) -> Page {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = request
            .header("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
            .header("user-agent", FIREFOX)
            .header(COOKIE, cookies.join("; "));
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status(), answer.headers().clone());
        for line in headers.get_all(SET_COOKIE) {
            self.keep(line.to_str().expect("a cookie of ASCII"));
        }
        let body = answer.text().await.expect("a whole body");
        Page {
            status,
            headers,
            body,
        }
    }

    fn keep(&mut self, line: &str) {
        let (pair, _) = line.split_once(';').expect("attributes");
        let (name, value) = pair.split_once('=').expect("a name and a value");
        if line.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

impl Page {
    /// Where a redirect leads.
    pub(super) fn location(&self) -> String {
        self.header(LOCATION.as_str()).to_owned()
    }

    /// A header that must be there.
    pub(super) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("no {name}"));
        value.to_str().expect("a header of ASCII")
    }

    /// Whether a text stands on the page.
    pub(super) fn says(&self, text: &str) -> bool {
        self.body.contains(text)
    }

    /// What is said below a field, by its id.
    pub(super) fn error(&self, id: &str) -> Option<&str> {
        let start = self.body.split_once(&format!("id=\"{id}-error\">"))?.1;
        let sentence = start.split("</p>").next()?;
        Some(sentence.rsplit("</span>").next()?.trim())
    }

    /// What stands above the content.
    pub(super) fn notice(&self) -> Option<&str> {
        let (_, notice) = self.body.split_once("<div class=\"notice ")?;
        let (_, text) = notice.split_once("<p>")?;
        let sentence = text.split("</p>").next()?;
        Some(sentence.rsplit("</span>").next()?.trim())
    }

    /// What stands in a field, by its id.
    pub(super) fn value(&self, id: &str) -> &str {
        let (_, field) = self
            .body
            .split_once(&format!("<input id=\"{id}\""))
            .unwrap_or_else(|| panic!("no field {id}: {}", self.body));
        let (tag, _) = field.split_once('>').expect("the end of the tag");
        let value = tag.split_once("value=\"").map_or("", |(_, rest)| rest);
        value.split_once('"').map_or("", |(value, _)| value)
    }

    /// Whether there is a field of that id.
    pub(super) fn asks(&self, id: &str) -> bool {
        self.body.contains(&format!(" id=\"{id}\" name="))
    }
}
