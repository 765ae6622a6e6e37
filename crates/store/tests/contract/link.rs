//! Promises about the shared link.

use usher_accounts::id::RunId;
use usher_accounts::time::Timestamp;
use usher_store::Db;
use usher_store::link::devices::{NewDevice, bind, note_use, of_session, resume, sharing};
use usher_store::link::history::{self, Report};
use usher_store::link::plans::{self, Plan};
use usher_store::sessions::{end, end_all};

use crate::people::{add_account, add_registration, add_session, person, session};
use crate::support::{Checked, NOW, after, commit, promises};

promises!(
    a_device_shares_until_its_session_ends,
    a_device_belongs_to_whoever_signed_in_on_it_last,
    only_the_session_it_came_with_wakes_a_device,
    a_registration_or_a_stranger_gets_no_device,
    a_device_that_is_idle_does_not_share,
    a_plan_is_read_back_replaced_and_removed,
    bytes_add_up_by_day,
    reports_of_a_run_are_kept_in_order_and_once,
    old_reports_are_forgotten,
);

const LAPTOP: &str = "02:00:00:00:00:01";
const TODAY: i64 = 20_000;

fn device(number: u32, name: &str) -> NewDevice {
    NewDevice {
        device: name.to_owned(),
        account: person(number),
        session: session(number),
        ip: "10.0.0.7".to_owned(),
    }
}

async fn add_device(db: &Db, number: u32, name: &str) -> Checked {
    let owner = add_account(db, number).await?;
    add_session(db, number, owner, 0).await?;
    assert!(commit!(db, tx => bind(&mut tx, &device(number, name), NOW)));
    Ok(())
}

async fn sharers(db: &Db) -> Checked<Vec<String>> {
    let rows = sharing(db, after(1), NOW - std::time::Duration::from_secs(1), TODAY).await?;
    Ok(rows
        .into_iter()
        .map(|row| format!("{} {}", row.account_id, row.device))
        .collect())
}

async fn a_device_shares_until_its_session_ends(db: Db) -> Checked {
    add_device(&db, 1, LAPTOP).await?;
    let rows = sharing(&db, after(1), NOW - std::time::Duration::from_secs(1), TODAY).await?;
    assert_eq!(
        (rows.len(), rows[0].account_id, &*rows[0].device),
        (1, person(1), LAPTOP)
    );
    assert_eq!(
        (&*rows[0].ip, rows[0].weight, rows[0].used_bytes),
        ("10.0.0.7", None, 0)
    );
    let late = sharing(
        &db,
        rows[0].expires_at,
        NOW - std::time::Duration::from_secs(1),
        TODAY,
    )
    .await?;
    assert!(late.is_empty(), "the session is over by itself");
    assert!(commit!(db, tx => end(&mut tx, session(1), person(1))));
    assert!(sharers(&db).await?.is_empty());
    Ok(())
}

async fn a_device_belongs_to_whoever_signed_in_on_it_last(db: Db) -> Checked {
    add_device(&db, 1, LAPTOP).await?;
    add_device(&db, 2, LAPTOP).await?;
    assert_eq!(sharers(&db).await?, [format!("{} {LAPTOP}", person(2))]);
    commit!(db, tx => end_all(&mut tx, person(1)));
    assert_eq!(sharers(&db).await?.len(), 1, "the first owner has no say in it");
    Ok(())
}

async fn only_the_session_it_came_with_wakes_a_device(db: Db) -> Checked {
    add_device(&db, 1, LAPTOP).await?;
    add_device(&db, 2, "02:00:00:00:00:02").await?;
    assert!(!commit!(db, tx => resume(&mut tx, session(2), LAPTOP, "10.0.0.8", after(9))));
    assert!(commit!(db, tx => resume(&mut tx, session(1), LAPTOP, "10.0.0.8", after(9))));
    assert_eq!(of_session(&db, session(1), after(8)).await?, [LAPTOP]);
    assert!(of_session(&db, session(2), after(8)).await?.is_empty());
    Ok(())
}

async fn a_registration_or_a_stranger_gets_no_device(db: Db) -> Checked {
    let owner = add_registration(&db, 1).await?;
    add_session(&db, 1, owner, 0).await?;
    add_account(&db, 2).await?;
    for number in [1, 2] {
        assert!(
            !commit!(db, tx => bind(&mut tx, &device(number, LAPTOP), NOW)),
            "{number}"
        );
    }
    let mut borrowed = device(2, LAPTOP);
    borrowed.session = session(1);
    assert!(
        !commit!(db, tx => bind(&mut tx, &borrowed, NOW)),
        "somebody else's session"
    );
    Ok(())
}

