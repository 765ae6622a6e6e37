//! The real program, started as people start it: what it prints in development mode and what it never
//! prints otherwise.

use std::net::TcpListener;
use std::process::Stdio;
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::json;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

use super::talk::Talk;
use crate::support::until;

/// The program, running.
struct Program {
    child: Child,
    base: String,
    folder: TempDir,
    http: reqwest::Client,
}

impl Program {
    async fn start(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let address = free_address();
        let mut command = Command::new(env!("CARGO_BIN_EXE_usher"));
        command.args(["serve", "--data-dir", "data", "--listen", &address]);
        command
            .env_clear()
            .envs(settings.iter().copied())
            .current_dir(folder.path());
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command.kill_on_drop(true).spawn().expect("the program");
        let program = Self {
            child,
            base: format!("http://{address}"),
            folder,
            http: reqwest::Client::new(),
        };
        until("the program answers", async || {
            program
                .http
                .get(format!("{}/health", program.base))
                .send()
                .await
                .is_ok()
        })
        .await;
        program
    }

    /// Registers and waits until the mail has left.
    async fn register(&self, email: &str) {
        let body = json!({"email": email, "password": "Password123"});
        let request = self.http.post(format!("{}/register", self.base)).json(&body);
        let handle = super::talk::handle(&request.gives(201).await);
        until("the mail has left", async || {
            let request = self.http.get(format!("{}/auth/registration", self.base));
            request.header("registration-handle", &handle).gives(200).await["mail"] == "sent"
        })
        .await;
    }

    /// Ends it politely; everything it has printed and logged.
    async fn stop(mut self) -> (String, String) {
        let id = self.child.id().expect("it runs").to_string();
        let asked = Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .await
            .expect("kill");
        assert!(asked.success());
        let (mut printed, mut logged) = (String::new(), String::new());
        let stdout = self.child.stdout.as_mut().expect("a pipe");
        stdout.read_to_string(&mut printed).await.expect("text");
        let stderr = self.child.stderr.as_mut().expect("a pipe");
        stderr.read_to_string(&mut logged).await.expect("text");
        assert!(self.child.wait().await.expect("its end").success());
        (printed, logged)
    }
}

/// A port below those the system hands out by itself: no other test can be given it meanwhile.
fn free_address() -> String {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + (std::process::id() % 1_000) as u16 * 10;
    let ports = std::iter::repeat_with(|| first + NEXT.fetch_add(1, Ordering::SeqCst));
    let mut addresses = ports.map(|port| format!("127.0.0.1:{port}"));
    addresses
        .find(|address| TcpListener::bind(address).is_ok())
        .expect("a free port")
}

fn word_after<'a>(text: &'a str, mark: &str) -> &'a str {
    let rest = text
        .split_once(mark)
        .unwrap_or_else(|| panic!("no {mark:?} in {text}"))
        .1;
    rest.split_whitespace().next().expect("a word")
}

#[tokio::test(flavor = "multi_thread")]
async fn m22_in_development_the_console_shows_five_urls_the_code_and_the_link() {
    let program = Program::start(&[]).await;
    let base = program.base.clone();
    program.register("user@example.com").await;
    let mails = program.http.get(format!("{base}/mailbox/email")).gives(200).await;
    let (printed, logged) = program.stop().await;
    for path in ["/", "/register", "/mailbox", "/docs", "/health"] {
        assert!(printed.contains(&format!("{base}{path}\n")), "{path}: {printed}");
    }
    let code = word_after(&printed, "code  ");
    assert_eq!(mails[0]["subject"], format!("Your verification code: {code}"));
    assert!(
        mails[0]["text"]
            .as_str()
            .unwrap()
            .contains(word_after(&printed, "link  "))
    );
    assert!(!logged.contains(code), "the log is not the console: {logged}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m22_otherwise_codes_and_links_appear_nowhere_but_in_the_mail() {
    let settings = [
        ("USHER_SERVER__PUBLIC_URL", "https://accounts.example.org"),
        ("USHER_MAIL__TRANSPORT", "file"),
        ("USHER_MAIL__FROM", "Usher <no-reply@example.org>"),
        ("USHER_METRICS__LISTEN", "off"),
        ("RUST_LOG", "trace"),
    ];
    let program = Program::start(&settings).await;
    program.register("user@example.com").await;
    let folder = program.folder.path().join("data/mail");
    let mail = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap();
    let mail = std::fs::read_to_string(mail.path()).unwrap().replace("=\r\n", "");
    let code = word_after(&mail, "Subject: Your verification code: ").to_owned();
    let (printed, logged) = program.stop().await;
    assert_eq!(code.len(), 4, "{code}");
    assert!(
        !printed.contains("code") && !printed.contains("/auth/verify/"),
        "{printed}"
    );
    assert!(!logged.contains("/auth/verify/"), "{logged}");
    assert!(logged.contains("serving"), "it does say that it runs: {logged}");
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_have_a_listener_of_their_own_and_count_what_was_answered() {
    let figures = free_address();
    let program = Program::start(&[("USHER_METRICS__LISTEN", &figures)]).await;
    let answer = program.http.get(format!("http://{figures}/metrics")).send();
    let text = answer.await.expect("an answer").text().await.expect("text");
    let counted = "usher_http_requests_total{method=\"GET\",route=\"/health\",status=\"200\"}";
    assert!(text.contains(counted), "{text}");
    for line in [
        "# HELP usher_http_requests_total Requests answered.",
        "usher_hash_jobs_total{outcome=\"shed\"} 0",
        "usher_session_checks_total{from=\"memory\"} 0",
        "usher_database_connections{state=\"busy\"}",
        "usher_database_up 1",
        "usher_ready 1",
        "usher_build_info{version=",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let inside = program.http.get(format!("{}/metrics", program.base));
    assert_eq!(inside.refuses(404).await, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn m25_clients_that_make_up_methods_and_paths_make_no_new_figures() {
    let figures = free_address();
    let program = Program::start(&[("USHER_METRICS__LISTEN", &figures)]).await;
    for name in ["BREW", "POUR", "SIP"] {
        let method = reqwest::Method::from_bytes(name.as_bytes()).expect("a method");
        let path = format!("{}/made-up/{name}", program.base);
        program.http.request(method, path).answer().await;
    }
    let answer = program
        .http
        .get(format!("http://{figures}/metrics"))
        .answer()
        .await;
    let text = answer.text().await.expect("text");
    let counted = "{method=\"_OTHER\",route=\"unmatched\",status=\"404\"} 3";
    assert!(text.contains(counted), "{text}");
    assert!(!text.contains("BREW") && !text.contains("made-up"), "{text}");
}
