//! The signal that stops the server. In a program of its own, because signals reach whole programs.
#![cfg(unix)]

use std::process::{Command, id};

use usher_server::net::stop_signal;

#[tokio::test]
async fn f1b_a_termination_signal_asks_to_stop() {
    let stopped = stop_signal().unwrap();
    let sent = Command::new("kill")
        .args(["-TERM", &id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    stopped.await;
}
