//! A node: the real program as a process of its own, with mail into a folder that the nodes share.

use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Response;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};

pub(crate) const PASSWORD: &str = "Password123";
pub(crate) const SECRET: &str = "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=";
/// Machines that run many tests at once are slow; what is not there by then does not come.
const LONG: Duration = Duration::from_mins(1);

/// A running program; it is killed when this is dropped.
pub(crate) struct Node {
    pub(crate) base: String,
    pub(crate) log: Arc<Mutex<String>>,
    pub(crate) child: Child,
    http: reqwest::Client,
    _data: TempDir,
}

/// The program with settings and nothing of this process's environment.
pub(crate) fn program(data: &Path, line: &str, url: &str, env: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_usher"));
    command.env_clear().current_dir(data);
    command.stdin(Stdio::null()).kill_on_drop(true);
    command.args(line.split(' '));
    command.args(["--production", "--listen", "127.0.0.1:0", "--data-dir", "data"]);
    for (name, value) in [
        ("DATABASE_URL", url),
        ("SECRET_KEY", SECRET),
        ("USHER_SERVER__PUBLIC_URL", "https://accounts.example"),
        ("USHER_MAIL__TRANSPORT", "file"),
        ("USHER_METRICS__LISTEN", "off"),
        ("USHER_LOG__FORMAT", "json"),
        ("USHER_LIMITS__ENABLED", "false"),
    ] {
        command.env(name, value);
    }
    command.envs(env.iter().copied());
    command
}

/// Runs a command to its end.
pub(crate) async fn run(line: &str, url: &str, env: &[(&str, &str)]) -> Output {
    let data = tempfile::tempdir().unwrap();
    let work = program(data.path(), line, url, env).output();
    tokio::time::timeout(LONG, work).await.expect("it ends").unwrap()
}

/// What it said on the way out.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

impl Node {
    /// Starts one and waits until it serves.
    pub(crate) async fn start(url: &str, mail: &Path, env: &[(&str, &str)]) -> Self {
        let mut node = Self::begin(url, mail, env);
        node.serves().await;
        node
    }

    /// Starts one that may have to wait.
    pub(crate) fn begin(url: &str, mail: &Path, env: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut command = program(data.path(), "serve", url, env);
        command.env("USHER_MAIL__FILE_DIR", mail);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::default();
        follow(&log, child.stderr.take().unwrap());
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        Self {
            base: String::new(),
            log,
            child,
            http,
            _data: data,
        }
    }

    pub(crate) async fn serves(&mut self) {
        until("the program serves", async || address(&self.log()).is_some()).await;
        self.base = format!("http://{}", address(&self.log()).unwrap());
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Response {
        let request = self.http.post(format!("{}{path}", self.base)).json(body);
        request.send().await.unwrap()
    }

    /// The status of a request by somebody signed in.
    pub(crate) async fn get(&self, path: &str, token: &str) -> Response {
        let request = self.http.get(format!("{}{path}", self.base)).bearer_auth(token);
        request.send().await.unwrap()
    }

    pub(crate) async fn me(&self, token: &str) -> u16 {
        self.get("/auth/me", token).await.status().as_u16()
    }

    pub(crate) async fn act(&self, path: &str, token: &str) -> u16 {
        let request = self.http.post(format!("{}{path}", self.base)).bearer_auth(token);
        request.send().await.unwrap().status().as_u16()
    }

    /// Registers; the answer.
    pub(crate) async fn register(&self, email: &str) -> Value {
        let answer = self
            .post("/auth/register", &json!({"email": email, "password": PASSWORD}))
            .await;
        assert_eq!(answer.status(), 201);
        answer.json().await.unwrap()
    }

    /// An access token.
    pub(crate) async fn login(&self, email: &str) -> String {
        let answer = self
            .post("/auth/login", &json!({"email": email, "password": PASSWORD}))
            .await;
        assert_eq!(answer.status(), 200);
        let answer: Value = answer.json().await.unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
    }
}

/// The code in the mail to an address, once it has left.
pub(crate) async fn code(mail: &Path, email: &str) -> String {
    let find = || {
        let files = std::fs::read_dir(mail).into_iter().flatten().flatten();
        let texts = files.filter_map(|file| std::fs::read_to_string(file.path()).ok());
        let mut codes = texts.filter(|text| text.contains(&format!("To: {email}")));
        codes.find_map(|text| {
            let start = text.find("Your verification code: ")? + 24;
            Some(text[start..].lines().next()?.trim().to_owned())
        })
    };
    until("the mail has left", async || find().is_some()).await;
    find().unwrap()
}

/// Waits for something that others bring about; gives up loudly.
pub(crate) async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let begun = Instant::now();
    while !condition().await {
        assert!(begun.elapsed() < LONG, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn follow(log: &Arc<Mutex<String>>, stream: impl AsyncRead + Unpin + Send + 'static) {
    let log = Arc::clone(log);
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            log.lock().unwrap().push_str(&(line + "\n"));
        }
    });
}

fn address(log: &str) -> Option<String> {
    let line = log
        .lines()
        .find(|line| line.contains("serving") && line.contains("address"))?;
    let start = line.find("127.0.0.1:")?;
    let end = line[start..].find(|letter: char| !(letter.is_ascii_digit() || ".:".contains(letter)))?;
    Some(line[start..][..end].to_owned())
}
