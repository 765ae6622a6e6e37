//! Real proxies on the samples in `deploy/`: with other ports, certificates and servers, and nothing else changed.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::Part;
use crate::client;
use crate::command;

const START_LIMIT: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(20);

/// Those there is a sample for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Nginx,
    Caddy,
}

/// A running one.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    process: Child,
}

/// What a proxy is started with.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    /// The project.
    pub(crate) root: &'a Path,
    /// Where it may leave files.
    pub(crate) folder: &'a Path,
    /// The servers behind it.
    pub(crate) servers: &'a [SocketAddr],
    /// Whether it is asked over TLS, as visitors do.
    pub(crate) tls: bool,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Nginx, Self::Caddy];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Caddy => "caddy",
        }
    }

    /// The program.
    pub(crate) fn find(self) -> Part<PathBuf> {
        super::program(self.name(), self.name())
    }

    /// Starts it on the sample, once the program itself has found nothing wrong with that.
    pub(crate) fn start(self, program: &Path, plan: &Plan<'_>) -> Result<Proxy> {
        let address = client::free_address()?;
        let (mut judge, mut run) = match self {
            Self::Nginx => nginx(program, plan, address)?,
            Self::Caddy => caddy(program, plan, address)?,
        };
        command::output_of(&mut judge).context("the sample is refused")?;
        let log = File::create(plan.folder.join(format!("{}.log", self.name()))).context("no log file")?;
        run.stdin(Stdio::null());
        run.stdout(log.try_clone().context("no log file")?).stderr(log);
        let mut process = run.spawn().context("cannot start the proxy")?;
        if let Err(error) = wait_until_open(address, &mut process) {
            process.kill().ok();
            process.wait().ok();
            return Err(error);
        }
        Ok(Proxy { address, process })
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Politely first: nginx has workers that only it can end.
        let id = self.process.id().to_string();
        command::output_of(Command::new("kill").args(["-TERM", &id])).ok();
        let deadline = Instant::now() + Duration::from_secs(2);
        while Instant::now() < deadline && matches!(self.process.try_wait(), Ok(None)) {
            thread::sleep(PAUSE);
        }
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn nginx(program: &Path, plan: &Plan<'_>, address: SocketAddr) -> Result<(Command, Command)> {
    let folder = plan.folder;
    let shown = folder.display();
    let servers: Vec<_> = plan
        .servers
        .iter()
        .map(|server| format!("server {server} max_fails=1 fail_timeout=2s;\n"))
        .collect();
    let redirecting = client::free_address()?;
    let mut changes = vec![
        ("pid /run/nginx.pid;", format!("pid {shown}/nginx.pid;")),
        ("/var/log/nginx/error.log", format!("{shown}/error.log")),
        (
            "server 127.0.0.1:8000 max_fails=1 fail_timeout=2s;",
            servers.concat(),
        ),
        (
            "server 127.0.0.1:8001 max_fails=1 fail_timeout=2s;",
            String::new(),
        ),
        ("listen 80;", format!("listen {redirecting};")),
        ("http {", format!("http {{\n{}", temporary_folders(folder))),
    ];
    if plan.tls {
        certificate(folder)?;
        changes.extend([
            ("listen 443 ssl http2;", format!("listen {address} ssl http2;")),
            ("/etc/nginx/tls/", format!("{shown}/")),
        ]);
    } else {
        changes.extend([
            ("listen 443 ssl http2;", format!("listen {address};")),
            ("ssl_certificate     /etc/nginx/tls/fullchain.pem;", String::new()),
            ("ssl_certificate_key /etc/nginx/tls/privkey.pem;", String::new()),
        ]);
    }
    let settings = changed(&plan.root.join("deploy/nginx.conf"), &changes)?;
    let file = folder.join("nginx.conf");
    fs::write(&file, settings).context("cannot write nginx.conf")?;
    let run = |arguments: &[&str]| {
        let mut command = Command::new(program);
        command.arg("-p").arg(folder).arg("-c").arg(&file);
        // One message to standard error comes before the settings are read.
        command.args(["-e", "stderr"]).args(arguments);
        command
    };
    Ok((run(&["-t"]), run(&["-g", "daemon off;"])))
}

/// Debian's nginx would write below /var/lib, which takes root.
fn temporary_folders(folder: &Path) -> String {
    let names = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    names
        .map(|name| format!("{name}_temp_path {}/{name};\n", folder.display()))
        .concat()
}

fn caddy(program: &Path, plan: &Plan<'_>, address: SocketAddr) -> Result<(Command, Command)> {
    let scheme = if plan.tls { "https" } else { "http" };
    let more = "admin off\n\tauto_https disable_redirects\n\tskip_install_trust";
    let settings = changed(
        &plan.root.join("deploy/Caddyfile"),
        &[("admin off", more.to_owned())],
    )?;
    let file = plan.folder.join("Caddyfile");
    fs::write(&file, settings).context("cannot write the Caddyfile")?;
    let servers: Vec<_> = plan.servers.iter().map(ToString::to_string).collect();
    let site = format!("{scheme}://127.0.0.1:{}", address.port());
    let run = |verb: &str| {
        let mut command = Command::new(program);
        command
            .args([verb, "--adapter", "caddyfile", "--config"])
            .arg(&file);
        command.env("SITE", &site).env("UPSTREAMS", servers.join(" "));
        for place in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"] {
            command.env(place, plan.folder);
        }
        command
    };
    Ok((run("validate"), run("run")))
}

/// The sample with these changes. A change that finds nothing to change is an error: the sample is another.
fn changed(sample: &Path, changes: &[(&str, String)]) -> Result<String> {
    let mut text = fs::read_to_string(sample).with_context(|| format!("cannot read {}", sample.display()))?;
    for (old, new) in changes {
        ensure!(text.contains(old), "{} has no {old:?}", sample.display());
        text = text.replace(old, new);
    }
    Ok(text)
}

/// A certificate nobody has to trust.
fn certificate(folder: &Path) -> Result<()> {
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
    ]);
    openssl.args(["-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout"]);
    openssl.arg(folder.join("privkey.pem")).arg("-out");
    openssl.arg(folder.join("fullchain.pem"));
    command::output_of(&mut openssl).map(drop)
}

fn wait_until_open(address: SocketAddr, process: &mut Child) -> Result<()> {
    let deadline = Instant::now() + START_LIMIT;
    while Instant::now() < deadline {
        if TcpStream::connect_timeout(&address, PAUSE).is_ok() {
            return Ok(());
        }
        if let Some(status) = process.try_wait().context("cannot watch the proxy")? {
            bail!("the proxy ended while it was starting ({status})");
        }
        thread::sleep(PAUSE);
    }
    bail!("the proxy was not open within {} s", START_LIMIT.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_that_finds_nothing_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let sample = folder.path().join("sample");
        fs::write(&sample, "listen 80;").unwrap();
        let change = |old| changed(&sample, &[(old, "listen 81;".to_owned())]);
        assert_eq!(change("listen 80;").unwrap(), "listen 81;");
        assert!(change("listen 443;").is_err());
    }
}
