//! T58: registrations that wait, more than there is room for.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use usher_accounts::email::EmailAddress;
use usher_accounts::id::PersonId;
use usher_store::registrations::{self, Registration, Room};

use super::client::{ATTACKER, PROXIED, Sent, VICTIM, register_from};
use crate::support::{Answer, PASSWORD, TestServer};

const EMAIL: &str = "owner@example.org";

#[tokio::test(flavor = "multi_thread")]
async fn t58_an_address_gets_five_registrations_and_two_from_one_source() {
    let server = TestServer::with(&[PROXIED, ("USHER_LIMITS__MAILS_PER_ADDRESS_HOUR", "100")]).await;
    let mut answers = Vec::new();
    let others = [VICTIM, "192.0.2.1", "192.0.3.1", "192.0.4.1", "192.0.5.1"];
    for (ips, mails) in [([ATTACKER; 3].as_slice(), 2), (&others, 5)] {
        for ip in ips {
            let registered = register_from(&server, ip, EMAIL, PASSWORD).await;
            answers.push(
                registered
                    .as_object()
                    .unwrap()
                    .keys()
                    .cloned()
                    .collect::<Vec<_>>(),
            );
        }
        assert_eq!(server.mails_to(EMAIL).await.len(), mails);
    }
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "no room is answered like room"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t58_a_source_gets_five_hundred_registrations_whatever_the_addresses() {
    let server = TestServer::with(&[PROXIED]).await;
    let mut tx = server.usher.db.begin().await.unwrap();
    let room = Room {
        per_address: 1,
        per_address_and_source: 1,
        per_source: 1_000,
    };
    for number in 0..500 {
        let row = waiting(&server, &format!("flood{number}@example.net"));
        assert!(registrations::insert(&mut tx, &row, room, false).await.unwrap());
    }
    tx.commit().await.unwrap();
    let body = json!({"email": EMAIL, "password": PASSWORD});
    let register = async |ip: &str| {
        let answer = server.post("/auth/register", &body).seen_at(ip).answer().await;
        answer.expect(StatusCode::CREATED).await;
        server.mails_to(EMAIL).await.len()
    };
    assert_eq!(register(ATTACKER).await, 0, "the same answer, no row, no mail");
    assert_eq!(register(VICTIM).await, 1);
    server.advance(Duration::from_hours(24));
    assert_eq!(register(ATTACKER).await, 2);
}

fn waiting(server: &TestServer, email: &str) -> Registration {
    let (email, now) = (EmailAddress::parse(email).unwrap(), server.usher.now());
    Registration {
        id: PersonId::mint(now, &usher_service::system::OsDice),
        email: email.as_typed().to_owned(),
        email_key: email.key().to_owned(),
        username: None,
        username_key: None,
        password_hash: "none".to_owned(),
        handle_hash: vec![0; 32],
        source: ATTACKER.to_owned(),
        tag: "flood".to_owned(),
        created_at: now,
        expires_at: now + Duration::from_hours(24),
        mail_sent_at: None,
    }
}
