//! M29: two nodes on one database behave as one.

use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;
use usher_store::testing::Schema;

use crate::node::{Node, PASSWORD, code, run, said, until};

/// What is ended on one node is refused on every other within this time. Half of the times must keep it,
/// and each of them five times it: one late answer of a busy machine says nothing about the nodes.
const BOUND: Duration = Duration::from_secs(1);

/// Two nodes and where their mail goes.
struct Pair {
    a: Node,
    b: Node,
    mail: TempDir,
    schema: Schema,
}

impl Pair {
    async fn start(env: &[(&str, &str)]) -> Option<Self> {
        let schema = Schema::create().await?;
        let mail = tempfile::tempdir().unwrap();
        let url = schema.url();
        // Both at once, on a database that is still empty.
        let (a, b) = tokio::join!(
            Node::start(&url, mail.path(), env),
            Node::start(&url, mail.path(), env)
        );
        Some(Self { a, b, mail, schema })
    }

    /// Somebody with an account, verified on the other node than the one that registered them.
    async fn account(&self, email: &str) {
        let registered = self.a.register(email).await;
        let code = code(self.mail.path(), email).await;
        let handle = &registered["registration"]["handle"];
        let body = json!({"email": email, "code": code, "handle": handle});
        assert_eq!(self.b.post("/auth/verify", &body).await.status(), 200);
    }

    /// Ends a session on one node; for how long after the answer the other one still began to serve it.
    async fn lag(&self, email: &str) -> Duration {
        let token = self.a.login(email).await;
        assert_eq!(self.b.me(&token).await, 200);
        assert_eq!(self.a.act("/auth/logout", &token).await, 200);
        let ended = Instant::now();
        assert_eq!(self.a.me(&token).await, 401, "at once where it ended");
        let mut lag = Duration::ZERO;
        loop {
            let asked = ended.elapsed();
            if self.b.me(&token).await == 401 {
                return lag;
            }
            lag = asked;
            assert!(lag < 5 * BOUND, "it goes on for ever");
        }
    }

