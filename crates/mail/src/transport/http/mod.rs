//! Mail to a provider's HTTP interface. The steps are taken by name, as with a mail server, so that an
//! error says how far a mail came; no redirect is followed, since it would carry the key elsewhere.

mod answer;
mod body;
mod call;
mod endpoint;
mod exchange;
mod provider;

use std::fmt;

use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;

pub use endpoint::HttpSetupError;
pub use provider::Provider;

use crate::error::SendError;
use crate::outgoing::Outgoing;
use crate::transport::connect::connector;
use crate::transport::deadline::{CHECK_DEADLINE, Deadline};
use crate::transport::lanes::Lanes;
use crate::transport::line::Line;
use crate::transport::pool::Pool;
use call::Call;
use endpoint::Endpoint;
use exchange::Sender;
use provider::Key;

/// A provider.
pub struct Http {
    provider: Provider,
    endpoint: Endpoint,
    key: Key,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    pool: Pool<Sender>,
    lanes: Lanes,
}

impl Http {
    /// The interface of `provider` at `url`; without one, where the provider always is. Plain `http` is
    /// taken for an interface on this machine only.
    pub fn new(provider: Provider, url: Option<&str>, key: Option<&str>) -> Result<Self, HttpSetupError> {
        let url = url
            .or(provider.usual_url())
            .ok_or(HttpSetupError::NoUrl(provider.as_str()))?;
        let endpoint = Endpoint::parse(url)?;
        let tls = if endpoint.is_encrypted {
            let name = ServerName::try_from(endpoint.host.clone()).map_err(|_| HttpSetupError::Host)?;
            Some((connector().map_err(|_| HttpSetupError::Tls)?, name))
        } else {
            None
        };
        Ok(Self {
            provider,
            endpoint,
            key: Key::of(provider, key)?,
            tls,
            pool: Pool::new(),
            lanes: Lanes::new(),
        })
    }

    /// Hands one mail to the provider, within [`crate::SEND_DEADLINE`]. The same mail carries the same
    /// idempotency key, so that a provider that knows such keys takes it once.
    pub async fn send(&self, mail: &Outgoing) -> Result<(), SendError> {
        self.send_over(Line::next(&self.lanes).await?, mail).await
    }

    /// As [`Self::send`], on a line of [`Self::lanes`].
    pub(crate) async fn send_over(&self, line: Line, mail: &Outgoing) -> Result<(), SendError> {
        let call = Call::sending(self.provider, &self.endpoint, &self.key, mail)?;
        let answer = line.carry(|deadline| self.deliver(&call, deadline)).await;
        let answer = answer.map_err(|fault| fault.error)?;
        answer.judge(self.provider, &self.key, mail)
    }

    /// Whether the provider can be reached, within [`CHECK_DEADLINE`]. Asks it nothing: providers count.
    pub async fn check(&self) -> Result<(), SendError> {
        let deadline = Deadline::after(CHECK_DEADLINE);
        self.greet(deadline).await.map_err(|fault| fault.error)
    }

    /// Also whether it lets us in: it is asked to send a mail without a recipient, which it refuses only
    /// after it has looked at the key. A webhook is only reached.
    pub async fn probe(&self) -> Result<(), SendError> {
        let Some(call) = Call::probing(self.provider, &self.endpoint, &self.key)? else {
            return self.check().await;
        };
        let answer = self.deliver(&call, Deadline::after(CHECK_DEADLINE)).await;
        answer.map_err(|fault| fault.error)?.judge_probe(&self.key)
    }

    pub(crate) const fn lanes(&self) -> &Lanes {
        &self.lanes
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http")
            .field("provider", &self.provider)
            .field("host", &self.endpoint.host)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
