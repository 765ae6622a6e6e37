//! The real program as a process of its own: as in production, with mail into a folder.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};

use crate::support::{Storage, until};

/// What the program has written so far.
#[derive(Clone, Default)]
pub(super) struct Output(Arc<Mutex<String>>);

impl Output {
    pub(super) fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }

    fn follow(&self, stream: impl AsyncRead + Unpin + Send + 'static) {
        let content = Arc::clone(&self.0);
        tokio::spawn(async move {
            let mut lines = BufReader::new(stream).split(b'\n');
            while let Ok(Some(line)) = lines.next_segment().await {
                content
                    .lock()
                    .unwrap()
                    .push_str(&(String::from_utf8_lossy(&line).into_owned() + "\n"));
            }
        });
    }
}

/// A running program; it is killed when this is dropped.
pub(super) struct Process {
    pub(super) base: String,
    pub(super) said: Output,
    pub(super) log: Output,
    folder: Arc<TempDir>,
    pub(super) storage: Storage,
    child: Child,
}

/// The program with nothing of this process's environment.
pub(super) fn usher(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_usher"));
    command
        .env_clear()
        .current_dir(folder)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

impl Process {
    pub(super) async fn start(env: &[(&str, &str)]) -> Self {
        let storage = Storage::of_this_run().await;
        Self::on(Arc::new(tempfile::tempdir().unwrap()), storage, env).await
    }

    /// Kills it without a warning and starts another on the same data.
    pub(super) async fn killed(mut self, env: &[(&str, &str)]) -> Self {
        self.child.kill().await.unwrap();
        Self::on(Arc::clone(&self.folder), self.storage.clone(), env).await
    }

    async fn on(folder: Arc<TempDir>, storage: Storage, env: &[(&str, &str)]) -> Self {
        let mut command = usher(folder.path());
        command.args([
            "serve",
            "--production",
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
            "data",
        ]);
        command.env("USHER_SERVER__PUBLIC_URL", "https://accounts.example");
        command
            .env("USHER_MAIL__TRANSPORT", "file")
            .env("USHER_MAIL__FILE_DIR", "mail");
        command
            .env("USHER_METRICS__LISTEN", "off")
            .env("USHER_LOG__FORMAT", "json");
        command
            .env("USHER_VERIFICATION__CODE_DIGITS", "8")
            .envs(storage.env())
            .envs(env.iter().copied());
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (said, log) = (Output::default(), Output::default());
        said.follow(child.stdout.take().unwrap());
        log.follow(child.stderr.take().unwrap());
        until("the program serves", async || address(&log.text()).is_some()).await;
        let base = format!("http://{}", address(&log.text()).unwrap());
        Self {
            base,
            said,
            log,
            folder,
            storage,
            child,
        }
    }

    pub(super) fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap();
        client.request(method, format!("{}{path}", self.base))
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> reqwest::RequestBuilder {
        self.request(reqwest::Method::POST, path).json(body)
    }

    /// The files below its folder, the database among them, with their content.
    pub(super) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        for folder in ["data", "mail"] {
            let entries = std::fs::read_dir(self.folder.path().join(folder))
                .into_iter()
                .flatten();
            for path in entries
                .map(|entry| entry.unwrap().path())
                .filter(|path| path.is_file())
            {
                // A mail that is still being written goes away under our hands.
                if let Ok(content) = std::fs::read(&path) {
                    found.push((path.strip_prefix(self.folder.path()).unwrap().to_owned(), content));
                }
            }
        }
        found
    }

    /// Waits until so many mails have left; as they were written, the oldest first.
    pub(super) async fn mails(&self, count: usize) -> Vec<String> {
        let mails = || {
            let mut mails: Vec<_> = self
                .files()
                .into_iter()
                .filter(|(path, _)| {
                    path.starts_with("mail") && path.extension().is_some_and(|end| end == "eml")
                })
                .collect();
            mails.sort();
            mails
                .into_iter()
                .map(|(_, content)| String::from_utf8(content).unwrap())
                .collect::<Vec<_>>()
        };
        until("the mails have left", async || mails().len() >= count).await;
        mails()
    }
}

/// Where it says that it listens, in either format of the log.
fn address(log: &str) -> Option<String> {
    let line = log
        .lines()
        .find(|line| line.contains("serving") && line.contains("address"))?;
    let start = line.find("127.0.0.1:")?;
    let end = line[start..].find(|letter: char| !(letter.is_ascii_digit() || ".:".contains(letter)));
    Some(line[start..][..end.unwrap_or(line.len() - start)].to_owned())
}

/// The text of a mail, put together again from the lines it was folded into.
pub(super) fn unfolded(mail: &str) -> String {
    mail.replace("=\r\n", "").replace("=3D", "=")
}

/// The code in a mail.
pub(super) fn code(mail: &str) -> String {
    let start = mail.find("Subject: Your verification code: ").expect("a code") + 33;
    mail[start..].lines().next().unwrap().trim().to_owned()
}

/// The secret of the link in a mail.
pub(super) fn link(mail: &str) -> String {
    let text = unfolded(mail);
    let start = text.find("/auth/verify/").expect("a link") + 13;
    text[start..].split_whitespace().next().unwrap().to_owned()
}
