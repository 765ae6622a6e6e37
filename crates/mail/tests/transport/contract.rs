//! What every way out promises, whoever is on the other side: one table.

use std::net::TcpListener;

use tokio_rustls::TlsAcceptor;
use usher_mail::Failure::{Permanent, Transient};
use usher_mail::{Failure, Http, Provider, SEND_DEADLINE, SendError, Smtp, Stage, Transport};

use crate::http::server::{Act as Say, Server as Web};
use crate::http::{PROVIDERS, http};
use crate::smtp::server::Act::{Close, Reply, ReplyThenClose, Silence};
use crate::smtp::server::{Encryption, Moment, Script, Server as Mx};
use crate::smtp::tls::{acceptor, write_certificate};
use crate::{CODE, leap, mail};

/// How the other side behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Other {
    TakesIt,
    RefusesTheMail,
    RefusesUs,
    AsksToWait,
    Fails,
    Babbles,
    FallsSilent,
    HangsUp,
    CannotBeTrusted,
    IsNotThere,
}

type Expected = Option<(Failure, Stage, Stage)>;

/// What then comes of a mail: whether it may pass later, and how far it came, by mail server and by HTTP.
const TABLE: [(Other, Expected); 10] = [
    (Other::TakesIt, None),
    (
        Other::RefusesTheMail,
        Some((Permanent, Stage::Recipient, Stage::Data)),
    ),
    (Other::RefusesUs, Some((Permanent, Stage::Auth, Stage::Auth))),
    (
        Other::AsksToWait,
        Some((Transient, Stage::Recipient, Stage::Data)),
    ),
    (Other::Fails, Some((Transient, Stage::Data, Stage::Data))),
    (Other::Babbles, Some((Transient, Stage::Data, Stage::Data))),
    (Other::FallsSilent, Some((Transient, Stage::Data, Stage::Data))),
    (Other::HangsUp, Some((Transient, Stage::Data, Stage::Data))),
    (Other::CannotBeTrusted, Some((Transient, Stage::Tls, Stage::Tls))),
    (Other::IsNotThere, Some((Transient, Stage::Tcp, Stage::Tcp))),
];

/// One way out and its other side.
enum Side {
    Mx(Mx),
    Web(Web),
    Nobody,
}

impl Side {
    fn taken(&self) -> usize {
        match self {
            Self::Mx(mx) => mx.bodies().len(),
            Self::Web(web) => web.taken(),
            Self::Nobody => 0,
        }
    }

    async fn silence(&self) {
        match self {
            Self::Mx(mx) => mx.silence().await,
            Self::Web(web) => web.silence().await,
            Self::Nobody => {}
        }
    }

    /// Whether it was told anything that was not for it.
    fn heard_nothing(&self) -> bool {
        match self {
            Self::Mx(mx) => mx.commands().is_empty(),
            Self::Web(web) => web.requests().is_empty(),
            Self::Nobody => true,
        }
    }
}

fn untrusted() -> TlsAcceptor {
    let folder = tempfile::tempdir().expect("a folder");
    write_certificate(folder.path());
    acceptor(folder.path())
}

async fn by_smtp(other: Other) -> (Transport, Side) {
    let act = match other {
        Other::TakesIt | Other::CannotBeTrusted | Other::IsNotThere => None,
        Other::RefusesTheMail => Some((Moment::Rcpt, Reply("550 5.1.1 ada: no code 0412 for you"))),
        Other::RefusesUs => Some((Moment::Auth, Reply("535 5.7.8 hunter2 is wrong for ada"))),
        Other::AsksToWait => Some((Moment::Rcpt, Reply("450 4.2.0 greylisted, 0412"))),
        Other::Fails => Some((Moment::Body, Reply("451 4.3.0 out of room for 0412"))),
        Other::Babbles => Some((Moment::Data, ReplyThenClose("Your code is 0412"))),
        Other::FallsSilent => Some((Moment::Body, Silence)),
        Other::HangsUp => Some((Moment::Body, Close)),
    };
    let mut script: Script = vec![(Moment::Ehlo, Reply("250-scripted\r\n250 AUTH PLAIN"))];
    script.extend(act);
    let (mx, url) = match other {
        Other::IsNotThere => (
            None,
            format!("smtp://ada:hunter2@127.0.0.1:{}?tls=none", free_port()),
        ),
        Other::CannotBeTrusted => {
            let mx = Mx::encrypted(Encryption::Immediate(untrusted()), vec![script]).await;
            let url = format!("smtps://ada:hunter2@127.0.0.1:{}", mx.port);
            (Some(mx), url)
        }
        _ => {
            let mx = Mx::start(vec![script]).await;
            let url = format!("smtp://ada:hunter2@127.0.0.1:{}?tls=none", mx.port);
            (Some(mx), url)
        }
    };
    let smtp = Smtp::from_url(&url).expect("a URL");
    (Transport::Smtp(smtp), mx.map_or(Side::Nobody, Side::Mx))
}

