//! The server's own accept loop against clients that do not behave.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::Extension;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use usher_server::net::{NetLimits, Peer, ServeReport, serve};

/// Short enough to wait for, long enough not to be met by chance.
const LIMIT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(30);

fn limits() -> NetLimits {
    NetLimits {
        max_connections: 64,
        header_timeout: LONG,
        body_timeout: LONG,
        drain_timeout: LONG,
        exempt: Vec::new(),
    }
}

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    report: JoinHandle<ServeReport>,
}

impl Server {
    async fn start(app: Router, limits: NetLimits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let shutdown = async move { stopped.await.unwrap_or(()) };
        let report = tokio::spawn(serve(listener, app, limits, shutdown));
        Self {
            address,
            stop,
            report,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("a listener")
    }

    async fn send(&self, bytes: &str) -> TcpStream {
        let mut stream = self.connect().await;
        stream
            .write_all(bytes.as_bytes())
            .await
            .expect("an open connection");
        stream
    }

    async fn stop(self) -> ServeReport {
        self.stop.send(()).expect("a running server");
        self.report.await.expect("a report")
    }
}

/// Everything until the server closes; a reset counts as closed.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(LONG / 2, stream.read_to_end(&mut bytes)).await;
    let _closed_or_reset = read.expect("the server closes the connection");
    String::from_utf8(bytes).expect("text")
}

/// One answer on a connection that stays open.
async fn answer(stream: &mut TcpStream) -> String {
    let mut bytes = vec![0; 4096];
    let read = tokio::time::timeout(LONG / 2, stream.read(&mut bytes))
        .await
        .expect("an answer")
        .expect("an open connection");
    String::from_utf8(bytes[..read].to_vec()).expect("text")
}

fn app() -> Router {
    Router::new()
        .route(
            "/peer",
            get(async |Extension(Peer(peer)): Extension<Peer>| peer.ip().to_string()),
        )
        .route("/echo", post(async |body: Bytes| body))
        .route("/big", get(async || vec![b'x'; 64 << 20]))
}

const PEER: &str = "GET /peer HTTP/1.1\r\nhost: x\r\n\r\n";

#[tokio::test]
async fn t45_clients_that_do_not_finish_the_head_are_closed_in_time() {
    let server = Server::start(
        app(),
        NetLimits {
            header_timeout: LIMIT,
            ..limits()
        },
    )
    .await;
    for sent in ["", "G", "GET /peer HTTP/1.1\r\nhost:"] {
        let begun = Instant::now();
        let mut stream = server.send(sent).await;
        let answer = rest(&mut stream).await;
        assert!(!answer.contains(" 200 "), "{answer}");
        assert!(begun.elapsed() >= LIMIT, "{sent:?} was given its time");
    }
}

