//! Opening a connection: name, address, encryption, greeting, sign-in, each under its own stage.

use lettre::transport::smtp::authentication::DEFAULT_MECHANISMS;
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::extension::ClientId;

use super::Smtp;
use super::tls::Tls;
use super::url::Protection;
use super::wire::Wire;
use crate::error::Stage;
use crate::transport::connect::{addresses, network, reach};
use crate::transport::deadline::Deadline;
use crate::transport::fault::Fault;

impl Smtp {
    /// A connection that has been let in and waits for a mail.
    pub(super) async fn dial(&self, deadline: Deadline) -> Result<AsyncSmtpConnection, Fault> {
        let in_clear = self.server.protection == Protection::None;
        let addresses = addresses(&self.server.host, self.server.port, in_clear, deadline).await?;
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
}

async fn greeted(
    wire: Box<dyn AsyncTokioStream>,
    hello: &ClientId,
    deadline: Deadline,
) -> Result<AsyncSmtpConnection, Fault> {
    let greeting = AsyncSmtpConnection::connect_with_transport(wire, hello);
    deadline.step(Stage::Tcp, greeting, protocol(Stage::Tcp)).await
}

fn protocol(stage: Stage) -> impl FnOnce(lettre::transport::smtp::Error) -> Fault {
    move |error| Fault::of(stage, &error, "")
}
