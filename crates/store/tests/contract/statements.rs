//! Every statement is understood by both databases: a misspelt column is found here.

use usher_store::{Db, all_statements};

use crate::support::{Checked, promises};

promises!(every_statement_prepares);

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
