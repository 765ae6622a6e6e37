//! A broker behind TLS.

use std::path::Path;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use serde_json::Value;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio_rustls::TlsAcceptor;

use super::broker::with_broker;

#[tokio::test(flavor = "multi_thread")]
async fn m20_the_certificate_of_a_broker_is_looked_at() {
    with_broker(|own| async move {
        let plain: reqwest::Url = own.url.parse().unwrap();
        let place = format!("{}:{}", plain.host_str().unwrap(), plain.port().unwrap_or(5672));
        let certificate = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let stranger = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let port = behind_tls(place, &certificate).await;
        let folder = tempfile::tempdir().unwrap();
        let secure = |host: &str| {
            let (user, password) = (plain.username(), plain.password().unwrap_or_default());
            format!("amqps://{user}:{password}@{host}:{port}{}", plain.path())
        };
        for (trusted, host, wanted) in [
            (&certificate, "localhost", "ok"),
            (&certificate, "127.0.0.1", "fail"),
            (&stranger, "localhost", "fail"),
        ] {
            let authorities = folder.path().join("authorities.pem");
            std::fs::write(&authorities, trusted.cert.pem()).unwrap();
            let (level, text) = examined(folder.path(), &secure(host), &authorities, &own.queue).await;
            assert_eq!(level, wanted, "{host}: {text}");
            assert!(wanted == "ok" || text.contains("certificate"), "{host}: {text}");
        }
    })
    .await;
}

/// What the doctor thinks of the broker.
async fn examined(folder: &Path, url: &str, authorities: &Path, queue: &str) -> (String, String) {
    let mut doctor = Command::new(env!("CARGO_BIN_EXE_usher"));
    doctor.args(["doctor", "--json", "--data-dir"]).arg(folder);
    let env = [
        ("USHER_QUEUE__BROKER", "amqp"),
        ("USHER_QUEUE__URL", url),
        ("USHER_QUEUE__NAME", queue),
    ];
    doctor.current_dir(folder).env_clear().envs(env);
    let output = doctor.env("SSL_CERT_FILE", authorities).output().await.unwrap();
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let broker = found.iter().find(|finding| finding["check"] == "broker").unwrap();
    (broker["level"].as_str().unwrap().to_owned(), broker.to_string())
}

/// The port on which TLS is spoken for somebody who does not.
async fn behind_tls(place: String, certificate: &CertifiedKey<rcgen::KeyPair>) -> u16 {
    let key = PrivateKeyDer::try_from(certificate.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, place) = (acceptor.clone(), place.clone());
            tokio::spawn(async move {
                // Who does not trust the certificate hangs up.
                if let Ok(mut outer) = acceptor.accept(stream).await {
                    let mut inner = TcpStream::connect(place).await.unwrap();
                    drop(copy_bidirectional(&mut outer, &mut inner).await);
                }
            });
        }
    });
    port
}
