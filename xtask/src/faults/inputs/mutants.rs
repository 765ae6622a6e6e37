//! Valid requests with one to three things wrong with them. The head stays one that HTTP can read: what it
//! cannot read is the business of `raw`.

use serde_json::{Map, Value, json};

use super::corpus::Valid;
use crate::client::chance::Chance;
use crate::client::journey::SignedIn;

/// Texts that somebody once stumbled over.
const TEXTS: [&str; 22] = [
    "",
    " ",
    "\0",
    "null",
    "a@b",
    "@",
    "a@b@c.example",
    "\"a b\"@example.com",
    "x@xn--.example",
    "x@\u{202e}elpmaxe.com",
    "ｕｓｅｒ＠ｅｘａｍｐｌｅ．ｃｏｍ",
    "user@example.com\r\nBcc: all@example.com",
    "' OR 1=1 --",
    "%00%0a",
    "../../../etc/passwd",
    "{{7*7}}<script>",
    "-9223372036854775809",
    "00000000-0000-0000-0000-000000000000",
    "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
    "\u{feff}user",
    "eyJhbGciOiJub25lIn0.e30.",
    "${jndi:ldap://x}",
];

const KINDS: [&str; 8] = [
    "application/json",
    "application/x-www-form-urlencoded",
    "text/plain",
    "multipart/form-data; boundary=x",
    "application/json; charset=utf-16",
    "application/problem+json",
    "; ;",
    "\u{ff}/\u{fe}",
];

const METHODS: [&str; 8] = [
    "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW",
];

/// The bytes of a request in which something is wrong.
pub(super) fn mutant(valid: Valid, chance: &mut Chance, person: &SignedIn) -> Vec<u8> {
    let kind = if valid.is_form { KINDS[1] } else { KINDS[0] };
    let mut draft = Draft {
        fields: vec![
            format!("authorization: Bearer {}", person.access_token),
            format!("content-type: {kind}"),
        ],
        raw_body: None,
        valid,
    };
    for _ in 0..=chance.below(3) {
        draft.spoil(chance);
    }
    draft.bytes()
}

/// A request on its way to be wrong.
struct Draft {
    valid: Valid,
    fields: Vec<String>,
    raw_body: Option<Vec<u8>>,
}

impl Draft {
    fn spoil(&mut self, chance: &mut Chance) {
        match chance.below(12) {
            0..=4 => self.spoil_value(chance),
            5..=6 => self.spoil_bytes(chance),
            7 => self.spoil_path(chance),
            8 => {
                self.valid.query = format!(
                    "{}&{}=%{}",
                    self.valid.query,
                    escaped(text(chance)),
                    chance.below(300)
                );
            }
            9 => self.valid.method = (*chance.pick(&METHODS)).to_owned(),
            _ => self.spoil_field(chance),
        }
    }

    /// Another value, a value too many, or one too few.
    fn spoil_value(&mut self, chance: &mut Chance) {
        let Some(Value::Object(object)) = &mut self.valid.body else {
            self.valid.body = Some(value(chance));
            return;
        };
        let names: Vec<_> = object.keys().cloned().collect();
        let name = if names.is_empty() {
            "email".to_owned()
        } else {
            chance.pick(&names).clone()
        };
        match chance.below(6) {
            0 => drop(object.remove(&name)),
            1 => drop(object.insert(text(chance).to_owned(), value(chance))),
            2 => self.valid.body = Some(json!([self.valid.body])),
            _ => drop(object.insert(name, value(chance))),
        }
    }

