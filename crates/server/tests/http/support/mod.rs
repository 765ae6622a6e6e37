//! A whole server inside a test: real sockets, a real database file, mail kept in memory, and a clock
//! that stands still until it is moved.

mod answer;
mod outside;
mod storage;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use usher_accounts::time::{Clock, Timestamp};
use usher_mail::{Mailbox, MailboxEmail, Transport};
use usher_server::config::{self, Flags, Sources};
use usher_server::wiring::{self, Outside, Server};
use usher_service::Usher;

pub(crate) use answer::{Answer, text, until, until_within};
pub(crate) use outside::TestClock;
use outside::TestDice;
pub(crate) use storage::Storage;

/// The contract's own sample.
pub(crate) const PASSWORD: &str = "Password123";

/// A shared link, whose gateway is away.
pub(crate) const LINK: [(&str, &str); 5] = [
    ("USHER_LINK__ENABLED", "true"),
    ("USHER_LINK__SOCKET", "/nowhere/gateway.sock"),
    ("USHER_LINK__NETWORKS", "127.0.0.0/8"),
    ("USHER_LINK__DOWN", "20M"),
    ("USHER_LINK__UP", "5M"),
];

/// A server under test. It stops when it is dropped.
pub(crate) struct TestServer {
    pub(crate) base: String,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) mailbox: Mailbox,
    pub(crate) usher: Arc<Usher>,
    pub(crate) data: Arc<TempDir>,
    pub(crate) storage: Storage,
    env: BTreeMap<String, String>,
    http: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<()>>,
}

