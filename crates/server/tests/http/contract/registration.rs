//! Registering and verifying.

use reqwest::StatusCode;
use serde_json::json;

use crate::support::{Answer, TestServer};

#[tokio::test(flavor = "multi_thread")]
async fn m01_m04_the_sample_of_s0_registers_and_verifies() {
    let server = TestServer::start().await;
    let body = json!({"username": "user123", "email": "user@example.com",
        "password": "Password123", "verify_password": "Password123"});
    let registered = server
        .post("/register", &body)
        .send()
        .await
        .unwrap()
        .expect(StatusCode::CREATED)
        .await;
    assert_eq!(
        registered["message"],
        "Registration successful. Verification email sent."
    );
    assert_eq!(registered["email"], "user@example.com");
    let code = server.code("user@example.com").await;
    assert!(
        code.len() == 4 && code.bytes().all(|digit| digit.is_ascii_digit()),
        "{code}"
    );
    let body = json!({"email": "user@example.com", "verification_code": code});
    let verified = server
        .post("/verify", &body)
        .send()
        .await
        .unwrap()
        .expect(StatusCode::OK)
        .await;
    assert_eq!(
        verified["message"],
        "Email verified successfully. Registration completed."
    );
}
