//! The `traceparent` header of the W3C: the trace a request belongs to.

use axum::http::HeaderMap;

const HEADER: &str = "traceparent";

/// Who asked for the request, as a proxy says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parent {
    pub(super) trace: [u8; 16],
    pub(super) span: [u8; 8],
    pub(super) sampled: bool,
}

impl Parent {
    /// Nothing where the header is missing, stands there twice or is malformed.
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        let mut lines = headers.get_all(HEADER).iter();
        let line = lines.next()?.to_str().ok()?;
        if lines.next().is_some() {
            return None;
        }
        Self::parse(line)
    }

    /// `00-<32 hex digits>-<16 hex digits>-<2 hex digits>`; later versions may say more behind it.
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.trim().split('-');
        let [version] = bytes(fields.next()?)?;
        let (trace, span) = (bytes(fields.next()?)?, bytes(fields.next()?)?);
        let [flags]: [u8; 1] = bytes(fields.next()?)?;
        let odd = match version {
            0 => fields.next().is_some(),
            later => later == 0xff,
        };
        if odd || trace == [0; 16] || span == [0; 8] {
            return None;
        }
        Some(Self {
            trace,
            span,
            sampled: flags & 1 == 1,
        })
    }
}

/// Lower-case hex, exactly as long as it must be.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != N * 2 {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

fn digit(letter: u8) -> Option<u8> {
    match letter {
        b'0'..=b'9' => Some(letter - b'0'),
        b'a'..=b'f' => Some(letter - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

    fn read(line: &str) -> Option<Parent> {
        Parent::parse(line)
    }

    #[test]
    fn a_trace_is_taken_over_with_its_decision() {
        let parent = read(&format!("00-{TRACE}-b7ad6b7169203331-01")).unwrap();
        assert_eq!((parent.trace[0], parent.trace[15]), (0x0a, 0x9c));
        assert_eq!((parent.span[0], parent.sampled), (0xb7, true));
        assert!(!read(&format!("00-{TRACE}-b7ad6b7169203331-00")).unwrap().sampled);
        assert!(read(&format!("cc-{TRACE}-b7ad6b7169203331-01-more")).is_some());
    }

    #[test]
    fn what_is_malformed_begins_a_trace_of_its_own() {
        let zeros = "0".repeat(32);
        for line in [
            String::new(),
            format!("00-{TRACE}-b7ad6b7169203331"),
            format!("00-{TRACE}-b7ad6b7169203331-01-more"),
            format!("ff-{TRACE}-b7ad6b7169203331-01"),
            format!("00-{zeros}-b7ad6b7169203331-01"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{}-b7ad6b7169203331-01", TRACE.to_uppercase()),
            format!("00-{TRACE}ff-b7ad6b7169203331-01"),
        ] {
            assert_eq!(read(&line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_header_breaks_it(line in "\\PC{0,80}") {
            let _ = read(&line);
        }
    }
}
