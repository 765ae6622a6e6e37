//! Reading a body: JSON, of a bounded size, into a type, with an error that names the field.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use super::problem::{Code, FieldError, Problem};

/// Larger than any honest body: a password of 1,024 characters takes 6 KiB at the worst.
pub const MOST_BYTES: usize = 32 * 1024;

/// A JSON body. A body that does not say what it is is taken for JSON; none at all for `{}`.
#[derive(Debug)]
pub struct Json<T>(pub T);

/// A form body.
#[derive(Debug)]
pub struct Form<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(Code::UnsupportedMediaType));
        }
        let bytes = read(request).await?;
        parse(if bytes.iter().all(u8::is_ascii_whitespace) {
            b"{}"
        } else {
            &bytes
        })
        .map(Self)
    }
}

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_form(request.headers()) {
            return Err(Problem::new(Code::UnsupportedMediaType).because("Please send a form."));
        }
        let bytes = read(request).await?;
        let form = serde_urlencoded::from_bytes(&bytes);
        form.map(Self).map_err(|error| malformed("", &error.to_string()))
    }
}

/// Whether a body is a form's.
pub fn is_form(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|kind| kind == "application/x-www-form-urlencoded")
}

fn is_json(headers: &HeaderMap) -> bool {
    media_type(headers).is_none_or(|kind| kind == "application/json" || kind.ends_with("+json"))
}

fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?.to_str().unwrap_or("?");
    Some(value.split(';').next().unwrap_or("?").trim().to_ascii_lowercase())
}

async fn read(request: Request) -> Result<Bytes, Problem> {
    match Limited::new(request.into_body(), MOST_BYTES).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::new(Code::BodyTooLarge)),
        Err(_) => Err(malformed("", "the body broke off")),
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // Otherwise an array would be taken for the fields in their order.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(malformed("", "the body is no JSON object"));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        malformed(if path == "." { "" } else { &path }, &error.inner().to_string())
    })?;
    reader.end().map_err(|error| malformed("", &error.to_string()))?;
    Ok(value)
}

/// What the parser says, less what it quotes from the input: that may be a secret.
fn malformed(field: &str, cause: &str) -> Problem {
    let kind = if cause.starts_with("duplicate field") {
        ("duplicate", "This field is there twice.".to_owned())
    } else if cause.starts_with("unknown field") {
        (
            "unknown",
            format!(
                "There is no field {} here.",
                cause.split('`').nth(1).unwrap_or_default()
            ),
        )
    } else if cause.starts_with("invalid type") {
        ("wrong_type", "This is of the wrong type.".to_owned())
    } else {
        ("malformed", "The body cannot be read.".to_owned())
    };
    let quoted = cause.split('`').nth(1).unwrap_or_default();
    let named = matches!(kind.0, "duplicate" | "unknown") && field.is_empty();
    let field = if named { quoted } else { field };
    Problem::invalid(vec![FieldError {
        field: field.to_owned(),
        code: kind.0,
        detail: kind.1,
    }])
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[serde(alias = "user")]
        name: Option<String>,
    }

    fn error(text: &str) -> FieldError {
        parse::<Sample>(text.as_bytes()).unwrap_err().errors.remove(0)
    }

    #[test]
    fn t09_t52_arrays_duplicates_and_garbage_are_refused_by_name() {
        assert_eq!(
            (
                error(r#"{"name":["a","b"]}"#).field.as_str(),
                error(r#"{"name":1}"#).code
            ),
            ("name", "wrong_type")
        );
        assert_eq!(error(r#"{"name":"a","name":"b"}"#).code, "duplicate");
        assert_eq!(error(r#"{"name":"a","user":"b"}"#).code, "duplicate");
        assert_eq!(error(r#"{"role":"admin"}"#).field, "role");
        assert_eq!(error("{").code, "malformed");
        assert_eq!(error("{} {}").code, "malformed");
        assert_eq!(error(&"[".repeat(10_000)).code, "malformed");
        assert_eq!(error(r#"["a"]"#).code, "malformed");
        assert_eq!(error("{\"name\":\"\u{0}\"}").code, "malformed");
    }

    #[test]
    fn r12_an_error_never_quotes_a_value() {
        let error = format!("{:?}", parse::<Sample>(br#"{"name": 5550123}"#).unwrap_err());
        assert!(!error.contains("5550123"), "{error}");
        let error = format!("{:?}", parse::<Sample>(br#"["hunter2"]"#).unwrap_err());
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn an_empty_name_is_a_name_and_null_is_none() {
        assert_eq!(parse::<Sample>(br#"{"name":null}"#).unwrap().name, None);
        assert_eq!(
            parse::<Sample>(br#"{"user":""}"#).unwrap().name.as_deref(),
            Some("")
        );
    }
}
