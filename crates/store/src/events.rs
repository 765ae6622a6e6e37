//! What happened to accounts, for their owners and for operators. Never holds a secret.

use usher_accounts::id::{EventId, PersonId};
use usher_accounts::time::Timestamp;

use crate::column::row;
use crate::sql::{run, statements};
use crate::tx::{AsExec, StoreError, Tx};

row! {
    /// Something that happened.
    pub struct Event {
        /// Its id.
        pub id: EventId,
        /// When.
        pub at: Timestamp,
        /// What, as `account.verified`.
        pub kind: String,
        /// To whom.
        pub person_id: PersonId,
        /// More about it.
        pub detail: Option<String>,
    }
}

statements! {
    INSERT = "INSERT INTO events (id, at, kind, person_id, detail) VALUES ($1, $2, $3, $4, $5)";
    OF_PERSON = "SELECT id, at, kind, person_id, detail FROM events WHERE person_id = $1 ORDER BY at, id";
}

/// Writes an event down.
pub async fn insert(tx: &mut Tx, event: &Event) -> Result<(), StoreError> {
    run!(
        tx,
        execute,
        INSERT,
        event.id,
        event.at,
        event.kind,
        event.person_id,
        event.detail
    )
    .map(drop)
}

/// Everything that happened to a person, oldest first.
pub async fn of_person<'a>(on: impl AsExec<'a>, person: PersonId) -> Result<Vec<Event>, StoreError> {
    run!(on, fetch_all Event, OF_PERSON, person)
}
