//! How a connection is encrypted. The certificates trusted are the system's; an operator adds one
//! there, or names a bundle in `SSL_CERT_FILE`.

use std::sync::Arc;

use lettre::transport::smtp::client::TlsParameters;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use super::url::{Protection, Server, SmtpUrlError};

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
                Self::Immediate(connector()?, name)
            }
        })
    }
}

fn connector() -> Result<TlsConnector, SmtpUrlError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| SmtpUrlError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
