//! A person's way through the product over HTTP: register, verify, sign in.

use std::io;

use serde_json::{Value, json};

use super::http::{self, Answer, Connection};

/// The password everybody here uses.
pub(crate) const PASSWORD: &str = "seven quiet otters";

/// An acknowledged registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Registered {
    pub(crate) email: String,
    pub(crate) id: String,
    pub(crate) handle: String,
}

/// What a person gets for signing in.
#[derive(Debug)]
pub(crate) struct SignedIn {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    pub(crate) id: String,
    pub(crate) is_verified: bool,
}

/// The request that registers this address.
pub(crate) fn registration(email: &str) -> Vec<u8> {
    post("/auth/register", &json!({"email": email, "password": PASSWORD}))
}

/// The request that signs this person in.
pub(crate) fn sign_in(email: &str) -> Vec<u8> {
    post("/auth/login", &json!({"email": email, "password": PASSWORD}))
}

/// The request that exchanges a refresh token.
pub(crate) fn refresh(token: &str) -> Vec<u8> {
    post("/auth/refresh", &json!({"refresh_token": token}))
}

/// The request that asks who one is.
pub(crate) fn me(access_token: &str) -> Vec<u8> {
    http::request(
        "GET",
        "/auth/me",
        &[&format!("authorization: Bearer {access_token}")],
        "",
    )
}

/// The request that ends this session.
pub(crate) fn sign_out(access_token: &str) -> Vec<u8> {
    http::request(
        "POST",
        "/auth/logout",
        &[&format!("authorization: Bearer {access_token}")],
        "",
    )
}

/// Proves the address with a code, as the person who registered.
pub(crate) fn verify(connection: &mut Connection, person: &Registered, code: &str) -> io::Result<Answer> {
    connection.call(&verification(person, code))
}

/// The request that proves this person's address.
pub(crate) fn verification(person: &Registered, code: &str) -> Vec<u8> {
    let body = json!({"email": person.email, "verification_code": code, "handle": person.handle});
    post("/auth/verify", &body)
}

/// Asks for another code.
pub(crate) fn resend(connection: &mut Connection, person: &Registered) -> io::Result<Answer> {
    connection.call(&resending(person))
}

/// The request for another code.
pub(crate) fn resending(person: &Registered) -> Vec<u8> {
    let body = json!({"email": person.email, "handle": person.handle});
    post("/auth/resend", &body)
}

/// What a 201 says, if it is one.
pub(crate) fn registered(email: &str, answer: &Answer) -> Option<Registered> {
    let body = body(answer, 201)?;
    let registration = &body["registration"];
    Some(Registered {
        email: email.to_owned(),
        id: text(&body["id"])?,
        handle: text(&registration["handle"])?,
    })
}

/// What the 200 of a sign-in or a refresh says, if it is one.
pub(crate) fn signed_in(answer: &Answer) -> Option<SignedIn> {
    let body = body(answer, 200)?;
    Some(SignedIn {
        access_token: text(&body["access_token"])?,
        refresh_token: text(&body["refresh_token"])?,
        id: text(&body["user"]["id"])?,
        is_verified: body["user"]["is_verified"].as_bool()?,
    })
}

fn post(path: &str, body: &Value) -> Vec<u8> {
    http::request("POST", path, &[], &body.to_string())
}

fn body(answer: &Answer, status: u16) -> Option<Value> {
    serde_json::from_str(&answer.body)
        .ok()
        .filter(|_| answer.status == status)
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_201_acknowledges_a_registration() {
        let body = r#"{"id": "1", "registration": {"handle": "h"}}"#.to_owned();
        let answer = Answer {
            status: 201,
            retry_after: false,
            body,
        };
        let expected = Registered {
            email: "a@b.c".into(),
            id: "1".into(),
            handle: "h".into(),
        };
        assert_eq!(registered("a@b.c", &answer), Some(expected));
        assert_eq!(
            registered(
                "a@b.c",
                &Answer {
                    status: 503,
                    ..answer
                }
            ),
            None
        );
    }
}
