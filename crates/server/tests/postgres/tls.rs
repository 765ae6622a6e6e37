//! M18: the connection string says how far TLS goes.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use crate::node::{run, said};
use crate::own::Own;

/// An authority of one's own: its certificate, and one it gave to `localhost` with its key.
fn authority() -> (String, String, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);
    let own = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let server = server.signed_by(&own, &issuer).unwrap().pem();
    (certificate, server, own.serialize_pem())
}

#[tokio::test(flavor = "multi_thread")]
async fn m18_the_connection_string_says_how_far_tls_goes() {
    let Some(mut own) = Own::create() else { return };
    let (ca, certificate, key) = authority();
    let (stranger, _, _) = authority();
    own.write("server.crt", &certificate);
    own.write("server.key", &key);
    own.write("pg_hba.conf", "hostssl all all 127.0.0.1/32 trust\n");
    own.set("ssl=on");
    own.start();
    let files = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = files.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (ca, stranger) = (file("ca.pem", &ca), file("stranger.pem", &stranger));
    for (host, parameters, problem) in [
        ("127.0.0.1", String::new(), None),
        ("127.0.0.1", "sslmode=prefer".to_owned(), None),
        ("127.0.0.1", "sslmode=require".to_owned(), None),
        ("127.0.0.1", "sslmode=disable".to_owned(), Some("no encryption")),
        ("127.0.0.1", format!("sslmode=verify-ca&sslrootcert={ca}"), None),
        (
            "127.0.0.1",
            format!("sslmode=verify-ca&sslrootcert={stranger}"),
            Some("certificate"),
        ),
        (
            "127.0.0.1",
            format!("sslmode=require&sslrootcert={stranger}"),
            Some("certificate"),
        ),
        ("localhost", format!("sslmode=verify-full&sslrootcert={ca}"), None),
        (
            "127.0.0.1",
            format!("sslmode=verify-full&sslrootcert={ca}"),
            Some("certificate"),
        ),
        ("localhost", "sslmode=verify-full".to_owned(), Some("certificate")),
        ("localhost", "sslmode=allow".to_owned(), Some("sslmode")),
    ] {
        // The server is there: what is refused is refused at once, however long a start may wait.
        let done = run("migrate", &own.url(host, &parameters), &[]).await;
        let text = said(&done);
        match problem {
            None => assert!(done.status.success(), "{host} {parameters}: {text}"),
            Some(word) => {
                assert!(!done.status.success(), "{host} {parameters}");
                assert!(
                    text.lines().count() == 1 && text.contains(word) && text.starts_with("usher: "),
                    "{host} {parameters}: {text}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m18_a_server_without_tls_is_refused_where_tls_is_required() {
    let Some(mut own) = Own::create() else { return };
    own.start();
    let done = run("migrate", &own.url("127.0.0.1", "sslmode=require"), &[]).await;
    let text = said(&done);
    assert!(
        !done.status.success() && text.lines().count() == 1 && text.contains("TLS"),
        "{text}"
    );
    let done = run("migrate", &own.url("127.0.0.1", "sslmode=prefer"), &[]).await;
    assert!(done.status.success(), "{}", said(&done));
}
