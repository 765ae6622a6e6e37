//! `usher mail`

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

use crate::place::Place;

#[test]
fn m20_an_empty_outbox_says_so() {
    let place = Place::new();
    let said = place.run("mail status").fine();
    for state in ["due", "leased", "sent", "dead"] {
        let line = said.lines().find(|line| line.starts_with(state));
        assert!(line.is_some_and(|line| line.contains(" 0 ")), "{said}");
    }
    let json: serde_json::Value = serde_json::from_str(&place.run("mail status --json").fine()).unwrap();
    assert_eq!(
        json["mails"],
        serde_json::json!({"due": 0, "leased": 0, "sent": 0, "dead": 0})
    );
    assert_eq!(json["troubled"], serde_json::json!([]));
    assert_eq!(place.run("mail retry --all").fine(), "0 due now\n");
}

#[test]
fn m20_what_cannot_be_retried_is_refused_in_one_line() {
    let place = Place::new();
    for line in [
        "mail retry 0197a",
        "mail retry 01890a5d-ac96-774b-bcce-b302099a8057",
    ] {
        let refused = place.run(line).refused();
        assert!(refused.contains("usher mail status"), "{refused}");
    }
    assert!(!place.run("mail retry").ok && !place.run("mail retry --dead --all").ok);
}

/// Answers one request with this status line, and returns what it was asked.
fn answer_once(status: &'static str) -> (u16, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let port = listener.local_addr().expect("an address").port();
    let served = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a caller");
        let head: Vec<String> = BufReader::new(&stream)
            .lines()
            .map_while(Result::ok)
            .take_while(|line| !line.is_empty())
            .collect();
        let reply = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\n{{}}");
        (&stream as &TcpStream)
            .write_all(reply.as_bytes())
            .expect("heard");
        head.join("\n")
    });
    (port, served)
}

#[test]
fn m19_the_doctor_tells_a_wrong_key_from_a_right_one() {
    let place = Place::new();
    place.run("migrate").fine();
    for (status, found) in [
        ("422 Unprocessable Content", "resend lets us in"),
        ("403 Forbidden", "permanent failure at stage auth: 403"),
    ] {
        let (port, served) = answer_once(status);
        let url = format!("http://127.0.0.1:{port}");
        let settings = [
            ("USHER_MAIL__TRANSPORT", "http"),
            ("USHER_MAIL__HTTP__PROVIDER", "resend"),
            ("USHER_MAIL__HTTP__URL", &url),
            ("USHER_MAIL__HTTP__KEY", "re_hunter2"),
        ];
        let outcome = place.run_with("doctor", "", &settings);
        assert!(outcome.out.contains(found), "{}", outcome.out);
        assert!(!outcome.out.contains("hunter2") && !outcome.err.contains("hunter2"));
        let asked = served.join().unwrap();
        assert!(
            asked.starts_with("POST /emails ") && asked.contains("Bearer re_hunter2"),
            "{asked}"
        );
    }
}
