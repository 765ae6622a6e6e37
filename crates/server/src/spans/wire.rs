//! OTLP, as far as a span of ours needs it: the protocol's `ExportTraceServiceRequest` in protobuf. The numbers
//! are those of the fields in its definition.

use super::Span;

const SERVER: u64 = 2;
const ERROR: u64 = 2;

/// A message under construction.
#[derive(Default)]
struct Message(Vec<u8>);

/// The bytes of a request with these spans.
pub(super) fn export(spans: &[Span]) -> Vec<u8> {
    let resource = Message::default()
        .message(1, &attribute("service.name", "usher"))
        .message(1, &attribute("service.version", env!("CARGO_PKG_VERSION")));
    let scope = Message::default()
        .text(1, "usher")
        .text(2, env!("CARGO_PKG_VERSION"));
    let scoped = spans
        .iter()
        .map(span)
        .fold(Message::default().message(1, &scope), |scoped, span| {
            scoped.message(2, &span)
        });
    let of_resource = Message::default().message(1, &resource).message(2, &scoped);
    Message::default().message(1, &of_resource).0
}

fn span(span: &Span) -> Message {
    let begun = u64::try_from(span.begun.micros())
        .unwrap_or(0)
        .saturating_mul(1_000);
    let ended = begun.saturating_add(u64::try_from(span.took.as_nanos()).unwrap_or(u64::MAX));
    let mut message = Message::default().bytes(1, &span.trace).bytes(2, &span.id);
    if let Some(parent) = &span.parent {
        message = message.bytes(4, parent);
    }
    message = message
        .text(5, &format!("{} {}", span.method, span.route))
        .number(6, SERVER)
        .fixed(7, begun)
        .fixed(8, ended)
        .message(9, &attribute("http.request.method", span.method))
        .message(9, &attribute("http.route", &span.route))
        .message(9, &count("http.response.status_code", span.status.into()))
        .message(9, &attribute("usher.request_id", &span.request_id));
    if span.status >= 500 {
        message = message.message(15, &Message::default().number(3, ERROR));
    }
    message
}

fn attribute(key: &str, value: &str) -> Message {
    Message::default()
        .text(1, key)
        .message(2, &Message::default().text(1, value))
}

fn count(key: &str, value: u64) -> Message {
    Message::default()
        .text(1, key)
        .message(2, &Message::default().number(3, value))
}

impl Message {
    fn number(mut self, field: u64, value: u64) -> Self {
        self.varint(field << 3);
        self.varint(value);
        self
    }

    fn fixed(mut self, field: u64, value: u64) -> Self {
        self.varint(field << 3 | 1);
        self.0.extend(value.to_le_bytes());
        self
    }

    fn bytes(mut self, field: u64, value: &[u8]) -> Self {
        self.varint(field << 3 | 2);
        self.varint(value.len() as u64);
        self.0.extend(value);
        self
    }

    fn text(self, field: u64, value: &str) -> Self {
        self.bytes(field, value.as_bytes())
    }

    fn message(self, field: u64, value: &Self) -> Self {
        self.bytes(field, &value.0)
    }

    /// Seven bits a byte, the lowest first.
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_protocol_wants_them() {
        assert_eq!(Message::default().number(1, 150).0, [0x08, 0x96, 0x01]);
        assert_eq!(
            Message::default().text(2, "testing").0,
            [b"\x12\x07".as_slice(), b"testing"].concat()
        );
        assert_eq!(
            Message::default()
                .message(3, &Message::default().number(1, 150))
                .0,
            [0x1a, 3, 8, 0x96, 1]
        );
        assert_eq!(Message::default().fixed(7, 1).0, [0x39, 1, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(
            Message::default().number(1, u64::MAX).0.len(),
            11,
            "ten bytes of seven bits"
        );
    }
}
