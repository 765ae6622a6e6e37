//! Spans for an OpenTelemetry collector, read back by one that speaks the protocol.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::talk::{PROXIED, Talk, header};
use crate::support::{PASSWORD, TestServer, until};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// A collector: answers with the given statuses, the last one for ever, and keeps what it took.
#[derive(Clone)]
struct Collector {
    url: String,
    taken: Arc<Mutex<Vec<Vec<u8>>>>,
}

/// A span as the collector sees it.
#[derive(Debug)]
struct Span {
    trace: String,
    parent: String,
    name: String,
    kind: u64,
    took: u64,
    failed: bool,
    attributes: BTreeMap<String, String>,
}

impl Collector {
    async fn answering(statuses: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let collector = Self {
            url,
            taken: Arc::default(),
        };
        let taken = Arc::clone(&collector.taken);
        tokio::spawn(async move {
            for count in 0.. {
                let (stream, _) = listener.accept().await.expect("a connection");
                let status = *statuses.get(count).unwrap_or(&statuses[statuses.len() - 1]);
                let body = receive(stream, status).await;
                if status == 200 {
                    taken.lock().unwrap().push(body);
                }
            }
        });
        collector
    }

    fn bytes(&self) -> Vec<u8> {
        self.taken.lock().unwrap().concat()
    }

    fn spans(&self) -> Vec<Span> {
        let bodies = self.taken.lock().unwrap().clone();
        let of_resources = bodies.iter().flat_map(|body| inner(body, 1));
        let scopes = of_resources.flat_map(|of_resource| inner(&of_resource, 2));
        let spans = scopes.flat_map(|scope| inner(&scope, 2));
        spans.map(|span| read(&span)).collect()
    }

    async fn span(&self, name: &str) -> Span {
        until("the span has come", async || {
            self.spans().iter().any(|span| span.name == name)
        })
        .await;
        let mut spans = self.spans();
        spans.retain(|span| span.name == name);
        spans.pop().expect("a span")
    }
}

async fn receive(mut stream: TcpStream, status: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let head = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = head {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            assert!(head.starts_with("post /v1/traces http/1.1"), "{head}");
            assert!(head.contains("content-type: application/x-protobuf"), "{head}");
            let length = head.split("content-length: ").nth(1).expect("a length");
            let length: usize = length.lines().next().expect("a line").parse().expect("a number");
            if bytes.len() == end + 4 + length {
                let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.expect("a reader");
                return bytes.split_off(end + 4);
            }
        }
        assert_ne!(stream.read_buf(&mut bytes).await.expect("bytes"), 0, "cut off");
    }
}

/// One field of a protobuf message: its number and its content.
enum Field {
    Number(u64),
    Bytes(Vec<u8>),
}

fn fields(mut bytes: &[u8]) -> Vec<(u64, Field)> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let field = match key & 7 {
            0 => Field::Number(varint(&mut bytes)),
            1 => Field::Number(u64::from_le_bytes(take(&mut bytes, 8).try_into().expect("eight"))),
            2 => {
                let length = varint(&mut bytes) as usize;
                Field::Bytes(take(&mut bytes, length).to_vec())
            }
            kind => panic!("wire type {kind}"),
        };
        fields.push((key >> 3, field));
    }
    fields
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(count);
    *bytes = rest;
    taken
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(bytes, 1)[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    value
}

/// Every message or text that stands in a field of this number.
fn inner(bytes: &[u8], number: u64) -> Vec<Vec<u8>> {
    let fields = fields(bytes).into_iter();
    let of_number = fields.filter_map(|(found, field)| match field {
        Field::Bytes(bytes) if found == number => Some(bytes),
        _ => None,
    });
    of_number.collect()
}

fn number(bytes: &[u8], wanted: u64) -> u64 {
    let fields = fields(bytes).into_iter();
    let mut numbers = fields.filter_map(|(found, field)| match field {
        Field::Number(value) if found == wanted => Some(value),
        _ => None,
    });
    numbers.next().unwrap_or_default()
}

fn text(bytes: &[u8], number: u64) -> String {
    inner(bytes, number)
        .first()
        .map(|bytes| String::from_utf8(bytes.clone()).expect("text"))
        .unwrap_or_default()
}

fn read(span: &[u8]) -> Span {
    let hex = |field| {
        let bytes = inner(span, field);
        let bytes = bytes.first().cloned().unwrap_or_default();
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<Vec<_>>()
            .concat()
    };
    let attribute = |bytes: &Vec<u8>| {
        let value = &inner(bytes, 2)[0];
        let written = text(value, 1);
        let value = if written.is_empty() {
            number(value, 3).to_string()
        } else {
            written
        };
        (text(bytes, 1), value)
    };
    assert_eq!(hex(1).len(), 32);
    assert_eq!(hex(2).len(), 16);
    Span {
        trace: hex(1),
        parent: hex(4),
        name: text(span, 5),
        kind: number(span, 6),
        took: number(span, 8) - number(span, 7),
        failed: inner(span, 15).iter().any(|status| number(status, 3) == 2),
        attributes: inner(span, 9).iter().map(attribute).collect(),
    }
}

