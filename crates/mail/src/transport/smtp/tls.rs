//! How a connection is encrypted.

use lettre::transport::smtp::client::TlsParameters;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;

use super::url::{Protection, Server, SmtpUrlError};
use crate::transport::connect::connector;

/// The three ways, each with what it needs.
pub(super) enum Tls {
    /// Agreed on in clear, then encrypted; nothing else is said before.
    Upgrade(TlsParameters),
    /// Encrypted from the first byte.
    Immediate(TlsConnector, ServerName<'static>),
    /// Not at all.
    None,
}

impl Tls {
    pub(super) fn of(server: &Server) -> Result<Self, SmtpUrlError> {
        Ok(match server.protection {
            Protection::None => Self::None,
            Protection::StartTls => {
                Self::Upgrade(TlsParameters::new(server.host.clone()).map_err(|_| SmtpUrlError::Tls)?)
            }
            Protection::Tls => {
                let name = ServerName::try_from(server.host.clone()).map_err(|_| SmtpUrlError::Tls)?;
                Self::Immediate(connector().map_err(|_| SmtpUrlError::Tls)?, name)
            }
        })
    }
}