    /// The body as bytes, with some of them gone, changed or doubled.
    fn spoil_bytes(&mut self, chance: &mut Chance) {
        let mut bytes = self.body();
        let at = usize::try_from(chance.below(bytes.len() as u64 + 1)).unwrap_or(0);
        match chance.below(6) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, chance.byte()),
            2 => bytes.extend(bytes.clone()),
            3 => bytes.splice(at..at, *b"\\ud800").for_each(drop),
            4 => bytes.splice(at..at, [0xff, 0xfe, 0x00]).for_each(drop),
            _ => bytes = b"[".repeat(at * 40),
        }
        self.raw_body = Some(bytes);
    }

    fn spoil_path(&mut self, chance: &mut Chance) {
        let path = &mut self.valid.path;
        match chance.below(5) {
            0 => path.push('/'),
            1 => path.push_str("%ff%00"),
            2 => *path = format!("{path}/{}", escaped(text(chance))),
            3 => *path = path.rsplit_once('/').map_or("/", |(start, _)| start).to_owned() + "/x",
            _ => path.insert_str(0, "/."),
        }
    }

    fn spoil_field(&mut self, chance: &mut Chance) {
        let text = printable(text(chance));
        let field = match chance.below(10) {
            0 => return self.fields.clear(),
            1 => format!("authorization: Basic {text}"),
            2 => format!("authorization: Bearer {text}"),
            3 => format!("cookie: usher_session={text}; usher_refresh={text}; ={text}"),
            4 => format!("origin: {text}"),
            5 => format!("sec-fetch-site: {text}"),
            6 => format!("x-forwarded-for: {text}, ::1, 999.1.1.1"),
            7 => format!("registration-handle: {text}.{}", "f".repeat(32)),
            8 => format!("accept: {}", "text/html,".repeat(200)),
            _ => format!("content-type: {}", chance.pick(&KINDS)),
        };
        let name = field.split_once(':').map_or("", |(name, _)| name).to_owned();
        self.fields.retain(|old| !old.starts_with(&name));
        self.fields.push(field);
    }

    fn body(&self) -> Vec<u8> {
        if let Some(bytes) = &self.raw_body {
            return bytes.clone();
        }
        match &self.valid.body {
            None => Vec::new(),
            Some(Value::Object(object)) if self.valid.is_form => form(object).into_bytes(),
            Some(value) => value.to_string().into_bytes(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let body = self.body();
        let Valid {
            method, path, query, ..
        } = &self.valid;
        let mark = if query.is_empty() { "" } else { "?" };
        let mut lines = vec![
            format!("{method} {path}{mark}{query} HTTP/1.1"),
            "host: 127.0.0.1".to_owned(),
        ];
        lines.extend(self.fields.iter().cloned());
        lines.push(format!("content-length: {}", body.len()));
        let mut bytes = format!("{}\r\n\r\n", lines.join("\r\n")).into_bytes();
        bytes.extend(body);
        bytes
    }
}

fn text(chance: &mut Chance) -> &'static str {
    let text: &&'static str = chance.pick(&TEXTS);
    text
}

fn value(chance: &mut Chance) -> Value {
    match chance.below(12) {
        0 => Value::Null,
        1 => json!(chance.below(2) == 0),
        2 => json!(-1),
        3 => json!(1e308),
        4 => json!([text(chance)]),
        5 => json!({text(chance): text(chance)}),
        6 => (0..100).fold(json!(1), |inner, _| json!([inner])),
        7 => json!("x".repeat(usize::try_from(chance.below(40_000)).unwrap_or(0))),
        8 => json!("\u{10ffff}".repeat(1_025)),
        _ => json!(text(chance)),
    }
}

fn form(object: &Map<String, Value>) -> String {
    let pair = |(name, value): (&String, &Value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{}={}", escaped(name), escaped(&text))
    };
    object.iter().map(pair).collect::<Vec<_>>().join("&")
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(3 * text.len());
    for byte in text.bytes() {
        escaped.push('%');
        for nibble in [byte >> 4, byte & 15] {
            escaped.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
        }
    }
    escaped
}

/// What may stand in a field; the rest of the rules of HTTP are broken by `raw`.
fn printable(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person() -> SignedIn {
        SignedIn {
            access_token: "t".into(),
            refresh_token: "r".into(),
            id: "1".into(),
            is_verified: true,
        }
    }

    #[test]
    fn a_mutant_is_one_request_of_http_and_a_seed_repeats_it() {
        let valid = Valid {
            method: "POST".into(),
            path: "/auth/login".into(),
            query: String::new(),
            body: Some(json!({"email": "a@b.example", "password": "p"})),
            is_form: false,
        };
        let of = |number| mutant(valid.clone(), &mut Chance::numbered(7, number), &person());
        for number in 0..2_000 {
            let bytes = of(number);
            assert_eq!(bytes, of(number));
            let end = bytes.windows(4).position(|part| part == b"\r\n\r\n").unwrap();
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length: usize = head.rsplit_once("content-length: ").unwrap().1.parse().unwrap();
            assert_eq!(bytes.len() - end - 4, length, "{head}");
            assert_eq!(head.split("\r\n").next().unwrap().split(' ').count(), 3, "{head}");
        }
        assert_ne!(of(1), of(2));
    }
}