#[tokio::test]
async fn t45_an_idle_connection_is_closed_in_time() {
    let server = Server::start(
        app(),
        NetLimits {
            header_timeout: LIMIT,
            ..limits()
        },
    )
    .await;
    let mut stream = server.send(PEER).await;
    assert!(answer(&mut stream).await.ends_with("127.0.0.1"));
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn t45_a_body_that_does_not_arrive_is_answered_408() {
    let server = Server::start(
        app(),
        NetLimits {
            body_timeout: LIMIT,
            ..limits()
        },
    )
    .await;
    for head in [
        "content-length: 9\r\n\r\nhalf",
        "transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ] {
        let mut stream = server
            .send(&format!("POST /echo HTTP/1.1\r\nhost: x\r\n{head}"))
            .await;
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(
            answer.contains("content-type: application/problem+json"),
            "{answer}"
        );
        assert!(answer.contains(r#""code":"request_timeout""#), "{answer}");
    }
}

#[tokio::test]
async fn t45_a_client_that_does_not_read_its_answer_is_closed_in_time() {
    let server = Server::start(
        app(),
        NetLimits {
            body_timeout: LIMIT,
            ..limits()
        },
    )
    .await;
    let mut idle = server.send("GET /big HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer(&mut idle).await.starts_with("HTTP/1.1 200 "));
    let report = tokio::time::timeout(LONG / 2, server.stop())
        .await
        .expect("it does not wait for the reader");
    assert_eq!(
        report,
        ServeReport {
            served: 1,
            ..ServeReport::default()
        }
    );
}

#[tokio::test]
async fn a_body_in_time_is_passed_on() {
    let server = Server::start(app(), limits()).await;
    let head = "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\nconnection: close\r\n\r\n";
    let mut stream = server.send(head).await;
    stream.write_all(b"body").await.unwrap();
    assert!(rest(&mut stream).await.ends_with("\r\n\r\nbody"));
}

#[tokio::test]
async fn t45_one_address_cannot_take_every_connection() {
    let server = Server::start(
        app(),
        NetLimits {
            max_connections: 8,
            ..limits()
        },
    )
    .await;
    let mut first = server.send(PEER).await;
    let mut second = server.send(PEER).await;
    assert!(answer(&mut first).await.starts_with("HTTP/1.1 200 "));
    assert!(answer(&mut second).await.starts_with("HTTP/1.1 200 "));
    let mut third = server.connect().await;
    assert_eq!(rest(&mut third).await, "");
    drop((first, second));
    let report = server.stop().await;
    assert_eq!(
        report,
        ServeReport {
            served: 2,
            turned_away: 1,
            abandoned: 0
        }
    );
}

#[tokio::test]
async fn t45_a_connection_above_the_cap_waits_for_another_to_end() {
    let exempt = vec!["127.0.0.0/8".parse().unwrap()];
    let server = Server::start(
        app(),
        NetLimits {
            max_connections: 1,
            exempt,
            ..limits()
        },
    )
    .await;
    let mut first = server.send(PEER).await;
    assert!(answer(&mut first).await.starts_with("HTTP/1.1 200 "));
    let mut second = server.send(PEER).await;
    let mut byte = [0];
    let early = tokio::time::timeout(LIMIT, second.read(&mut byte)).await;
    assert!(early.is_err(), "not before the first has gone");
    drop(first);
    assert!(answer(&mut second).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn stopping_lets_open_requests_finish_and_closes_idle_connections() {
    let (begun_sender, mut begun) = tokio::sync::mpsc::channel(1);
    let (release, released) = tokio::sync::watch::channel(false);
    let slow = get(async move || {
        let mut released = released.clone();
        begun_sender.send(()).await.unwrap();
        released.wait_for(|released| *released).await.unwrap();
        "done"
    });
    let server = Server::start(app().route("/slow", slow), limits()).await;
    let mut idle = server.send(PEER).await;
    answer(&mut idle).await;
    let mut silent = server.connect().await;
    let mut busy = server.send("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
    begun.recv().await.unwrap();
    let Server {
        address,
        stop,
        report,
    } = server;
    stop.send(()).unwrap();
    assert_eq!(rest(&mut idle).await, "");
    assert_eq!(rest(&mut silent).await, "");
    assert!(TcpStream::connect(address).await.is_err(), "nobody new is let in");
    release.send(true).unwrap();
    assert!(rest(&mut busy).await.ends_with("done"));
    assert_eq!(
        report.await.unwrap(),
        ServeReport {
            served: 3,
            ..ServeReport::default()
        }
    );
}

#[tokio::test]
async fn stopping_waits_no_longer_than_the_drain_timeout() {
    let (begun_sender, mut begun) = tokio::sync::mpsc::channel(1);
    let stuck = get(async move || {
        begun_sender.send(()).await.unwrap();
        std::future::pending::<()>().await;
    });
    let app = app().route("/stuck", stuck);
    let server = Server::start(
        app,
        NetLimits {
            drain_timeout: LIMIT,
            ..limits()
        },
    )
    .await;
    let mut stream = server.send("GET /stuck HTTP/1.1\r\nhost: x\r\n\r\n").await;
    begun.recv().await.unwrap();
    let report = server.stop().await;
    assert_eq!(
        report,
        ServeReport {
            served: 1,
            turned_away: 0,
            abandoned: 1
        }
    );
    assert_eq!(rest(&mut stream).await, "");
}
