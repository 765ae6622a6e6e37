//! The development mailbox, the documentation of the API, and the files pages load.

use reqwest::StatusCode;

use super::browser::Browser;
use crate::support::TestServer;

const ANN: &str = "ann@example.org";

#[tokio::test(flavor = "multi_thread")]
async fn m21_mails_are_listed_shown_framed_and_deleted() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    assert!(browser.see("/mailbox").await.says("No mail yet."));
    browser.join(ANN).await;
    let mails = server.mails_to(ANN).await;
    let list = browser.see("/mailbox").await;
    let at = |index: usize| {
        list.body
            .find(&format!("/mailbox/message/{}", mails[index].id))
            .unwrap()
    };
    assert!(at(1) < at(0), "the newest comes first");
    let link = server.link(ANN).await;
    let token = link.rsplit('/').next().unwrap();
    let message = browser.see(&format!("/mailbox/message/{}", mails[0].id)).await;
    assert!(message.says(&mails[0].subject) && message.says(token));
    assert!(
        message
            .header("content-security-policy")
            .contains("frame-src 'self'")
    );

    let html = browser.see(&format!("/mailbox/email/{}/html", mails[0].id)).await;
    assert!(
        html.header("content-security-policy")
            .starts_with("sandbox; default-src 'none'")
    );
    assert_eq!(html.header("x-frame-options"), "SAMEORIGIN");
    assert_eq!(html.body, mails[0].html);

    let page = browser.submit_and_follow("/mailbox/clear", &[]).await;
    assert!(page.says("No mail yet."));
    let gone = format!("/mailbox/message/{}", mails[0].id);
    assert_eq!(browser.open(&gone).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn t16_where_mail_really_leaves_there_is_no_mailbox() {
    let production = [
        ("USHER_SERVER__PUBLIC_URL", "https://accounts.example"),
        ("USHER_MAIL__TRANSPORT", "smtp"),
        ("USHER_MAIL__SMTP__URL", "smtp://127.0.0.1:2525?tls=none"),
        ("USHER_MAIL__FROM", "usher@accounts.example"),
    ];
    let server = TestServer::with(&production).await;
    let mut browser = Browser::new(&server);
    for path in ["/mailbox", "/mailbox/message/1", "/mailbox/email/1/html"] {
        assert_eq!(browser.open(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(
        browser.submit("/mailbox/clear", &[]).await.status,
        StatusCode::NOT_FOUND
    );
    assert!(!browser.see("/").await.says("Mailbox"));
    assert!(
        browser
            .see("/")
            .await
            .header("strict-transport-security")
            .contains("max-age")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m17_both_viewers_load_everything_from_here() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    for path in ["/docs", "/redoc", "/"] {
        let page = browser.see(path).await;
        let files = page.body.split("/assets/").skip(1);
        for file in files.map(|rest| rest.split('"').next().unwrap()) {
            let file = browser.see(&format!("/assets/{file}")).await;
            assert!(file.header("cache-control").contains("immutable"));
        }
        assert!(!page.says("http://") && !page.says("https://"), "{path}");
    }
    let icon = browser.see("/favicon.ico").await;
    assert_eq!(icon.header("content-type"), "image/svg+xml");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operators_template_takes_the_place_of_the_built_in_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("home.html"), "<h1>Our own door</h1>").unwrap();
    let path = folder.path().to_str().unwrap();
    let server = TestServer::with(&[("USHER_SERVER__TEMPLATES", path)]).await;
    let home = server
        .get("/")
        .header("accept", "text/html")
        .send()
        .await
        .unwrap();
    assert_eq!(home.text().await.unwrap(), "<h1>Our own door</h1>");
    let login = server.get("/login").send().await.unwrap().text().await.unwrap();
    assert!(login.contains("password"), "the others stay: {login}");
}
