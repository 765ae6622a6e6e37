//! Promises about what happened to accounts.

use usher_store::events::{self, Event};
use usher_store::{Db, events::of_person};

use crate::people::{event, person};
use crate::support::{Checked, after, commit, promises};

promises!(a_person_sees_their_own_events_and_the_oldest_first);

async fn a_person_sees_their_own_events_and_the_oldest_first(db: Db) -> Checked {
    for (number, at, whom) in [(1, 20, 1), (2, 10, 1), (3, 5, 2), (4, 20, 1)] {
        let new = Event {
            id: event(number),
            at: after(at),
            kind: "account.verified".to_owned(),
            person_id: person(whom),
            detail: (number == 1).then(|| "more".to_owned()),
        };
        commit!(db, tx => events::insert(&mut tx, &new));
    }
    let seen = of_person(&db, person(1)).await?;
    let ids: Vec<_> = seen.iter().map(|one| one.id).collect();
    assert_eq!(ids, [event(2), event(1), event(4)]);
    assert_eq!(seen[1].detail.as_deref(), Some("more"));
    assert_eq!(
        (seen[0].at, seen[0].kind.as_str()),
        (after(10), "account.verified")
    );
    Ok(())
}
