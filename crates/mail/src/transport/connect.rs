//! The way to a host: its addresses, a connection to one of them, and what encrypts it, each step under
//! its own stage. The certificates trusted are the system's; an operator adds one there, or names a
//! bundle in `SSL_CERT_FILE`.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use super::deadline::Deadline;
use super::fault::Fault;
use crate::error::{SendError, Stage};

/// How long one address may take when the host has several.
const ADDRESS_PATIENCE: Duration = Duration::from_secs(8);

/// Whether a host as written is this machine, where nothing needs to be encrypted.
pub(super) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// The host's addresses; of one that is spoken to in clear only those of this machine, since the name
/// `localhost` is only as local as this machine's hosts file says.
pub(super) async fn addresses(
    host: &str,
    port: u16,
    in_clear: bool,
    deadline: Deadline,
) -> Result<Vec<SocketAddr>, Fault> {
    let lookup = lookup_host((host, port));
    let mut addresses: Vec<SocketAddr> = deadline
        .step(Stage::Dns, lookup, network(Stage::Dns))
        .await?
        .collect();
    if in_clear {
        addresses.retain(|address| address.ip().to_canonical().is_loopback());
    }
    Ok(addresses)
}

/// A connection to the first address that answers.
pub(super) async fn reach(
    addresses: &[SocketAddr],
    deadline: Deadline,
) -> Result<(TcpStream, SocketAddr), Fault> {
    let mut last = Fault::lost(SendError::transient(Stage::Dns, "the host has no usable address"));
    for address in addresses {
        let patience = deadline.within(ADDRESS_PATIENCE);
        match patience
            .step(Stage::Tcp, TcpStream::connect(address), network(Stage::Tcp))
            .await
        {
            Ok(stream) => {
                // A mail's end is a small packet of its own; waiting to fill it up would cost 40 ms a mail.
                let _ = stream.set_nodelay(true);
                return Ok((stream, *address));
            }
            Err(fault) => last = fault,
        }
    }
    Err(last)
}

/// Encryption with a host that the system trusts.
pub(super) fn connector() -> Result<TlsConnector, rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// How the network's own errors read at this stage.
pub(super) fn network(stage: Stage) -> impl FnOnce(io::Error) -> Fault {
    move |error| Fault::lost(SendError::transient(stage, &error.to_string()))
}
