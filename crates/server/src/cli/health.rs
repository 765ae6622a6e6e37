//! `usher health`: asks a running server how it is, for images that have no other program to ask with.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use url::Url;

use super::{Common, say};

const PATIENCE: Duration = Duration::from_secs(3);
/// More than the head and body of any answer that matters here.
const MOST: u64 = 64 * 1024;

#[derive(Args, Clone, Debug)]
pub(super) struct Options {
    /// What to ask, over plain http; without it `/health/live` where the settings say that it listens
    url: Option<Url>,
    /// Ask whether requests should be sent there, not only whether it lives
    #[arg(long, conflicts_with = "url")]
    ready: bool,
}

pub(super) fn run(common: &Common, options: &Options) -> Result<()> {
    let path = if options.ready {
        "/health/ready"
    } else {
        "/health/live"
    };
    let (address, host, target) = if let Some(url) = &options.url {
        asked(url)?
    } else {
        let address = from_here(common.settings()?.server.listen);
        (address, address.to_string(), path.to_owned())
    };
    let answer = ask(address, &host, &target).with_context(|| format!("no answer from {address}"))?;
    let line = answer.lines().next().unwrap_or_default();
    let Some(status) = line.split(' ').nth(1).filter(|_| line.starts_with("HTTP/1.")) else {
        bail!("what answers at {address} speaks no HTTP");
    };
    if !status.starts_with('2') {
        bail!("http://{host}{target} answered {status}");
    }
    say("ok");
    Ok(())
}

fn asked(url: &Url) -> Result<(SocketAddr, String, String)> {
    if url.scheme() != "http" {
        bail!("only http:// can be asked; name the server itself, not the proxy before it");
    }
    let address = url
        .socket_addrs(|| None)
        .with_context(|| format!("cannot find {url}"))?
        .into_iter()
        .next()
        .with_context(|| format!("cannot find {url}"))?;
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    Ok((
        address,
        url.authority().to_owned(),
        format!("{}{query}", url.path()),
    ))
}

/// A server that listens everywhere is asked on loopback.
fn from_here(mut listen: SocketAddr) -> SocketAddr {
    if listen.ip().is_unspecified() {
        listen.set_ip(match listen.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    listen
}

fn ask(address: SocketAddr, host: &str, target: &str) -> Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = format!("GET {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(MOST).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
