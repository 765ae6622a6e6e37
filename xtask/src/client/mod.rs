//! The other side of the product: a small HTTP client, a mail server, and a running `usher`.

pub(crate) mod amqp;
pub(crate) mod chance;
pub(crate) mod http;
pub(crate) mod journey;
pub(crate) mod mood;
pub(crate) mod sink;
pub(crate) mod sql;
pub(crate) mod usher;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::{Context, Result};

/// A loopback address nobody listens on at this moment.
pub(crate) fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
    listener.local_addr().context("no free port")
}