async fn by_http(provider: Provider, other: Other) -> (Transport, Side) {
    let words = r#"{"message": "hunter2 sends 0412 to ada@example.org"}"#;
    let act = match other {
        Other::TakesIt | Other::CannotBeTrusted => None,
        Other::RefusesTheMail => Some(Say::Answer(422, "", words)),
        Other::RefusesUs => Some(Say::Answer(401, "", words)),
        Other::AsksToWait => Some(Say::Answer(429, "retry-after: 7\r\n", words)),
        Other::Fails => Some(Say::Answer(500, "", words)),
        Other::Babbles => Some(Say::Babble("Your code is 0412\r\n\r\n")),
        Other::FallsSilent => Some(Say::Silence),
        Other::HangsUp => Some(Say::Reset),
        Other::IsNotThere => {
            let url = format!("http://127.0.0.1:{}", free_port());
            let http = Http::new(provider, Some(&url), Some("hunter2")).expect("settings");
            return (Transport::Http(http), Side::Nobody);
        }
    };
    let acceptor = (other == Other::CannotBeTrusted).then(untrusted);
    let web = Web::encrypted(acceptor, act).await;
    (Transport::Http(http(provider, &web)), Side::Web(web))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    listener.local_addr().expect("an address").port()
}

async fn send(transport: &Transport, side: &Side, other: Other) -> Result<(), SendError> {
    let mail = mail(1);
    if other != Other::FallsSilent {
        return transport.send(&mail).await;
    }
    let outlast = async {
        side.silence().await;
        leap(SEND_DEADLINE).await;
    };
    tokio::join!(transport.send(&mail), outlast).0
}

async fn keeps_the_contract(
    name: &str,
    (transport, side): (Transport, Side),
    other: Other,
    expected: Option<(Failure, Stage)>,
) {
    let sent = send(&transport, &side, other).await;
    let what = format!("{name}, {other:?}: {sent:?}");
    let got = sent.as_ref().err().map(|error| (error.kind, error.stage));
    assert_eq!(got, expected, "{what}");
    assert_eq!(side.taken(), usize::from(other == Other::TakesIt), "{what}");
    assert!(other != Other::CannotBeTrusted || side.heard_nothing(), "{what}");
    let said = sent.map_or_else(|error| format!("{error} {error:?}"), |()| String::new());
    for secret in [CODE, "hunter2", "ada@"] {
        assert!(!said.contains(secret), "{what}");
    }
}

#[tokio::test]
async fn m19_every_way_out_keeps_the_same_contract() {
    for (other, expected) in TABLE {
        let by = |http: bool| expected.map(|(kind, smtp, web)| (kind, if http { web } else { smtp }));
        keeps_the_contract("smtp", by_smtp(other).await, other, by(false)).await;
        for provider in PROVIDERS {
            let way = by_http(provider, other).await;
            keeps_the_contract(provider.as_str(), way, other, by(true)).await;
        }
    }
}

#[tokio::test]
async fn m19_a_provider_that_says_when_to_come_back_is_heard() {
    for provider in PROVIDERS {
        let (transport, _side) = by_http(provider, Other::AsksToWait).await;
        let error = transport.send(&mail(1)).await.expect_err("not now");
        assert_eq!(error.retry_after.map(|pause| pause.as_secs()), Some(7));
    }
}
