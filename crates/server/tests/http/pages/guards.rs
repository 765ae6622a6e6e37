//! What every page and every form is guarded by.

use reqwest::{Method, StatusCode};

use super::browser::{Browser, Page};
use crate::support::{Answer, PASSWORD, TestServer};

const ANN: &str = "ann@example.org";
/// Every path a form is sent to.
const FORMS: [&str; 14] = [
    "/register",
    "/login",
    "/verify",
    "/auth/verify/token",
    "/auth/resend",
    "/auth/logout",
    "/account/profile",
    "/account/email",
    "/account/email/verify",
    "/account/password",
    "/account/sessions/end",
    "/account/sessions/end-others",
    "/account/sessions/end-all",
    "/mailbox/clear",
];

#[tokio::test(flavor = "multi_thread")]
async fn t31_no_form_counts_that_does_not_say_it_comes_from_here() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    browser.join(ANN).await;
    let session = format!("usher_session={}", browser.cookies["usher_session"]);
    let foreign: [&[(&str, &str)]; 5] = [
        &[],
        &[("origin", "null")],
        &[("origin", "https://evil.example")],
        &[("sec-fetch-site", "cross-site")],
        &[
            ("sec-fetch-site", "same-site"),
            ("origin", "https://sub.evil.example"),
        ],
    ];
    for path in FORMS {
        for headers in foreign {
            for cookie in ["", session.as_str()] {
                let fields = [("email", ANN), ("password", PASSWORD)];
                let mut form = server
                    .request(Method::POST, path)
                    .form(&fields)
                    .header("cookie", cookie);
                for (name, value) in headers {
                    form = form.header(*name, *value);
                }
                let answer = form.send().await.unwrap();
                assert!(!answer.headers().contains_key("set-cookie"), "{path} {headers:?}");
                assert_eq!(answer.refused(403).await, "cross_site", "{path} {headers:?}");
            }
        }
    }
    browser.see("/account").await;
    assert!(!server.mailbox.list().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn t30_a_sign_in_starts_a_session_of_its_own() {
    let server = TestServer::start().await;
    server.account(ANN).await;
    let mut browser = Browser::new(&server);
    for (name, planted) in [("usher_session", "planted"), ("usher_refresh", "planted")] {
        browser.cookies.insert(name.to_owned(), planted.to_owned());
    }
    browser.sign_in(ANN).await;
    let first = browser.cookies["usher_session"].clone();
    assert_ne!(first, "planted");
    browser.sign_in(ANN).await;
    assert_ne!(browser.cookies["usher_session"], first);
    assert_ne!(browser.cookies["usher_refresh"], "planted");
}

#[tokio::test(flavor = "multi_thread")]
async fn t57_every_page_is_guarded_by_its_headers() {
    let server = TestServer::start().await;
    let mut member = Browser::new(&server);
    member.join(ANN).await;
    let mut newcomer = Browser::new(&server);
    newcomer.register("bob@example.org").await;
    let link = server.link("bob@example.org").await;
    let mail = server.mails_to(ANN).await.remove(0).id;
    let message = format!("/mailbox/message/{mail}");
    let mut stranger = Browser::new(&server);
    for path in [
        "/",
        "/register",
        "/login",
        "/verify",
        &link,
        "/nowhere",
        "/auth/verify/x",
    ] {
        guarded(path, &stranger.open(path).await);
        guarded(path, &newcomer.open(path).await);
    }
    for path in ["/account", "/mailbox", &message, "/docs", "/redoc"] {
        guarded(path, &member.see(path).await);
    }
    for path in ["/login", "/register", "/verify"] {
        guarded(path, &stranger.submit(path, &[]).await);
    }
}

fn guarded(path: &str, page: &Page) {
    assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
    assert_eq!(page.header("x-frame-options"), "DENY", "{path}");
    assert_eq!(page.header("referrer-policy"), "no-referrer", "{path}");
    assert_eq!(page.header("cache-control"), "no-store", "{path}");
    assert!(page.headers.contains_key("x-request-id"), "{path}");
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
    let scripts = policy.split("; ").find(|part| part.starts_with("script-src"));
    assert_eq!(scripts, Some("script-src 'self'"), "{path}");
    assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
}

#[tokio::test(flavor = "multi_thread")]
async fn t40_what_strangers_type_never_becomes_markup() {
    let server = TestServer::start().await;
    let mut member = Browser::new(&server);
    member.join(ANN).await;
    for hostile in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "{{ frame }}<b>",
    ] {
        let fields = [
            ("email", hostile),
            ("username", hostile),
            ("user", hostile),
            ("code", hostile),
            ("current_password", hostile),
            ("session_id", hostile),
        ];
        let mut stranger = Browser::new(&server);
        for path in FORMS {
            let fields: Vec<_> = fields
                .iter()
                .filter(|(name, _)| *name != "user")
                .copied()
                .collect();
            harmless(path, hostile, &stranger.submit(path, &fields).await);
        }
        for path in [
            "/account/profile",
            "/account/email",
            "/account/email/verify",
            "/account/sessions/end",
        ] {
            harmless(path, hostile, &member.submit(path, &fields).await);
        }
        let query = format!("told={hostile}&email={hostile}");
        for path in ["/", "/login", "/verify", "/register"] {
            let url = reqwest::Url::parse_with_params(&format!("{}{path}", server.base), [("told", &query)]);
            harmless(
                path,
                hostile,
                &stranger
                    .open(&url.unwrap().to_string()[server.base.len()..])
                    .await,
            );
        }
    }
}

fn harmless(path: &str, hostile: &str, page: &Page) {
    assert_ne!(page.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
    assert!(!page.says(hostile), "{path}: {}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_cannot_put_words_into_the_servers_mouth() {
    let server = TestServer::start().await;
    let page = Browser::new(&server)
        .see("/login?told=Call+us+now&notice=Call+us+now")
        .await;
    assert!(page.notice().is_none() && !page.says("Call"));
}
