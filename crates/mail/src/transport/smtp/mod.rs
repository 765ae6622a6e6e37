//! Mail to a mail server. Every step is taken by name, so that an error says how far a mail came,
//! and connections are kept, so that the next mail finds one open.

mod dial;
mod fault;
mod tls;
mod url;
mod wire;

use std::fmt;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Noop, Rcpt};
use lettre::transport::smtp::response::{Response, Severity};

pub use url::SmtpUrlError;

use crate::error::{SendError, Stage};
use crate::outgoing::Outgoing;
use crate::transport::deadline::{CHECK_DEADLINE, Deadline};
use crate::transport::fault::Fault;
use crate::transport::lanes::Lanes;
use crate::transport::line::Line;
use crate::transport::pool::Pool;
use tls::Tls;
use url::Server;

/// How long a kept connection may take to show that it is alive. Networks forget quiet connections
/// without a word, and a fresh one is better than waiting for the deadline.
const REUSE_PATIENCE: Duration = Duration::from_secs(5);

/// A mail server.
pub struct Smtp {
    server: Server,
    tls: Tls,
    pool: Pool<AsyncSmtpConnection>,
    lanes: Lanes,
}

/// What one mail needs on the wire.
struct Parcel {
    from: Address,
    to: Address,
    bytes: Vec<u8>,
}

impl Smtp {
    /// From `smtp://user:pass@host:587?tls=starttls|tls|none`, credentials percent-encoded. `smtp`
    /// means STARTTLS on port 587 and refuses a server that does not offer it, `smtps` means TLS on
    /// port 465, and `tls=none` is taken for a server on this machine only.
    pub fn from_url(url: &str) -> Result<Self, SmtpUrlError> {
        let server = Server::parse(url)?;
        let tls = Tls::of(&server)?;
        Ok(Self {
            server,
            tls,
            pool: Pool::new(),
            lanes: Lanes::new(),
        })
    }

    /// Hands one mail to the server, within [`crate::SEND_DEADLINE`].
    ///
    /// When a kept connection turns out to be closed, the mail goes over a fresh one. The server may
    /// have accepted it just before closing, so a mail can arrive twice, under one Message-ID; it is
    /// never dropped.
    pub async fn send(&self, mail: &Outgoing) -> Result<(), SendError> {
        self.send_over(Line::next(&self.lanes).await?, mail).await
    }

    /// As [`Self::send`], on a line of [`Self::lanes`].
    pub(crate) async fn send_over(&self, line: Line, mail: &Outgoing) -> Result<(), SendError> {
        let parcel = Parcel::of(mail)?;
        let sent = line.carry(|deadline| self.deliver(&parcel, deadline)).await;
        sent.map_err(|fault| fault.error)
    }

    pub(crate) const fn lanes(&self) -> &Lanes {
        &self.lanes
    }

    /// Whether the server can be reached and lets us in, within [`CHECK_DEADLINE`].
    pub async fn check(&self) -> Result<(), SendError> {
        let deadline = Deadline::after(CHECK_DEADLINE);
        self.greet(deadline).await.map_err(|fault| fault.error)
    }

    async fn deliver(&self, parcel: &Parcel, deadline: Deadline) -> Result<(), Fault> {
        if let Some(kept) = self.pool.take() {
            match self
                .hand_over(kept, parcel, deadline.within(REUSE_PATIENCE), deadline)
                .await
            {
                Err(fault) if fault.is_lost && !deadline.is_over() => {
                    tracing::debug!(reason = %fault.error, "kept connection lost, sending over a fresh one");
                }
                done => return done,
            }
        }
        let fresh = self.dial(deadline).await?;
        self.hand_over(fresh, parcel, deadline, deadline).await
    }

    /// The steps of one mail. A connection is kept only after an acceptance: after anything else
    /// nobody knows what the server expects next.
    async fn hand_over(
        &self,
        mut connection: AsyncSmtpConnection,
        parcel: &Parcel,
        first_reply: Deadline,
        deadline: Deadline,
    ) -> Result<(), Fault> {
        let to: &str = parcel.to.as_ref();
        let explain = |stage| move |error| Fault::of(stage, &error, to);

        let sender = connection.command(Mail::new(Some(parcel.from.clone()), Vec::new()));
        let reply = first_reply
            .step(Stage::Sender, sender, explain(Stage::Sender))
            .await?;
        expect(Severity::PositiveCompletion, Stage::Sender, &reply)?;

        let recipient = connection.command(Rcpt::new(parcel.to.clone(), Vec::new()));
        let reply = deadline
            .step(Stage::Recipient, recipient, explain(Stage::Recipient))
            .await?;
        expect(Severity::PositiveCompletion, Stage::Recipient, &reply)?;

        let reply = deadline
            .step(Stage::Data, connection.command(Data), explain(Stage::Data))
            .await?;
        expect(Severity::PositiveIntermediate, Stage::Data, &reply)?;

        let reply = deadline
            .step(
                Stage::Data,
                connection.message(&parcel.bytes),
                explain(Stage::Data),
            )
            .await?;
        expect(Severity::PositiveCompletion, Stage::Data, &reply)?;

        self.pool.keep(connection);
        Ok(())
    }

    async fn greet(&self, deadline: Deadline) -> Result<(), Fault> {
        if let Some(mut kept) = self.pool.take() {
            let patience = deadline.within(CHECK_DEADLINE / 3);
            let explain = |error| Fault::of(Stage::Tcp, &error, "");
            if patience
                .step(Stage::Tcp, kept.command(Noop), explain)
                .await
                .is_ok()
            {
                self.pool.keep(kept);
                return Ok(());
            }
        }
        let fresh = self.dial(deadline).await?;
        self.pool.keep(fresh);
        Ok(())
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp")
            .field("server", &self.server)
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}

impl Parcel {
    fn of(mail: &Outgoing) -> Result<Self, SendError> {
        let built = mail.build()?;
        let refused = || SendError::permanent(Stage::Local, "the mail has no sender or recipient");
        Ok(Self {
            from: built.envelope().from().cloned().ok_or_else(refused)?,
            to: built.envelope().to().first().cloned().ok_or_else(refused)?,
            bytes: built.formatted(),
        })
    }
}

/// A server that is out of step would otherwise take a part of the mail for a command.
fn expect(severity: Severity, stage: Stage, reply: &Response) -> Result<(), Fault> {
    if reply.code().severity == severity {
        Ok(())
    } else {
        Err(Fault::out_of_turn(stage, reply))
    }
}
