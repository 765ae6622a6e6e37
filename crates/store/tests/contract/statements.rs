//! Every statement is understood by both databases: a misspelt column is found here. And none slows down
//! for the number of people unless it is named here.

use sqlx::{AssertSqlSafe, Row};
use usher_store::{Db, all_statements};

use crate::support::{Checked, promises};

promises!(sqlite: every_statement_prepares, every_other_statement_finds_its_rows_by_an_index);
promises!(postgres: every_statement_prepares, a_server_plans_once);

async fn every_statement_prepares(db: Db) -> Checked {
    let mut refused = Vec::new();
    for statement in all_statements() {
        if let Err(cause) = db.prepare(statement).await {
            refused.push(format!("{}: {cause}", statement.name));
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    Ok(())
}

/// What reads a table, or what it has just gathered, from end to end: who shares the link now, its few
/// runs and days, the mails just claimed, the signing keys, and the count of mails that an operator asks for.
const READ_WHOLE: [&str; 10] = [
    "link::devices::SHARING",
    "link::history::RUNS",
    "link::history::FORGET_RUNS",
    "link::history::FORGET_REPORTS",
    "link::history::RECOUNT",
    "link::plans::FORGET_USE",
    "outbox::CLAIM",
    "outbox::COUNTED",
    "signing_keys::ALL",
    "signing_keys::RETIRE",
];

async fn every_other_statement_finds_its_rows_by_an_index(db: Db) -> Checked {
    let Db::Sqlite { readers, .. } = &db else {
        panic!("the embedded database says how it reads")
    };
    let mut whole = Vec::new();
    for statement in all_statements() {
        let plan = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", statement.sqlite));
        let steps = sqlx::query(plan).fetch_all(readers).await?;
        let reads_whole = |step: &str| step.starts_with("SCAN ") && step != "SCAN CONSTANT ROW";
        if steps.iter().any(|step| reads_whole(step.get("detail"))) {
            whole.push(statement.name.trim_start_matches("usher_store::"));
        }
    }
    assert_eq!(whole, READ_WHOLE);
    Ok(())
}

async fn a_server_plans_once(db: Db) -> Checked {
    let Db::Postgres(pool) = &db else {
        panic!("the embedded database plans once anyway")
    };
    let mode = sqlx::query_scalar::<_, String>("SHOW plan_cache_mode");
    let mode = mode.fetch_one(pool).await?;
    assert_eq!(mode, "force_generic_plan");
    Ok(())
}
