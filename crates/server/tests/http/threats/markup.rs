//! T40: names and addresses that are markup or templates.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::client::Sent;
use crate::support::{PASSWORD, TestServer, text};

#[tokio::test(flavor = "multi_thread")]
async fn t40_no_name_or_address_is_markup_or_a_template_in_a_mail() {
    let server = TestServer::start().await;
    let odd = "&'{{7*7}}{%if-1%}`$@example.org";
    let body = json!({"email": odd, "username": "O'Neil", "password": PASSWORD});
    server
        .post("/auth/register", &body)
        .gives(StatusCode::CREATED)
        .await;
    let code = server.code(odd).await;
    server
        .post("/auth/verify", &json!({"email": odd, "code": code}))
        .answer()
        .await;
    let signed = server.login(odd).await;
    let (token, id) = (text(&signed["access_token"]), text(&signed["user"]["id"]));
    for name in [
        "<script>alert(1)</script>",
        "\"><img src=x>",
        "a&b",
        "{{7*7}}",
        "a\nb",
        "\u{202E}bob",
    ] {
        let change = server
            .request(Method::PUT, &format!("/profile/{id}"))
            .bearer_auth(&token);
        change.json(&json!({"user": name})).refusal(422).await;
    }
    let body = json!({"email": "&new@example.org", "current_password": PASSWORD});
    let change = server
        .request(Method::PUT, &format!("/profile/{id}"))
        .bearer_auth(&token)
        .json(&body);
    change.gives(StatusCode::OK).await;
    let code = server.mails_to("&new@example.org").await[0]
        .subject
        .rsplit(' ')
        .next()
        .unwrap()
        .to_owned();
    let body = json!({"email": "&new@example.org", "code": code});
    server
        .post("/auth/verify", &body)
        .bearer_auth(&token)
        .gives(StatusCode::OK)
        .await;
    let mails = server.mails_to(odd).await;
    assert_eq!(mails.len(), 3, "a code, a confirmation, a notice of the change");
    for mail in mails {
        for raw in ["'{{", "&'", "O'Neil", "&***", "&new", ">49<", "<script"] {
            assert!(!mail.html.contains(raw), "{raw}: {}", mail.html);
        }
    }
    assert!(server.mails_to(odd).await[1].html.contains("O&#"));
    assert!(
        server.mails_to(odd).await[2]
            .html
            .contains("&amp;***@example.org")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t40_error_pages_repeat_nothing_of_the_request() {
    let server = TestServer::start().await;
    let markup = "<script>alert(1)</script>";
    for (method, path) in [
        (Method::GET, "/%3Cscript%3Ealert(1)%3C/script%3E"),
        (Method::GET, "/auth/verify/%3Cscript%3Ealert(1)%3C/script%3E"),
        (Method::POST, "/auth/verify/%3Cscript%3Ealert(1)%3C/script%3E"),
        (Method::GET, "/users/%3Cscript%3Ealert(1)%3C/script%3E"),
        (Method::POST, "/auth/register"),
        (Method::GET, "/?q=%3Cscript%3Ealert(1)%3C/script%3E"),
    ] {
        let request = server
            .request(method, path)
            .header("accept", "text/html")
            .header("user-agent", markup);
        let answer = request
            .json(&json!({"email": markup, markup: markup}))
            .answer()
            .await;
        let body = answer.text().await.unwrap();
        assert!(!body.contains("alert(1)"), "{path}: {body}");
    }
}
