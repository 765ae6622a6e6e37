//! Addresses that are not what they seem: T09 mail sent elsewhere, T10 hosts in links, T37 registered by
//! many at once, T38 usernames shaped like addresses, T39 spellings.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::client::{PROXIED, Sent, Wire, all_at_once, guess, handle, register_from, written};
use crate::support::{Answer, PASSWORD, TestServer, text};

const EMAIL: &str = "victim@example.org";

#[tokio::test(flavor = "multi_thread")]
async fn t09_several_addresses_in_one_request_reach_none_of_them() {
    let server = TestServer::start().await;
    server.register(EMAIL).await;
    let sent = server.mails_to(EMAIL).await.len();
    server.advance(std::time::Duration::from_mins(5));
    let both = r#"["victim@example.org","eve@example.net"]"#;
    let twice = r#""victim@example.org","email":"eve@example.net""#;
    let object = r#"{"email":"victim@example.org"}"#;
    for email in [
        both,
        twice,
        object,
        r#""victim@example.org,eve@example.net""#,
        r#""a@example.org\u0000""#,
    ] {
        for path in ["/auth/register", "/auth/resend", "/auth/verify", "/auth/login"] {
            let body = format!(r#"{{"email":{email},"password":"{PASSWORD}","code":"1234"}}"#);
            let answer = server.request(Method::POST, path).body(body).answer().await;
            let expected = if path == "/auth/login" && email.starts_with('"') && !email.contains(':') {
                401
            } else {
                422
            };
            answer.refused(expected).await;
        }
    }
    assert_eq!(server.mails_to("eve@example.net").await.len(), 0);
    assert_eq!(server.mails_to(EMAIL).await.len(), sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn t09_a_look_alike_address_never_stands_for_the_real_one() {
    let server = TestServer::start().await;
    server.account(EMAIL).await;
    let sent = server.mails_to(EMAIL).await.len();
    for local in ["v\u{131}ctim", "victi\u{FF4D}", "vic\u{200B}tim", "\u{432}ictim"] {
        let body = json!({"email": format!("{local}@example.org"), "password": PASSWORD});
        server.post("/auth/register", &body).refusal(422).await;
    }
    // A Cyrillic letter makes another domain; mail to it goes there and nowhere else.
    let other = "victim@ex\u{430}mple.org";
    server.register(other).await;
    server.settle().await;
    let mails = server.mailbox.list();
    let last = mails.last().unwrap();
    assert!(
        last.to[0].address.starts_with("victim@xn--"),
        "{}",
        last.to[0].address
    );
    assert_eq!(last.envelope.to[0].address, last.to[0].address);
    assert_eq!(server.mails_to(EMAIL).await.len(), sent);
    let body = json!({"email": other, "password": PASSWORD});
    let signed = server.post("/auth/login", &body).gives(StatusCode::OK).await;
    assert_eq!(
        signed["user"]["is_verified"], false,
        "it is somebody else, and not verified"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t10_what_a_request_calls_the_host_never_reaches_a_link() {
    let server = TestServer::start().await;
    let lies =
        "x-forwarded-host: evil.example\r\nx-forwarded-proto: https\r\nforwarded: host=evil.example\r\n";
    let foreign = format!("{lies}origin: http://evil.example\r\n");
    let body =
        |number: u8| json!({"email": format!("p{number}@example.org"), "password": PASSWORD}).to_string();
    let request = |number, lines: &str| written("POST", "/auth/register", lines, &body(number));
    let hosts = [
        request(1, lies).replace("host: usher", "host: evil.example"),
        request(2, lies).replace(" /auth", " http://evil.example/auth"),
        request(3, lies).replace("host: usher", "host: evil.example:80@127.0.0.1"),
        request(4, &foreign),
    ];
    let mut answers = Vec::new();
    for request in hosts {
        let mut wire = Wire::to(&server).await;
        wire.send(request).await;
        answers.push(wire.rest().await);
    }
    assert!(
        answers[3].contains("cross_site"),
        "a foreign origin is not even heard"
    );
    assert!(answers[0].starts_with("HTTP/1.1 201"), "{}", answers[0]);
    assert!(
        answers.iter().all(|answer| !answer.contains("evil.example")),
        "{answers:?}"
    );
    server.settle().await;
    for mail in server.mailbox.list() {
        let all = format!("{}{}{}{:?}", mail.subject, mail.text, mail.html, mail.headers);
        assert!(!all.contains("evil"), "{all}");
        assert!(mail.text.contains(&format!("{}/auth/verify/", server.base)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t37_an_address_registered_twenty_times_at_once_gets_five_mails_and_one_account() {
    let server = TestServer::with(&[PROXIED, ("USHER_LIMITS__MAILS_PER_ADDRESS_HOUR", "100")]).await;
    let body = json!({"email": EMAIL, "password": PASSWORD});
    let requests = (0..20).map(|number| {
        server
            .post("/auth/register", &body)
            .seen_at(&format!("198.51.100.{}", number / 4))
    });
    let mut registered = Vec::new();
    for answer in all_at_once(requests.collect()).await {
        registered.push(answer.expect(StatusCode::CREATED).await);
    }
    assert_eq!(server.mails_to(EMAIL).await.len(), 5);
    let mails = server.mails_to(EMAIL).await;
    let proofs = registered.iter().filter_map(|one| {
        let mail = mails
            .iter()
            .find(|mail| mail.text.contains(&text(&one["registration"]["tag"])))?;
        let code = mail.subject.rsplit(' ').next()?;
        Some(server.post(
            "/auth/verify",
            &json!({"email": EMAIL, "code": code, "handle": handle(one)}),
        ))
    });
    let answers = all_at_once(proofs.collect()).await;
    assert_eq!(answers.len(), 5);
    assert_eq!(answers.iter().filter(|answer| answer.status() == 200).count(), 1);
    let again = server.post("/auth/register", &body).answer().await;
    assert_eq!(again.refused(400).await, "email_taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn t38_a_username_is_never_an_address_and_signs_nobody_in() {
    let server = TestServer::start().await;
    let (token, id) = server.signed_in("eve@example.net").await;
    for name in [
        EMAIL,
        "@victim",
        "victim\u{FF20}example.org",
        "victim\u{FE6B}example.org",
    ] {
        let body = json!({"email": "new@example.org", "username": name, "password": PASSWORD});
        server.post("/auth/register", &body).refusal(422).await;
        for (path, field) in [("profile", "user"), ("users", "username")] {
            let method = if path == "profile" {
                Method::PUT
            } else {
                Method::PATCH
            };
            let change = server
                .request(method, &format!("/{path}/{id}"))
                .bearer_auth(&token);
            change.json(&json!({field: name})).refusal(422).await;
        }
    }
    let named = server
        .request(Method::PUT, &format!("/profile/{id}"))
        .bearer_auth(&token);
    named.json(&json!({"user": "eve"})).gives(StatusCode::OK).await;
    let login = server.post("/auth/login", &json!({"email": "eve", "password": PASSWORD}));
    assert_eq!(login.refusal(401).await, "invalid_credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn t39_every_spelling_of_an_address_is_one_account() {
    let server = TestServer::start().await;
    let spellings = [
        "Bob.Marley@Ex\u{E4}mple.org",
        "bob.marley@xn--exmple-cua.org",
        "BOB.MARLEY@XN--EXMPLE-CUA.ORG",
        "bob.marley@EXA\u{308}MPLE.org",
        "bob.marley@e\u{FF58}\u{E4}mple\u{3002}org",
    ];
    let own = register_from(&server, "127.0.0.1", spellings[0], PASSWORD).await;
    let code = server.code("Bob.Marley@xn--exmple-cua.org").await;
    let verified = guess(&server, "127.0.0.1", spellings[1], &code).answer().await;
    verified.expect(StatusCode::OK).await;
    for spelling in spellings {
        let signed = server.login(spelling).await;
        assert_eq!(signed["user"]["id"], own["id"], "{spelling}");
        assert_eq!(signed["user"]["email"], spellings[0], "kept as typed");
        let body = json!({"email": spelling, "password": PASSWORD});
        let again = server.post("/auth/register", &body).answer().await;
        assert_eq!(again.refused(400).await, "email_taken", "{spelling}");
    }
    for other in ["bobmarley@xn--exmple-cua.org", "bob.marley+x@xn--exmple-cua.org"] {
        server.register(other).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t39_spellings_share_one_budget_of_passwords() {
    let server = TestServer::start().await;
    server.account(EMAIL).await;
    let mut last = StatusCode::OK;
    for number in 0..11 {
        let email = if number % 2 == 0 {
            "VICTIM@example.org"
        } else {
            "victim@EXAMPLE.org"
        };
        let body = json!({"email": email, "password": "Wrong-password-1"});
        last = server.post("/auth/login", &body).answer().await.status();
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}
