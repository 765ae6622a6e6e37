//! How a connection to the broker is encrypted. The certificates trusted are the system's, as for mail.

use std::sync::Arc;

use amqprs::tls::TlsAdaptor;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use super::BrokerError;

pub(super) fn adaptor(host: &str) -> Result<TlsAdaptor, BrokerError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| BrokerError::Unreachable(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Ok(TlsAdaptor::new(TlsConnector::from(Arc::new(config)), name))
}