async fn a_device_that_is_idle_does_not_share(db: Db) -> Checked {
    add_device(&db, 1, LAPTOP).await?;
    let since = async |idle: Timestamp| sharing(&db, after(1), idle, TODAY).await.map(|rows| rows.len());
    assert_eq!(since(after(60)).await?, 0);
    commit!(db, tx => note_use(&mut tx, person(1), after(61)));
    assert_eq!(since(after(60)).await?, 1);
    commit!(db, tx => note_use(&mut tx, person(1), after(2)));
    assert_eq!(since(after(60)).await?, 1, "the last use never goes back");
    Ok(())
}

async fn a_plan_is_read_back_replaced_and_removed(db: Db) -> Checked {
    add_device(&db, 1, LAPTOP).await?;
    let plan = |weight| Plan {
        weight,
        down_floor: 1_000,
        down_cap: Some(9_000),
        up_floor: 0,
        up_cap: None,
        quota_bytes: Some(5),
    };
    assert!(plans::find(&db, person(1)).await?.is_none());
    for weight in [2, 3] {
        assert!(commit!(db, tx => plans::put(&mut tx, person(1), &plan(weight))));
        let read = plans::find(&db, person(1)).await?.expect("a plan");
        assert_eq!(
            (read.weight, read.down_cap, read.up_cap),
            (weight, Some(9_000), None)
        );
    }
    let rows = sharing(&db, after(1), NOW - std::time::Duration::from_secs(1), TODAY).await?;
    assert_eq!(
        (rows[0].weight, rows[0].down_floor, rows[0].quota_bytes),
        (Some(3), Some(1_000), Some(5))
    );
    assert!(
        !commit!(db, tx => plans::put(&mut tx, person(7), &plan(1))),
        "nobody"
    );
    assert!(commit!(db, tx => plans::remove(&mut tx, person(1))));
    assert!(!commit!(db, tx => plans::remove(&mut tx, person(1))));
    Ok(())
}

async fn bytes_add_up_by_day(db: Db) -> Checked {
    add_device(&db, 1, LAPTOP).await?;
    for bytes in [5, 7] {
        commit!(db, tx => plans::count(&mut tx, person(1), TODAY, bytes));
    }
    commit!(db, tx => plans::count(&mut tx, person(1), TODAY - 1, 100));
    commit!(db, tx => plans::count(&mut tx, person(9), TODAY, 1));
    assert_eq!(plans::used(&db, person(1), TODAY).await?, 12);
    assert_eq!(plans::used(&db, person(9), TODAY).await?, 0, "nobody");
    let rows = sharing(&db, after(1), NOW - std::time::Duration::from_secs(1), TODAY).await?;
    assert_eq!(rows[0].used_bytes, 12);
    assert_eq!(commit!(db, tx => plans::forget_before(&mut tx, TODAY)), 1);
    assert_eq!(plans::used(&db, person(1), TODAY - 1).await?, 0);
    Ok(())
}

fn run(number: u8) -> RunId {
    RunId::from_bytes([number; 16])
}

fn report(second: i64) -> Report {
    Report {
        at: Timestamp::from_seconds(second),
        body: format!("{{\"at\":{second}}}"),
    }
}

async fn reports_of_a_run_are_kept_in_order_and_once(db: Db) -> Checked {
    commit!(db, tx => history::start(&mut tx, run(1), "s0", true, NOW));
    commit!(db, tx => history::add(&mut tx, run(1), &[report(2), report(1)], after(1)));
    commit!(db, tx => history::add(&mut tx, run(1), &[report(2), report(3)], after(2)));
    let runs = history::runs(&db, 10).await?;
    assert_eq!(
        (runs[0].reports, runs[0].simulation, runs[0].last_at),
        (3, 1, after(2))
    );
    let from = async |second, most| {
        let page = history::page(&db, run(1), Timestamp::from_seconds(second), most).await?;
        Ok::<_, usher_store::StoreError>(
            page.into_iter()
                .map(|report| report.at.seconds())
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(from(0, 2).await?, [1, 2]);
    assert_eq!(from(2, 2).await?, [3]);
    assert!(history::find(&db, run(2)).await?.is_none());
    Ok(())
}

async fn old_reports_are_forgotten(db: Db) -> Checked {
    for (number, simulation) in [(1, true), (2, false), (3, false)] {
        commit!(db, tx => history::start(&mut tx, run(number), "link", simulation, NOW));
    }
    let reports = [report(1), report(1_800_000_050)];
    commit!(db, tx => history::add(&mut tx, run(1), &reports, after(60)));
    commit!(db, tx => history::add(&mut tx, run(2), &reports, after(60)));
    commit!(db, tx => history::add(&mut tx, run(3), &reports, after(10)));
    commit!(db, tx => history::forget_before(&mut tx, after(30)));
    let kept: Vec<_> = history::runs(&db, 10)
        .await?
        .into_iter()
        .map(|run| (run.id, run.reports))
        .collect();
    assert!(
        kept.contains(&(run(1), 2)),
        "a simulation counts from zero and is kept whole: {kept:?}"
    );
    assert!(kept.contains(&(run(2), 1)), "{kept:?}");
    assert_eq!(kept.len(), 2);
    Ok(())
}