async fn traced(collector: &Collector, more: &[(&str, &str)]) -> TestServer {
    let mut settings = vec![("USHER_TELEMETRY__OTLP_ENDPOINT", collector.url.as_str())];
    settings.extend(more);
    TestServer::with(&settings).await
}

#[tokio::test(flavor = "multi_thread")]
async fn m25_a_request_is_one_span_with_route_status_and_request_id() {
    let collector = Collector::answering(&[200]).await;
    let server = traced(&collector, &[]).await;
    let answer = server.get("/users/nobody").answer().await;
    let id = header(&answer, "x-request-id");
    let span = collector.span("GET /users/{id}").await;
    let attribute = |name: &str| span.attributes[name].as_str();
    assert_eq!(attribute("http.request.method"), "GET");
    assert_eq!(attribute("http.route"), "/users/{id}");
    assert_eq!(attribute("http.response.status_code"), "401");
    assert_eq!(attribute("usher.request_id"), id);
    assert_eq!((span.kind, span.failed, span.parent.as_str()), (2, false, ""));
    assert!(span.took > 0 && span.took < 10_000_000_000, "{}", span.took);
    let resource = String::from_utf8_lossy(&collector.bytes()).into_owned();
    assert!(resource.contains("service.name"), "{resource}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m25_what_fails_is_marked() {
    let collector = Collector::answering(&[200]).await;
    let server = traced(&collector, &[]).await;
    server.usher.db.close().await;
    assert_eq!(server.get("/health/ready").answer().await.status(), 503);
    assert!(collector.span("GET /health/ready").await.failed);
}

#[tokio::test(flavor = "multi_thread")]
async fn m25_a_trace_is_taken_over_from_a_trusted_proxy_and_from_nobody_else() {
    let collector = Collector::answering(&[200]).await;
    let proxied = traced(&collector, &[PROXIED]).await;
    proxied
        .get("/health/live")
        .header("traceparent", PARENT)
        .answer()
        .await;
    let span = collector.span("GET /health/live").await;
    assert_eq!(
        (span.trace.as_str(), span.parent.as_str()),
        (TRACE, "b7ad6b7169203331")
    );

    let collector = Collector::answering(&[200]).await;
    let open = traced(&collector, &[]).await;
    open.get("/health/live")
        .header("traceparent", PARENT)
        .answer()
        .await;
    let span = collector.span("GET /health/live").await;
    assert!(span.trace != TRACE && span.parent.is_empty(), "{span:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m25_a_trusted_proxy_decides_what_is_not_traced() {
    let collector = Collector::answering(&[200]).await;
    let server = traced(&collector, &[PROXIED]).await;
    let unsampled = PARENT.replace("-01", "-00");
    server
        .get("/health/ready")
        .header("traceparent", unsampled)
        .answer()
        .await;
    server.get("/health/live").answer().await;
    collector.span("GET /health/live").await;
    assert!(
        collector
            .spans()
            .iter()
            .all(|span| span.name != "GET /health/ready")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t16_no_span_holds_what_people_have_written() {
    let collector = Collector::answering(&[200]).await;
    let server = traced(&collector, &[]).await;
    let (token, id) = server.signed_in("canary@example.com").await;
    server
        .get(&format!("/users/{id}?canary-query=1"))
        .bearer_auth(&token)
        .header("user-agent", "canary-agent")
        .gives(200)
        .await;
    let link = server.get("/auth/verify/canary-link").answer().await;
    drop(link);
    let wrong = json!({"email": "canary@example.com", "password": "canary-password"});
    server.post("/auth/login", &wrong).answer().await;
    server.get("/canary-path").answer().await;
    collector.span("GET unmatched").await;
    let sent = String::from_utf8_lossy(&collector.bytes()).into_owned();
    for secret in ["canary", PASSWORD, token.as_str(), id.as_str(), "127.0.0.1"] {
        assert!(!sent.contains(secret), "{secret}: {sent}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m25_a_collector_that_is_busy_is_asked_again_and_one_that_is_away_holds_nobody_up() {
    let collector = Collector::answering(&[503, 200]).await;
    let server = traced(&collector, &[]).await;
    server.get("/health/live").answer().await;
    collector.span("GET /health/live").await;

    let away = "http://127.0.0.1:1";
    let server = TestServer::with(&[("USHER_TELEMETRY__OTLP_ENDPOINT", away)]).await;
    for _ in 0..100 {
        assert_eq!(server.get("/health/live").answer().await.status(), 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m25_what_is_left_is_sent_when_the_server_stops() {
    let collector = Collector::answering(&[200]).await;
    let mut server = traced(&collector, &[]).await;
    for _ in 0..20 {
        server.get("/health/live").answer().await;
    }
    server.shut_down().await;
    assert_eq!(collector.spans().len(), 20);
}
