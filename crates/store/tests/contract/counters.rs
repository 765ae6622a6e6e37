//! Promises about counters.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, prop_oneof};
use usher_store::Db;
use usher_store::counters::{add, clear, read, sweep, take_back};

use crate::support::{Checked, NOW, after, commit, for_all, promises, race};

const BUCKET: [u8; 32] = [3; 32];
const OTHER: [u8; 32] = [4; 32];
const HOUR: Duration = Duration::from_hours(1);

promises!(
    counting_at_once_loses_nothing,
    a_window_that_is_over_starts_again_at_one,
    a_counter_that_is_over_is_swept_and_a_running_one_is_not,
    a_counter_keeps_to_its_rules_whatever_happens_in_which_order,
);

async fn counting_at_once_loses_nothing(db: Db) -> Checked {
    let counted = race(50, |_| {
        let db = db.clone();
        async move { Ok(commit!(db, tx => add(&mut tx, &BUCKET, HOUR, NOW)).count) }
    });
    let mut counted = counted.await;
    counted.sort_unstable();
    assert_eq!(counted, (1..=50).collect::<Vec<_>>());
    Ok(())
}

async fn a_window_that_is_over_starts_again_at_one(db: Db) -> Checked {
    for expected in 1..=3 {
        let row = commit!(db, tx => add(&mut tx, &BUCKET, HOUR, after(expected)));
        assert_eq!((row.count, row.ends_at), (expected as i64, after(3_601)));
    }
    assert!(read(&db, &BUCKET, after(3_600)).await?.is_some());
    assert!(read(&db, &BUCKET, after(3_601)).await?.is_none());
    let row = commit!(db, tx => add(&mut tx, &BUCKET, HOUR, after(3_601)));
    assert_eq!((row.count, row.ends_at), (1, after(7_201)));
    Ok(())
}

async fn a_counter_that_is_over_is_swept_and_a_running_one_is_not(db: Db) -> Checked {
    commit!(db, tx => add(&mut tx, &BUCKET, HOUR, NOW));
    commit!(db, tx => add(&mut tx, &OTHER, HOUR, after(1)));
    assert_eq!(commit!(db, tx => sweep(&mut tx, after(3_600))), 1);
    assert!(read(&db, &BUCKET, NOW).await?.is_none());
    assert!(read(&db, &OTHER, NOW).await?.is_some());
    Ok(())
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Add,
    TakeBack,
    Clear,
    Sweep,
    Wait(u64),
}

async fn a_counter_keeps_to_its_rules_whatever_happens_in_which_order(db: Db) -> Checked {
    let act = prop_oneof![
        4 => Just(Act::Add),
        2 => Just(Act::TakeBack),
        1 => Just(Act::Clear),
        1 => Just(Act::Sweep),
        2 => (0..4_000_u64).prop_map(Act::Wait),
    ];
    for_all(&vec(act, 0..24), |acts| {
        let db = db.clone();
        async move {
            let mut tx = db.begin().await?;
            let (mut now, mut expected) = (NOW, None);
            for act in acts {
                expected = expected.filter(|(_, ends_at)| *ends_at > now);
                match act {
                    Act::Add => {
                        let (count, ends_at) = expected.unwrap_or((0, now + HOUR));
                        expected = Some((count + 1, ends_at));
                        let row = add(&mut tx, &BUCKET, HOUR, now).await?;
                        assert_eq!(Some((row.count, row.ends_at)), expected);
                    }
                    Act::TakeBack => {
                        expected = expected.map(|(count, ends_at)| ((count - 1).max(0), ends_at));
                        take_back(&mut tx, &BUCKET).await?;
                    }
                    Act::Clear => {
                        expected = None;
                        clear(&mut tx, &BUCKET).await?;
                    }
                    Act::Sweep => drop(sweep(&mut tx, now).await?),
                    Act::Wait(seconds) => now = now + Duration::from_secs(seconds),
                }
                let row = read(&mut tx, &BUCKET, now)
                    .await?
                    .map(|row| (row.count, row.ends_at));
                assert_eq!(row, expected.filter(|(_, ends_at)| *ends_at > now));
            }
            Ok(())
        }
    });
    Ok(())
}
