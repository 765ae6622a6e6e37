//! One request, ready to be made as often as it takes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use hyper::{Method, Request};
use sha2::Sha256;

use super::body::Body;
use super::endpoint::Endpoint;
use super::provider::{Key, Provider};
use crate::error::{SendError, Stage};
use crate::outgoing::Outgoing;

const AGENT: HeaderValue = HeaderValue::from_static(concat!("usher/", env!("CARGO_PKG_VERSION")));
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A request and all that is in it.
pub(super) struct Call {
    method: Method,
    target: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Call {
    /// The request that hands this mail over.
    pub(super) fn sending(
        provider: Provider,
        endpoint: &Endpoint,
        key: &Key,
        mail: &Outgoing,
    ) -> Result<Self, SendError> {
        // What may not leave by a mail server may not leave by a provider.
        mail.build()?;
        let body = Body::of(provider, mail)?;
        let mut call = Self::posting(provider, endpoint, key, body)?;
        call.headers.insert(IDEMPOTENCY_KEY, value(&mail.message_id)?);
        if let Some(signing) = &key.signing {
            call.sign(signing, mail)?;
        }
        Ok(call)
    }

    /// A request that is refused in one way when we are let in and in another when we are not.
    pub(super) fn probing(
        provider: Provider,
        endpoint: &Endpoint,
        key: &Key,
    ) -> Result<Option<Self>, SendError> {
        match provider {
            Provider::Webhook => Ok(None),
            Provider::Mailgun | Provider::Resend | Provider::Mailpit => {
                Self::posting(provider, endpoint, key, Body::nothing(provider)).map(Some)
            }
        }
    }

    /// For a connection of its own each time.
    pub(super) fn request(&self) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        // Was taken from a URL that was read, so it can be read.
        *request.uri_mut() = self.target.parse().unwrap_or_default();
        *request.headers_mut() = self.headers.clone();
        request
    }

    fn posting(provider: Provider, endpoint: &Endpoint, key: &Key, body: Body) -> Result<Self, SendError> {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, value(&endpoint.authority)?);
        headers.insert(USER_AGENT, AGENT);
        headers.insert(ACCEPT, JSON);
        // Said even when it is zero, which some servers would else wait for.
        headers.insert(CONTENT_LENGTH, HeaderValue::from(body.bytes.len()));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(body.kind));
        if let Some(authorization) = &key.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        Ok(Self {
            method: Method::POST,
            target: endpoint.target(provider.path()),
            headers,
            body: Bytes::from(body.bytes),
        })
    }

    /// By the rules of "Standard Webhooks", for which receivers find a library in their language.
    fn sign(&mut self, key: &[u8], mail: &Outgoing) -> Result<(), SendError> {
        let seconds = mail.date.seconds().to_string();
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key length");
        for part in [
            mail.message_id.as_bytes(),
            b".",
            seconds.as_bytes(),
            b".",
            &self.body,
        ] {
            mac.update(part);
        }
        let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        for (name, text) in [
            ("webhook-id", &mail.message_id),
            ("webhook-timestamp", &seconds),
            ("webhook-signature", &signature),
        ] {
            self.headers.insert(HeaderName::from_static(name), value(text)?);
        }
        Ok(())
    }
}

fn value(text: &str) -> Result<HeaderValue, SendError> {
    HeaderValue::try_from(text)
        .map_err(|_| SendError::permanent(Stage::Local, "a header holds what no header may"))
}
