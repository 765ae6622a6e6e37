//! Where the servers under test keep everything.

use std::sync::Arc;

use usher_store::testing::Schema;

/// Where the servers under test keep everything: in files, or on PostgreSQL when the whole run is about it.
#[derive(Clone, Debug)]
pub(crate) struct Storage(Option<Arc<Schema>>);

impl Storage {
    /// Files, whatever this run is about.
    pub(super) const fn files() -> Self {
        Self(None)
    }

    /// What `USHER_TEST_STORAGE` says.
    pub(crate) async fn of_this_run() -> Self {
        match std::env::var("USHER_TEST_STORAGE").as_deref() {
            Ok("postgres") => {
                let schema = Schema::create().await;
                Self(Some(Arc::new(schema.expect("a PostgreSQL server"))))
            }
            Ok("sqlite") | Err(_) => Self(None),
            Ok(other) => panic!("USHER_TEST_STORAGE is neither sqlite nor postgres: {other}"),
        }
    }

    /// What is kept outside the data folder.
    pub(crate) async fn content(&self) -> Option<Vec<u8>> {
        match &self.0 {
            Some(schema) => Some(schema.content().await),
            None => None,
        }
    }

    /// Whether several programs may work on it, so that none may take up what another has begun.
    pub(crate) const fn is_shared(&self) -> bool {
        self.0.is_some()
    }

    /// The settings of the program that say so. A few connections do for one test.
    pub(crate) fn env(&self) -> Vec<(String, String)> {
        let Some(schema) = &self.0 else { return Vec::new() };
        let pairs = [
            ("USHER_DATABASE__URL", schema.url()),
            ("USHER_DATABASE__CONNECTIONS", "8".to_owned()),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value)).into()
    }
}
