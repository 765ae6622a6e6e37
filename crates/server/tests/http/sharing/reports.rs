//! What the gateway reports: seen at once, kept, and played again.

use reqwest::StatusCode;
use serde_json::Value;

use super::gateway::{Gateway, report};
use crate::support::{Answer, TestServer, text, until};

async fn recent(server: &TestServer) -> Value {
    let answer = server.get("/link/api/recent").send().await.unwrap();
    answer.expect(StatusCode::OK).await
}

#[tokio::test]
async fn m31_reports_reach_who_watches_as_they_come() {
    let (server, gateway) = Gateway::with(&[]).await;
    let mut stream = server.get("/link/api/stream").send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut seen = String::new();
    gateway.reports(report(1, None));
    while !seen.contains("event: report") {
        let piece = tokio::time::timeout(std::time::Duration::from_secs(10), stream.chunk());
        seen += str::from_utf8(&piece.await.unwrap().unwrap().unwrap()).unwrap();
    }
    assert!(
        seen.contains("event: agent") && seen.contains(r#""estimate":20000000"#),
        "{seen}"
    );
    let body = recent(&server).await;
    assert_eq!(body["agent"]["connected"], true);
    assert_eq!(body["reports"][0]["at"], 1_000_000);
}

#[tokio::test]
async fn m31_a_watcher_does_not_keep_the_server_from_stopping() {
    let (mut server, _gateway) = Gateway::with(&[("USHER_SERVER__DRAIN_TIMEOUT", "10m")]).await;
    let mut stream = server.get("/link/api/stream").send().await.unwrap();
    assert!(stream.chunk().await.unwrap().is_some());
    tokio::time::timeout(std::time::Duration::from_secs(10), server.shut_down())
        .await
        .unwrap();
}

#[tokio::test]
async fn m31_a_simulation_is_kept_whole_and_can_be_played_again() {
    let (server, gateway) = Gateway::with(&[]).await;
    for second in 1..=20 {
        gateway.reports(report(second, Some("s0")));
    }
    // The next run of the same scenario is another run.
    for second in 1..=10 {
        gateway.reports(report(second, Some("s0")));
    }
    let counts = async || {
        let answer = server.get("/link/api/runs").send().await.unwrap();
        let body = answer.expect(StatusCode::OK).await;
        let mut counts: Vec<_> = body["runs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|run| {
                assert_eq!((&run["name"], &run["kind"]), (&"s0".into(), &"simulation".into()));
                (run["reports"].as_i64().unwrap(), text(&run["id"]))
            })
            .collect();
        counts.sort();
        counts
    };
    let both = async || counts().await.iter().map(|(count, _)| *count).eq([10, 20]);
    until("both runs are kept", both).await;
    let path = format!("/link/api/runs/{}", counts().await[1].1);
    let played = server
        .get(&format!("{path}?after=15000000"))
        .send()
        .await
        .unwrap();
    let played = played.expect(StatusCode::OK).await;
    let reports = played["reports"].as_array().unwrap();
    let at: Vec<_> = reports
        .iter()
        .map(|report| report["at"].as_i64().unwrap())
        .collect();
    assert_eq!(at, [16_000_000, 17_000_000, 18_000_000, 19_000_000, 20_000_000]);
    assert_eq!(played["next"], Value::Null);
    let none = server
        .get("/link/api/runs/01890a5d-ac96-774b-bcce-b302099a8057")
        .send()
        .await
        .unwrap();
    assert_eq!(none.refused(404).await, "not_found");
}

#[tokio::test]
async fn m31_outside_development_only_administrators_watch() {
    let (server, _gateway) = Gateway::with(&[
        ("USHER_SERVER__PUBLIC_URL", "https://usher.example"),
        ("USHER_MAIL__TRANSPORT", "file"),
        ("USHER_METRICS__LISTEN", "off"),
    ])
    .await;
    let (user, _) = server.signed_in("ada@example.org").await;
    let (admin, _) = server.admin("root@example.org").await;
    for path in ["recent", "runs", "stream"] {
        let path = format!("/link/api/{path}");
        assert_eq!(
            server.get(&path).send().await.unwrap().refused(401).await,
            "not_authenticated"
        );
        assert_eq!(
            server
                .get(&path)
                .bearer_auth(&user)
                .send()
                .await
                .unwrap()
                .refused(403)
                .await,
            "forbidden"
        );
        assert_eq!(
            server
                .get(&path)
                .bearer_auth(&admin)
                .send()
                .await
                .unwrap()
                .status(),
            200
        );
    }
}

#[tokio::test]
async fn m31_the_pages_load_nothing_from_outside() {
    let (server, _gateway) = Gateway::with(&[("USHER_LINK__NAME", "Village link")]).await;
    let token = server.signed_in("ada@example.org").await.0;
    for path in ["/link", "/link/me"] {
        let page = server
            .get(path)
            .header("accept", "text/html")
            .header("cookie", format!("usher_session={token}"));
        let page = page.send().await.unwrap();
        assert_eq!(page.status(), 200, "{path}");
        let policy = page.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        let html = page.text().await.unwrap();
        assert!(html.contains("Village link"), "{path}");
        for asset in html.split("src=\"").skip(1) {
            assert!(asset.starts_with("/assets/"), "{asset:.60}");
        }
    }
}