    async fn lags(&self, email: &str, rounds: u32) -> Vec<Duration> {
        let mut lags = Vec::new();
        for _ in 0..rounds {
            lags.push(self.lag(email).await);
        }
        lags.sort();
        eprintln!(
            "lag: median {:?}, most {:?}",
            lags[lags.len() / 2],
            lags[lags.len() - 1]
        );
        lags
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m29_a_session_ended_on_one_node_is_refused_on_the_other_within_a_second() {
    let Some(pair) = Pair::start(&[]).await else {
        return;
    };
    pair.account("user@example.com").await;
    let lags = pair.lags("user@example.com", 20).await;
    // At once: looking alone would take nearly a second each time.
    assert!(lags[10] < BOUND / 3, "{lags:?}");
    // Cut while they listen, and heard again afterwards.
    assert_eq!(pair.schema.cut("LISTEN").await, 2);
    pair.lag("user@example.com").await;
    until("both listen again", async || {
        pair.schema.count("LISTEN").await == 2
    })
    .await;
    let lags = pair.lags("user@example.com", 10).await;
    assert!(lags[5] < BOUND / 3, "{lags:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m29_the_same_holds_when_nobody_is_told() {
    let Some(pair) = Pair::start(&[("USHER_DATABASE__NOTIFY", "false")]).await else {
        return;
    };
    assert_eq!(pair.schema.count("LISTEN").await, 0);
    pair.account("user@example.com").await;
    let lags = pair.lags("user@example.com", 10).await;
    assert!(lags[5] < BOUND, "{lags:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m29_a_deleted_account_is_gone_everywhere() {
    let Some(pair) = Pair::start(&[]).await else {
        return;
    };
    pair.account("user@example.com").await;
    let token = pair.a.login("user@example.com").await;
    assert_eq!((pair.a.me(&token).await, pair.b.me(&token).await), (200, 200));
    let deleted = run("user delete user@example.com --yes", &pair.schema.url(), &[]).await;
    assert!(deleted.status.success(), "{}", said(&deleted));
    let ended = Instant::now();
    for node in [&pair.a, &pair.b] {
        loop {
            let asked = ended.elapsed();
            if node.me(&token).await == 401 {
                break;
            }
            assert!(asked < 5 * BOUND);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t07_of_fifty_uses_of_a_code_on_two_nodes_one_succeeds() {
    let Some(pair) = Pair::start(&[]).await else {
        return;
    };
    let registered = pair.a.register("user@example.com").await;
    let code = code(pair.mail.path(), "user@example.com").await;
    let handle = registered["registration"]["handle"].clone();
    let body = json!({"email": "user@example.com", "code": code, "handle": handle});
    let uses = (0..50).map(|number| {
        let node = if number % 2 == 0 { &pair.a } else { &pair.b };
        let body = body.clone();
        let url = format!("{}/auth/verify", node.base);
        tokio::spawn(async move {
            let request = reqwest::Client::new().post(url).json(&body);
            request.send().await.unwrap().status().as_u16()
        })
    });
    let mut statuses = Vec::new();
    for one in uses.collect::<Vec<_>>() {
        statuses.push(one.await.unwrap());
    }
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        1,
        "{statuses:?}"
    );
    assert!(
        statuses.iter().all(|status| matches!(status, 200 | 400)),
        "{statuses:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t04_the_attempts_of_a_code_are_shared_by_the_nodes() {
    let Some(pair) = Pair::start(&[]).await else {
        return;
    };
    let registered = pair.a.register("user@example.com").await;
    let right = code(pair.mail.path(), "user@example.com").await;
    let wrong = if right == "0000" { "1111" } else { "0000" };
    let handle = registered["registration"]["handle"].clone();
    for (node, code) in [
        (&pair.a, wrong),
        (&pair.b, wrong),
        (&pair.a, wrong),
        (&pair.b, right.as_str()),
    ] {
        let body = json!({"email": "user@example.com", "code": code, "handle": handle});
        assert_eq!(node.post("/auth/verify", &body).await.status(), 400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t25_wrong_passwords_are_counted_over_the_nodes() {
    let limits = [
        ("USHER_LIMITS__ENABLED", "true"),
        ("USHER_LIMITS__LOGIN_FAILURES_PER_ACCOUNT", "4"),
    ];
    let Some(pair) = Pair::start(&limits).await else {
        return;
    };
    let mut statuses = Vec::new();
    for number in 0..6 {
        let node = if number % 2 == 0 { &pair.a } else { &pair.b };
        let body = json!({"email": "nobody@example.com", "password": "wrong password"});
        statuses.push(node.post("/auth/login", &body).await.status().as_u16());
    }
    assert_eq!(statuses, [401, 401, 401, 401, 429, 429]);
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_sign_ins_at_the_same_instant_leave_no_session_too_many() {
    let Some(pair) = Pair::start(&[("USHER_SESSION__MAX_PER_ACCOUNT", "2")]).await else {
        return;
    };
    pair.account("user@example.com").await;
    let mut tokens = Vec::new();
    for _ in 0..3 {
        let body = json!({"email": "user@example.com", "password": PASSWORD});
        let (a, b) = tokio::join!(
            pair.a.post("/auth/login", &body),
            pair.b.post("/auth/login", &body)
        );
        for answer in [a, b] {
            let answer: serde_json::Value = answer.json().await.unwrap();
            tokens.push(answer["access_token"].as_str().unwrap().to_owned());
        }
    }
    let mut alive = 0;
    for token in &tokens {
        let answer = pair.a.get("/sessions", token).await;
        if answer.status() == 200 {
            let list: serde_json::Value = answer.json().await.unwrap();
            assert_eq!(list["total"], 2, "{list}");
            alive += 1;
        }
    }
    assert_eq!(alive, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn t55_a_node_with_another_secret_does_not_start() {
    let Some(pair) = Pair::start(&[]).await else {
        return;
    };
    let other = [("SECRET_KEY", "vT0m1w3qk9Yp6sRz2LxJd8HcNbQe5UfGa7iWoKtVuXY=")];
    let refused = run("serve", &pair.schema.url(), &other).await;
    assert!(!refused.status.success());
    let line = said(&refused);
    assert!(
        line.lines().count() == 1 && line.contains("another secret"),
        "{line}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m18_of_many_programs_that_migrate_at_once_one_applies_each_step() {
    let Some(schema) = Schema::create().await else {
        return;
    };
    let url = schema.url();
    let plan = run("migrate --plan", &url, &[]).await;
    let planned = String::from_utf8_lossy(&plan.stdout).matches("-- 00").count();
    assert!(plan.status.success() && planned >= 2, "{}", said(&plan));
    let runs: Vec<_> = (0..6)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move { run("migrate", &url, &[]).await })
        })
        .collect();
    let mut applied = 0;
    for one in runs {
        let output = one.await.unwrap();
        assert!(output.status.success(), "{}", said(&output));
        applied += String::from_utf8_lossy(&output.stdout).matches("applied").count();
    }
    assert_eq!(applied, planned);
    let again = run("migrate", &url, &[]).await;
    assert_eq!(again.stdout, b"The database is up to date.\n");
}
