//! Encryption: required where it was asked for, and only with a server the system trusts.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::{env, fs};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;
use usher_mail::{Failure, SendError, Smtp, Stage};

use super::server::Act::Reply;
use super::server::{Encryption, Moment, Server};
use crate::mail;

/// Set for the second run of the test that needs a trusted server: the folder with its certificate.
const CERTIFICATE_FOLDER: &str = "USHER_TEST_CERTIFICATE_FOLDER";

pub(crate) fn write_certificate(folder: &Path) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    fs::write(folder.join("certificate.pem"), cert.pem()).expect("written");
    fs::write(folder.join("key.pem"), signing_key.serialize_pem()).expect("written");
}

pub(crate) fn acceptor(folder: &Path) -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_file(folder.join("certificate.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a pair");
    TlsAcceptor::from(Arc::new(config))
}

async fn immediate(folder: &Path) -> (Server, Smtp) {
    let script = vec![(Moment::Ehlo, Reply("250 AUTH PLAIN"))];
    let server = Server::encrypted(Encryption::Immediate(acceptor(folder)), vec![script]).await;
    let smtp = Smtp::from_url(&format!("smtps://ada:hunter2@127.0.0.1:{}", server.port));
    (server, smtp.expect("a URL"))
}

async fn offered(folder: &Path, go_ahead: &'static str) -> (Server, Smtp) {
    let script = vec![
        (Moment::Ehlo, Reply("250-scripted\r\n250 STARTTLS")),
        (Moment::StartTls, Reply(go_ahead)),
        (Moment::Ehlo, Reply("250 AUTH PLAIN")),
    ];
    let server = Server::encrypted(Encryption::Offered(acceptor(folder)), vec![script]).await;
    let smtp = Smtp::from_url(&format!("smtp://ada:hunter2@127.0.0.1:{}", server.port));
    (server, smtp.expect("a URL"))
}

fn is_tls_failure(sent: Result<(), SendError>) {
    let error = sent.expect_err("no trust");
    assert_eq!(
        (error.kind, error.stage),
        (Failure::Transient, Stage::Tls),
        "{error}"
    );
}

fn spoke_only(server: &Server, verbs: &[&str]) {
    let commands = server.commands();
    let spoken: Vec<&str> = commands
        .iter()
        .map(|line| line.split(' ').next().unwrap_or_default())
        .collect();
    assert_eq!(spoken, verbs);
}

#[tokio::test]
async fn a_server_that_does_not_offer_starttls_gets_no_credentials_and_no_mail() {
    let server = Server::start(vec![vec![(
        Moment::Ehlo,
        Reply("250-scripted\r\n250 AUTH PLAIN"),
    )]])
    .await;
    let url = format!("smtp://ada:hunter2@127.0.0.1:{}", server.port);
    is_tls_failure(Smtp::from_url(&url).expect("a URL").send(&mail(1)).await);
    spoke_only(&server, &["EHLO"]);
}

#[tokio::test]
async fn a_server_that_refuses_starttls_gets_no_credentials_and_no_mail() {
    let script = vec![
        (Moment::Ehlo, Reply("250-STARTTLS\r\n250 AUTH PLAIN")),
        (Moment::StartTls, Reply("454 4.7.0 not now")),
    ];
    let server = Server::start(vec![script]).await;
    let url = format!("smtp://ada:hunter2@127.0.0.1:{}", server.port);
    is_tls_failure(Smtp::from_url(&url).expect("a URL").send(&mail(1)).await);
    assert!(
        server
            .commands()
            .iter()
            .all(|command| !command.starts_with("AUTH") && command != "DATA")
    );
}

#[tokio::test]
async fn a_server_with_a_certificate_of_its_own_making_is_not_trusted() {
    let folder = tempfile::tempdir().expect("a folder");
    write_certificate(folder.path());

    let (server, smtp) = immediate(folder.path()).await;
    is_tls_failure(smtp.send(&mail(1)).await);
    spoke_only(&server, &[]);

    let (server, smtp) = offered(folder.path(), "220 go ahead").await;
    is_tls_failure(smtp.send(&mail(1)).await);
    spoke_only(&server, &["EHLO", "STARTTLS"]);
}

/// Trust comes from the environment and that cannot be changed inside a running process, so the
/// test runs itself a second time with the certificate in `SSL_CERT_FILE`.
#[test]
fn a_trusted_server_gets_the_mail_by_tls_and_by_starttls_unless_a_plain_reply_was_slipped_in() {
    if let Some(folder) = env::var_os(CERTIFICATE_FOLDER) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        return runtime.expect("a runtime").block_on(trusted(Path::new(&folder)));
    }
    let folder = tempfile::tempdir().expect("a folder");
    write_certificate(folder.path());
    let again = Command::new(env::current_exe().expect("this test"))
        .args([
            "--exact",
            "smtp::tls::a_trusted_server_gets_the_mail_by_tls_and_by_starttls_unless_a_plain_reply_was_slipped_in",
        ])
        .env(CERTIFICATE_FOLDER, folder.path())
        .env("SSL_CERT_FILE", folder.path().join("certificate.pem"))
        .output()
        .expect("a second run");
    let said = String::from_utf8_lossy(&again.stdout);
    assert!(again.status.success() && said.contains("1 passed"), "{said}");
}

/// Both ways, and what a third party adds behind the go-ahead, where nothing is encrypted yet.
async fn trusted(folder: &Path) {
    let (server, smtp) = immediate(folder).await;
    smtp.send(&mail(1)).await.expect("by TLS");
    smtp.send(&mail(2))
        .await
        .expect("by TLS, over the kept connection");
    spoke_only(
        &server,
        &["EHLO", "AUTH", "MAIL", "RCPT", "DATA", "MAIL", "RCPT", "DATA"],
    );

    let (server, smtp) = offered(folder, "220 go ahead").await;
    smtp.send(&mail(1)).await.expect("by STARTTLS");
    spoke_only(
        &server,
        &["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"],
    );

    let (server, smtp) = offered(folder, "220 go ahead\r\n250 AUTH PLAIN").await;
    is_tls_failure(smtp.send(&mail(1)).await);
    spoke_only(&server, &["EHLO", "STARTTLS"]);
}
