//! The two programs in the gateway's namespace, and people with accounts.

use std::fs::{self, File};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use usher_sharing::rate::BitsPerSecond;

use super::super::agent::Home;
use super::super::space::Space;
use super::super::topology::Topology;
use super::request::{self, Answer};

const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
const API: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(GATEWAY), 8000);
const PORTAL: u16 = 8080;
pub(super) const SITE: &str = "https://portal.example";
const PASSWORD: &str = "seven quiet otters";
const START: Duration = Duration::from_mins(1);

/// What the gateway is set to beside its devices: nobody passes without signing in.
pub(super) fn gateway_settings() -> String {
    format!("[gate]\nportal = {PORTAL}\n")
}

/// Both programs; they end when this goes.
pub(super) struct Server {
    children: Vec<Child>,
}

/// A session, and when the answer that brought it was there.
pub(super) struct Signed {
    pub(super) token: String,
    pub(super) answered: Instant,
}

impl Server {
    /// Starts them with an account for each client.
    pub(super) fn start(
        topology: &Topology,
        home: &Home,
        usher: &Path,
        accounts: usize,
        link: BitsPerSecond,
    ) -> Result<Self> {
        let program = Program {
            usher: usher.to_owned(),
            data: home.path("data"),
            socket: home.path("socket"),
            log: home.path("usher.log"),
            link,
        };
        for account in 0..accounts {
            program.add(&email(account))?;
        }
        let children = topology.gateway.run(|| {
            let mut gateway = home.command("run")?;
            gateway.env("USHER_GATEWAY_LOG", "warn").stdin(Stdio::null());
            Ok(vec![gateway.spawn()?, program.serve()?])
        })?;
        let mut server = Self { children };
        server.wait(topology, &program.log)?;
        Ok(server)
    }

    /// Until both are there and know of each other: a stranger's page is sent on to the portal then.
    fn wait(&mut self, topology: &Topology, log: &Path) -> Result<()> {
        let begun = Instant::now();
        let client = &topology.clients[0];
        loop {
            for child in &mut self.children {
                if child.try_wait()?.is_some() {
                    bail!("a program ended at its start: {}", fs::read_to_string(log)?);
                }
            }
            let world = SocketAddr::from((super::SERVER, 80));
            let sent_on = request::send(client, world, "GET /", &[], "")
                .is_ok_and(|answer| answer.status == 302 && answer.head.contains(SITE));
            if sent_on {
                return Ok(());
            }
            ensure!(
                begun.elapsed() < START,
                "the portal does not answer: {}",
                fs::read_to_string(log)?
            );
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Signs in to an account from a client's device.
    pub(super) fn sign_in(&self, client: &Space, account: usize, headers: &[(&str, &str)]) -> Result<Signed> {
        let body = json!({"email": email(account), "password": PASSWORD});
        let answer = self.post(client, "/auth/login", headers, &body)?;
        ensure!(answer.status == 200, "sign-in: {} {}", answer.status, answer.body);
        let said: Value = serde_json::from_str(&answer.body)?;
        Ok(Signed {
            token: said["access_token"].as_str().context("no token")?.to_owned(),
            answered: answer.at,
        })
    }

    /// Signs in with more in the request than belongs there; whatever the answer.
    pub(super) fn claim(&self, client: &Space, account: usize, claims: &Value) -> Result<Answer> {
        let mut body = json!({"email": email(account), "password": PASSWORD});
        if let (Some(body), Some(claims)) = (body.as_object_mut(), claims.as_object()) {
            body.extend(claims.clone());
        }
        self.post(client, "/auth/login", &[], &body)
    }

    /// Signs out; when that was answered.
    pub(super) fn sign_out(&self, client: &Space, token: &str) -> Result<Instant> {
        let bearer = format!("Bearer {token}");
        let answer = self.post(client, "/auth/logout", &[("authorization", &bearer)], &json!({}))?;
        ensure!(
            answer.status == 200,
            "sign-out: {} {}",
            answer.status,
            answer.body
        );
        Ok(answer.at)
    }

    /// A request of any kind.
    #[expect(clippy::unused_self, reason = "nobody answers unless the programs run")]
    pub(super) fn ask(&self, client: &Space, line: &str, headers: &[(&str, &str)]) -> Result<Answer> {
        request::send(client, API, line, headers, "")
    }

    #[expect(clippy::unused_self, reason = "nobody answers unless the programs run")]
    fn post(&self, client: &Space, path: &str, headers: &[(&str, &str)], body: &Value) -> Result<Answer> {
        let mut all = vec![("content-type", "application/json")];
        all.extend_from_slice(headers);
        request::send(client, API, &format!("POST {path}"), &all, &body.to_string())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn email(account: usize) -> String {
    format!("person{account}@example.org")
}

/// The server's program and its settings.
struct Program {
    usher: PathBuf,
    data: PathBuf,
    socket: PathBuf,
    log: PathBuf,
    link: BitsPerSecond,
}

impl Program {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.usher);
        command.env_clear().arg("--data-dir").arg(&self.data);
        command.args(["--production", "--listen", &API.to_string()]);
        let link = self.link.get().to_string();
        let portal = SocketAddr::from((GATEWAY, PORTAL)).to_string();
        for (name, value) in [
            ("SERVER__PUBLIC_URL", SITE),
            // What a header says from there is believed, as far as a header is ever believed.
            ("SERVER__TRUSTED_PROXIES", "10.78.0.0/24"),
            ("MAIL__TRANSPORT", "file"),
            ("MAIL__FROM", "usher@portal.example"),
            ("METRICS__LISTEN", "off"),
            ("LINK__ENABLED", "true"),
            ("LINK__NAME", "lab"),
            ("LINK__NETWORKS", "10.77.0.0/16"),
            ("LINK__DOWN", &link),
            ("LINK__UP", &link),
            ("LINK__PORTAL", &portal),
        ] {
            command.env(format!("USHER_{name}"), value);
        }
        command.env("USHER_LINK__SOCKET", &self.socket);
        command
    }

    fn add(&self, email: &str) -> Result<()> {
        let mut add = self.command();
        add.args(["user", "add", email, "--verified"]);
        let piped = add
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = piped.spawn().with_context(|| self.usher.display().to_string())?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(PASSWORD.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "no account for {email}: {said}");
        Ok(())
    }

    fn serve(&self) -> Result<Child> {
        let log = File::create(&self.log)?;
        let mut serve = self.command();
        serve.arg("serve").stdin(Stdio::null());
        Ok(serve.stdout(log.try_clone()?).stderr(log).spawn()?)
    }
}
