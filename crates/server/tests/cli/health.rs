//! `usher health` against servers that answer in all manners.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use crate::place::Place;

/// Answers one connection with these bytes; what was asked comes out of the channel.
fn server(answer: &'static str) -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (asked, line) = mpsc::channel();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut head = [0; 1024];
        let read = stream.read(&mut head).expect("a request");
        asked
            .send(String::from_utf8_lossy(&head[..read]).into_owned())
            .expect("a test");
        stream.write_all(answer.as_bytes()).expect("a reader");
    });
    (address, line)
}

const WELL: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[test]
fn m28_a_container_asks_its_own_server_whether_it_lives() {
    let place = Place::new();
    for (line, path) in [("", "/health/live"), ("--ready", "/health/ready")] {
        let (address, asked) = server(WELL);
        let listen = format!("0.0.0.0:{}", address.port());
        let settings = [
            ("USHER_SERVER__LISTEN", listen.as_str()),
            ("USHER_SERVER__PUBLIC_URL", "https://accounts.example.org"),
            ("USHER_MAIL__TRANSPORT", "file"),
        ];
        let outcome = place.run_with(&format!("health {line}"), "", &settings);
        assert_eq!(outcome.fine(), "ok\n");
        let asked = asked.recv().expect("a request");
        assert!(asked.starts_with(&format!("GET {path} HTTP/1.1\r\n")), "{asked}");
    }
    assert!(!place.path().join("usher-data").exists(), "asking makes nothing");
}

#[test]
fn m28_any_other_plain_address_can_be_asked() {
    let (address, asked) = server(WELL);
    let line = format!("health http://{address}/metrics?x=1");
    assert_eq!(Place::new().run(&line).fine(), "ok\n");
    let asked = asked.recv().expect("a request");
    assert!(asked.starts_with("GET /metrics?x=1 HTTP/1.1\r\n"), "{asked}");
}

#[test]
fn m28_whatever_is_not_well_fails_with_one_line() {
    let place = Place::new();
    for (answer, said) in [
        ("HTTP/1.1 503 Busy\r\n\r\n", "answered 503"),
        ("SSH-2.0-server\r\n", "speaks no HTTP"),
        ("", "speaks no HTTP"),
    ] {
        let (address, _asked) = server(answer);
        let refused = place.run(&format!("health http://{address}/")).refused();
        assert!(refused.contains(said), "{refused}");
    }
    let gone = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let gone = gone.expect("an address");
    let refused = place.run(&format!("health http://{gone}/")).refused();
    assert!(refused.contains("no answer from"), "{refused}");
    let refused = place.run("health https://localhost/").refused();
    assert!(refused.contains("only http://"), "{refused}");
}
