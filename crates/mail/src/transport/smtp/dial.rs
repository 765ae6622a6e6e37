//! Opening a connection: name, address, encryption, greeting, sign-in, each under its own stage.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use lettre::transport::smtp::authentication::DEFAULT_MECHANISMS;
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::extension::ClientId;
use tokio::net::{TcpStream, lookup_host};

use super::Smtp;
use super::deadline::Deadline;
use super::fault::Fault;
use super::tls::Tls;
use super::url::Protection;
use super::wire::Wire;
use crate::error::{SendError, Stage};

/// How long one address may take when the host has several.
const ADDRESS_PATIENCE: Duration = Duration::from_secs(8);

impl Smtp {
    /// A connection that has been let in and waits for a mail.
    pub(super) async fn dial(&self, deadline: Deadline) -> Result<AsyncSmtpConnection, Fault> {
        let addresses = self.addresses(deadline).await?;
        let (tcp, peer) = reach(&addresses, deadline).await?;
        let hello = ClientId::default();
        let mut connection = match &self.tls {
            Tls::Immediate(connector, name) => {
                let handshake = connector.connect(name.clone(), tcp);
                let encrypted = deadline.step(Stage::Tls, handshake, network(Stage::Tls)).await?;
                greeted(Box::new(Wire::new(encrypted, peer)), &hello, deadline).await?
            }
            Tls::Upgrade(_) => {
                greeted(Box::new(Wire::awaiting_handshake(tcp, peer)), &hello, deadline).await?
            }
            Tls::None => greeted(Box::new(Wire::new(tcp, peer)), &hello, deadline).await?,
        };
        if let Tls::Upgrade(parameters) = &self.tls {
            let upgrade = connection.starttls(parameters.clone(), &hello);
            deadline.step(Stage::Tls, upgrade, protocol(Stage::Tls)).await?;
        }
        if let Some(credentials) = &self.server.credentials {
            let sign_in = connection.auth(DEFAULT_MECHANISMS, credentials);
            deadline.step(Stage::Auth, sign_in, protocol(Stage::Auth)).await?;
        }
        Ok(connection)
    }

    async fn addresses(&self, deadline: Deadline) -> Result<Vec<SocketAddr>, Fault> {
        let lookup = lookup_host((self.server.host.as_str(), self.server.port));
        let mut addresses: Vec<SocketAddr> = deadline
            .step(Stage::Dns, lookup, network(Stage::Dns))
            .await?
            .collect();
        // The name `localhost` is only as local as this machine's hosts file says.
        if self.server.protection == Protection::None {
            addresses.retain(|address| address.ip().to_canonical().is_loopback());
        }
        Ok(addresses)
    }
}

async fn reach(addresses: &[SocketAddr], deadline: Deadline) -> Result<(TcpStream, SocketAddr), Fault> {
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

async fn greeted(
    wire: Box<dyn AsyncTokioStream>,
    hello: &ClientId,
    deadline: Deadline,
) -> Result<AsyncSmtpConnection, Fault> {
    let greeting = AsyncSmtpConnection::connect_with_transport(wire, hello);
    deadline.step(Stage::Tcp, greeting, protocol(Stage::Tcp)).await
}

fn network(stage: Stage) -> impl FnOnce(io::Error) -> Fault {
    move |error| Fault::lost(SendError::transient(stage, &error.to_string()))
}

fn protocol(stage: Stage) -> impl FnOnce(lettre::transport::smtp::Error) -> Fault {
    move |error| Fault::of(stage, &error, "")
}