impl TestServer {
    /// With the default settings.
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// With settings as in the environment: `("USHER_VERIFICATION__CODE_TTL", "2s")`.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let env = settings
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let data = Arc::new(tempfile::tempdir().unwrap());
        let storage = Storage::of_this_run().await;
        Self::on(data, storage, env, Arc::new(TestClock::new()), Mailbox::new()).await
    }

    /// On files, whatever this run is about.
    pub(crate) async fn on_sqlite(settings: &[(&str, &str)]) -> Self {
        let data = Arc::new(tempfile::tempdir().unwrap());
        let env = owned(settings);
        Self::on(
            data,
            Storage::files(),
            env,
            Arc::new(TestClock::new()),
            Mailbox::new(),
        )
        .await
    }

    /// On a data folder, `data`, that is there already, at a time of its own.
    pub(crate) async fn on_data(folder: TempDir, settings: &[(&str, &str)], now: Timestamp) -> Self {
        let clock = TestClock::new();
        clock.set(now);
        let (data, env) = (Arc::new(folder), owned(settings));
        Self::on(data, Storage::files(), env, Arc::new(clock), Mailbox::new()).await
    }

    async fn on(
        data: Arc<TempDir>,
        storage: Storage,
        env: BTreeMap<String, String>,
        clock: Arc<TestClock>,
        mailbox: Mailbox,
    ) -> Self {
        let _ = rustls_provider();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let flags = Flags {
            listen: Some(address.to_string()),
            data_dir: Some(data.path().join("data").to_str().unwrap().to_owned()),
            ..Flags::default()
        };
        let sources = Sources {
            flags,
            env: storage.env().into_iter().chain(env.clone()).collect(),
            directory: data.path().to_owned(),
        };
        let settings = config::load(&sources).unwrap();
        let dice = Arc::new(TestDice::from(clock.now().micros() as u64));
        let outside = Outside {
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            dice,
        };
        let secrets = wiring::open_secrets(&settings, &*outside.dice).unwrap();
        let db = wiring::open_database(&settings, &outside).await.unwrap();
        let usher = wiring::build_usher(&settings, &secrets, db, outside)
            .await
            .unwrap();
        // Mail stays in memory unless a test brings another side to talk to.
        let transport = match &settings.mail.transport {
            config::Transport::Smtp(_) | config::Transport::Http { .. } => None,
            _ => Some(Transport::Mailbox(mailbox.clone())),
        };
        let server = Server::build(settings, usher, transport).unwrap();
        let usher = Arc::clone(&server.app.usher);
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(async move {
            server.run(listener, async { drop(stopped.await) }).await;
        });
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let base = format!("http://{address}");
        let (stop, running) = (Some(stop), Some(running));
        Self {
            base,
            clock,
            mailbox,
            usher,
            data,
            storage,
            env,
            http,
            stop,
            running,
        }
    }

    /// Stops it cleanly and starts another on the same data, with some settings changed.
    pub(crate) async fn restart(mut self, settings: &[(&str, &str)]) -> Self {
        self.shut_down().await;
        let mut env = std::mem::take(&mut self.env);
        env.extend(
            settings
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned())),
        );
        Self::on(
            Arc::clone(&self.data),
            self.storage.clone(),
            env,
            Arc::clone(&self.clock),
            self.mailbox.clone(),
        )
        .await
    }

    /// Tells it to stop, and goes on while it does.
    pub(crate) fn begin_to_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Stops it and waits for the end.
    pub(crate) async fn shut_down(&mut self) {
        drop(self.stop.take());
        if let Some(running) = self.running.take() {
            running.await.unwrap();
        }
    }

    /// Runs the program itself on this server's data, with this server's settings.
    pub(crate) async fn program(&self, line: &str) -> Result<String, String> {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_usher"));
        command.args(line.split_whitespace()).arg("--data-dir");
        command
            .arg(self.data.path().join("data"))
            .current_dir(self.data.path());
        command.env_clear().envs(self.storage.env()).envs(&self.env);
        let output = command.output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        if output.status.success() {
            Ok(text(output.stdout))
        } else {
            Err(text(output.stderr))
        }
    }

    /// A request; `path` starts with a slash.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// A POST with a JSON body.
    pub(crate) fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.request(Method::POST, path).json(body)
    }

    /// Moves the clock and wakes the mail worker.
    pub(crate) fn advance(&self, span: Duration) {
        self.clock.set(self.clock.now() + span);
        self.usher.bell.notify_one();
    }

    /// Registers with the sample password.
    pub(crate) async fn register(&self, email: &str) -> Value {
        let answer = self.post("/auth/register", &json!({"email": email, "password": PASSWORD}));
        answer.send().await.unwrap().expect(StatusCode::CREATED).await
    }

    /// Waits until nothing is left in the outbox that is due now.
    pub(crate) async fn settle(&self) {
        until("the outbox is empty", async || {
            let due = usher_store::outbox::next_due(&self.usher.db).await.unwrap();
            // A lease that is held counts as due in a minute: only an empty outbox or a deferral is rest.
            let depth = usher_store::outbox::depth(&self.usher.db).await.unwrap();
            depth.waiting == 0 || (depth.leased == 0 && due.is_some_and(|due| due > self.usher.now()))
        })
        .await;
    }

    /// All mails to an address, after everything due has left; of those that left at one time, the one
    /// that was asked for first comes first, whichever worker was quicker.
    pub(crate) async fn mails_to(&self, email: &str) -> Vec<MailboxEmail> {
        self.settle().await;
        let mut mails: Vec<_> = self
            .mailbox
            .list()
            .into_iter()
            .filter(|mail| mail.to.iter().any(|to| to.address == email))
            .collect();
        mails.sort_by(|a, b| (a.time, &a.message_id).cmp(&(b.time, &b.message_id)));
        mails
    }

    /// The code in the last verification mail to an address.
    pub(crate) async fn code(&self, email: &str) -> String {
        let mails = self.mails_to(email).await;
        let subject = mails.iter().rev().find_map(|mail| {
            mail.subject
                .strip_prefix("Your verification code: ")
                .map(str::to_owned)
        });
        subject.expect("a verification mail")
    }

    /// The path of the link in the last verification mail to an address.
    pub(crate) async fn link(&self, email: &str) -> String {
        let mails = self.mails_to(email).await;
        let text = mails
            .iter()
            .rev()
            .find(|mail| mail.text.contains("/auth/verify/"))
            .expect("a link")
            .text
            .clone();
        let start = text.find("/auth/verify/").unwrap();
        text[start..].split_whitespace().next().unwrap().to_owned()
    }

    /// Registers and verifies; returns the id.
    pub(crate) async fn account(&self, email: &str) -> String {
        let registered = self.register(email).await;
        let code = self.code(email).await;
        let body = json!({"email": email, "verification_code": code, "handle": registered["registration"]["handle"]});
        self.post("/auth/verify", &body)
            .send()
            .await
            .unwrap()
            .expect(StatusCode::OK)
            .await;
        registered["id"].as_str().unwrap().to_owned()
    }

    /// Signs in with the sample password.
    pub(crate) async fn login(&self, email: &str) -> Value {
        let answer = self.post("/auth/login", &json!({"email": email, "password": PASSWORD}));
        answer.send().await.unwrap().expect(StatusCode::OK).await
    }

    /// Registers, verifies and signs in; returns the access token and the id.
    pub(crate) async fn signed_in(&self, email: &str) -> (String, String) {
        let id = self.account(email).await;
        (text(&self.login(email).await["access_token"]), id)
    }

    /// The status of `GET /auth/me` with a token.
    pub(crate) async fn me(&self, token: &str) -> StatusCode {
        self.get("/auth/me")
            .bearer_auth(token)
            .send()
            .await
            .unwrap()
            .status()
    }

    /// Makes an administrator; returns the access token and the id.
    pub(crate) async fn admin(&self, email: &str) -> (String, String) {
        let (_, id) = self.signed_in(email).await;
        let address = usher_accounts::email::EmailAddress::parse(email).unwrap();
        self.usher
            .promote(&address, usher_accounts::role::Role::Admin)
            .await
            .unwrap();
        (text(&self.login(email).await["access_token"]), id)
    }
}

fn owned(settings: &[(&str, &str)]) -> BTreeMap<String, String> {
    let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    settings.iter().map(pair).collect()
}

impl Drop for TestServer {
    fn drop(&mut self) {
        drop(self.stop.take());
    }
}

fn rustls_provider() -> Result<(), ()> {
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(drop)
}
