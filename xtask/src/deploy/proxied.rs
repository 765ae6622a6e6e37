//! A real server behind a real proxy on our sample: whose address is seen, and is a forged one believed?

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::Outcome;
use crate::client::journey::PASSWORD;
use crate::client::sink::Sink;
use crate::client::usher::Recipe;
use crate::command;
use crate::parts::proxy::{Kind, Plan};

/// Two visitors in two networks; a machine has all of these addresses.
const ANN: &str = "127.0.2.2";
const BOB: &str = "127.0.3.3";
const FORGED: &str = "203.0.113.9";
const ADDRESS: &str = "ann@example.org";

pub(super) fn judge(kind: Kind, root: &Path, program: &Path) -> Result<Outcome> {
    let proxy_program = match kind.find() {
        Ok(program) => program,
        Err(reason) => return Ok(Outcome::Missing(reason)),
    };
    if !cfg!(target_os = "linux") || command::find("curl").is_none() || command::find("openssl").is_none() {
        return Ok(Outcome::Missing("it takes Linux, curl and openssl".to_owned()));
    }
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let recipe = Recipe::new(program, &folder.path().join("usher"))?
        .with("USHER_SERVER__PUBLIC_URL", "https://accounts.example.org")
        .with("USHER_SERVER__TRUSTED_PROXIES", "127.0.0.1")
        .with("USHER_LIMITS__REGISTRATIONS_PER_SOURCE", "2")
        .with("USHER_METRICS__LISTEN", "off")
        .with("USHER_MAIL__TRANSPORT", "smtp")
        .with("USHER_MAIL__FROM", "Usher <usher@example.org>")
        .with("USHER_MAIL__SMTP__URL", Sink::start()?.url());
    let _server = recipe.start()?;
    add_account(&recipe)?;
    let plan = Plan {
        root,
        folder: folder.path(),
        servers: &[recipe.address()],
        tls: true,
    };
    let proxy = kind.start(&proxy_program, &plan)?;
    let site = Site(proxy.address);
    let mut promises = Vec::new();

    let seen = site.session_address()?;
    promises.push(("the session shows the visitor's address".to_owned(), seen == ANN));
    promises.push(("t26 a forged address is not believed".to_owned(), seen != FORGED));

    let register = |from: &str, round: u32| {
        let body = json!({"email": format!("p{round}@example.org"), "password": PASSWORD});
        let forged = format!("203.0.113.{round}");
        site.post(from, "/auth/register", &body, &forged)
            .map(|answer| answer.status)
    };
    let statuses = [register(ANN, 1)?, register(ANN, 2)?, register(ANN, 3)?];
    let counted = statuses == [201, 201, 429];
    promises.push((
        format!("a visitor's limit is the visitor's, whatever is forged ({statuses:?})"),
        counted,
    ));
    let other = register(BOB, 4)?;
    promises.push((
        format!("another visitor has a limit of their own ({other})"),
        other == 201,
    ));

    let page = site.get(BOB, "/login", &[])?;
    let once = |name: &str| page.head.matches(&format!("{name}:")).count() == 1;
    let headers = [
        "strict-transport-security",
        "content-security-policy",
        "x-content-type-options",
    ];
    promises.push((
        "t57 the headers that protect are there once".to_owned(),
        page.status == 200 && headers.into_iter().all(once),
    ));
    Ok(Outcome::Judged(promises))
}

fn add_account(recipe: &Recipe) -> Result<()> {
    let mut add = recipe.command(&["user", "add", ADDRESS, "--verified"]);
    let mut add = add
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .context("cannot add an account")?;
    let mut input = add.stdin.take().context("no input")?;
    input
        .write_all(PASSWORD.as_bytes())
        .context("cannot say the password")?;
    drop(input);
    ensure!(add.wait()?.success(), "the account could not be added");
    Ok(())
}

/// The site as a visitor reaches it.
struct Site(SocketAddr);

struct Seen {
    status: u16,
    head: String,
    body: Value,
}

impl Site {
    /// Signs in with a forged address, and reads which one the session got.
    fn session_address(&self) -> Result<String> {
        let body = json!({"email": ADDRESS, "password": PASSWORD});
        let signed_in = self.post(ANN, "/auth/login", &body, FORGED)?;
        ensure!(
            signed_in.status == 200,
            "the sign-in was answered {}: {}",
            signed_in.status,
            signed_in.body
        );
        let token = signed_in.body["access_token"].as_str().context("no token")?;
        let bearer = format!("authorization: Bearer {token}");
        let sessions = self.get(ANN, "/sessions", &[&bearer])?;
        let address = sessions.body["sessions"][0]["ip"].as_str();
        Ok(address.context("no session")?.to_owned())
    }

    fn get(&self, from: &str, path: &str, headers: &[&str]) -> Result<Seen> {
        self.ask(from, path, headers, None)
    }

    fn post(&self, from: &str, path: &str, body: &Value, forged: &str) -> Result<Seen> {
        let headers = [
            "content-type: application/json",
            &format!("x-forwarded-for: {forged}"),
            &format!("forwarded: for={forged}"),
            &format!("x-real-ip: {forged}"),
        ];
        self.ask(from, path, &headers, Some(&body.to_string()))
    }

    fn ask(&self, from: &str, path: &str, headers: &[&str], body: Option<&str>) -> Result<Seen> {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--insecure", "--include", "--http1.1"]);
        curl.args(["--max-time", "20", "--interface", from]);
        for header in headers {
            curl.args(["--header", header]);
        }
        if let Some(body) = body {
            curl.args(["--data", body]);
        }
        let answer = command::output_of(curl.arg(format!("https://{}{path}", self.0)))?;
        let (head, body) = answer.split_once("\r\n\r\n").context("no answer")?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok(Seen {
            status: status.context("no status")?,
            head: head.to_ascii_lowercase(),
            body: serde_json::from_str(body).unwrap_or_default(),
        })
    }
}
