//! Stopping under a proxy: first the server says so, then it lets go, and nobody is cut off.

use super::talk::{Talk, header};
use crate::support::{TestServer, until};

#[tokio::test(flavor = "multi_thread")]
async fn f1b_a_server_that_stops_says_so_before_it_turns_anybody_away() {
    let mut server = TestServer::with(&[("USHER_SERVER__DRAIN_NOTICE", "5m")]).await;
    let (token, _) = server.signed_in("user@example.com").await;
    let before = server.get("/health/live").answer().await;
    assert_eq!(header(&before, "connection"), "");
    server.begin_to_stop();
    until("it is no longer ready", async || {
        server.get("/health/ready").answer().await.status() == 503
    })
    .await;
    for _ in 0..3 {
        let answer = server.get("/auth/me").bearer_auth(&token).answer().await;
        assert_eq!(answer.status(), 200, "it still answers");
        assert_eq!(
            header(&answer, "connection"),
            "close",
            "on no connection for later"
        );
    }
    assert_eq!(server.get("/health/live").answer().await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn f1b_after_its_notice_it_ends() {
    let mut server = TestServer::with(&[("USHER_SERVER__DRAIN_NOTICE", "50ms")]).await;
    server.begin_to_stop();
    server.shut_down().await;
    assert!(server.get("/health/live").send().await.is_err());
}
