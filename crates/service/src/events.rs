//! Writing down what happened.

use usher_accounts::id::{EventId, PersonId};
use usher_store::events::{self, Event};
use usher_store::{StoreError, Tx};

use crate::Usher;

impl Usher {
    pub(crate) async fn note(
        &self,
        tx: &mut Tx,
        kind: &str,
        person: PersonId,
        detail: Option<String>,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let id = EventId::mint(now, &*self.dice);
        events::insert(
            tx,
            &Event {
                id,
                at: now,
                kind: kind.to_owned(),
                person_id: person,
                detail,
            },
        )
        .await
    }
}
