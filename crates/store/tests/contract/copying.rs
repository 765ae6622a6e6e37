//! Promises about taking everything elsewhere: moves, backups and what must stay dead after one.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use usher_store::copy::{
    About, Archive, CopyError, Snapshot, clear, compare, contents, copy, is_blank, write_archive,
};
use usher_store::{
    Db, accounts, codes, counters, email_changes, events, migrate, outbox, registrations, sessions,
};

use crate::people::{account, add_account, add_registration, add_session, email_change, event, mail, person};
use crate::support::{Checked, NOW, after, commit, open, promises};

promises!(
    every_table_is_known_and_copied,
    what_is_copied_is_the_same_on_the_other_database,
    a_copy_that_fails_leaves_nothing,
    a_snapshot_does_not_move,
    an_archive_holds_everything_and_is_never_overwritten,
    t60_an_archive_brings_nothing_back_that_lets_somebody_in,
    a_damaged_archive_is_refused,
    a_database_with_a_row_is_not_blank_until_it_is_cleared,
);

fn ignore(_: &str, _: u64) {}

fn about() -> About {
    About {
        made_at: NOW,
        program: "0.1.0".to_owned(),
        source: "somewhere".to_owned(),
    }
}

/// A row in every table, among them empty columns, bytes of all kinds and letters of many scripts.
async fn fill(db: &Db) -> Checked {
    for number in 1..=3 {
        let owner = add_account(db, number).await?;
        add_session(db, number, owner, number.into()).await?;
    }
    let mut odd = account(4);
    (odd.username, odd.username_key) = (Some("Žofie 日本 🙂".to_owned()), None);
    odd.verified_at = None;
    assert!(commit!(db, tx => accounts::insert(&mut tx, &odd, NOW)));
    let waiting = add_registration(db, 5).await?;
    add_session(db, 5, waiting, 1).await?;
    commit!(db, tx => email_changes::insert(&mut tx, &email_change(2)));
    let code = usher_accounts::code::Minted {
        mac: (0..=255).collect(),
        expires_at: after(60),
    };
    commit!(db, tx => codes::mint(&mut tx, person(5).as_bytes(), &code, 3, NOW));
    for (number, about) in [(1, 5), (2, 1)] {
        let new = outbox::NewMail {
            id: mail(number),
            kind: "verification",
            owner: *person(about).as_bytes(),
            recipient: "one@example.org",
            detail: None,
        };
        commit!(db, tx => outbox::insert(&mut tx, &new, NOW));
    }
    let lease = std::time::Duration::from_mins(1);
    let leased = commit!(db, tx => outbox::claim(&mut tx, "worker", 1, lease, NOW));
    commit!(db, tx => outbox::sent(&mut tx, leased[0].id, "worker", NOW));
    commit!(db, tx => counters::add(&mut tx, &[9; 32], lease, NOW));
    let happened = events::Event {
        id: event(1),
        at: NOW,
        kind: "account.verified".to_owned(),
        person_id: person(1),
        detail: None,
    };
    commit!(db, tx => events::insert(&mut tx, &happened));
    Ok(())
}

async fn blank() -> Checked<(TempDir, Db)> {
    let folder = tempfile::tempdir()?;
    let db = open(&folder).await?;
    migrate::run(&db, NOW).await?;
    Ok((folder, db))
}

async fn every_table_is_known_and_copied(db: Db) -> Checked {
    fill(&db).await?;
    let held = contents(&mut Snapshot::of(&db).await?).await?;
    for table in [
        "accounts",
        "registrations",
        "email_changes",
        "codes",
        "sessions",
        "outbox",
        "counters",
        "events",
    ] {
        let content = held.iter().find(|content| content.table == table);
        assert!(content.is_some_and(|content| content.rows > 0), "{table}");
    }
    assert!(held.iter().all(|content| content.table != "schema_migrations"));
    Ok(())
}

async fn what_is_copied_is_the_same_on_the_other_database(db: Db) -> Checked {
    fill(&db).await?;
    // More than one portion.
    let mut tx = db.begin().await?;
    for number in 1_000..2_234 {
        assert!(accounts::insert(&mut tx, &account(number), NOW).await?);
    }
    tx.commit().await?;
    let (_folder, other) = blank().await?;
    let mut heard = Vec::new();
    let mut tx = other.begin().await?;
    let copied = copy(&mut Snapshot::of(&db).await?, &mut tx, &mut |table, rows| {
        heard.push((table.to_owned(), rows));
    })
    .await?;
    tx.commit().await?;
    assert_eq!(
        heard[..3].iter().map(|(_, rows)| *rows).collect::<Vec<_>>(),
        [500, 1_000, 1_238]
    );
    let there = contents(&mut Snapshot::of(&other).await?).await?;
    assert_eq!(copied, there);
    // And back.
    let mut tx = db.begin().await?;
    clear(&mut tx).await?;
    let back = copy(&mut Snapshot::of(&other).await?, &mut tx, &mut ignore).await?;
    tx.commit().await?;
    assert_eq!(back, there);
    let odd = accounts::by_id(&db, person(4), NOW).await?.expect("the account");
    assert_eq!(
        (odd.username.as_deref(), odd.verified_at),
        (Some("Žofie 日本 🙂"), None)
    );
    assert!(
        sessions::signed(&db, crate::people::session(1), NOW)
            .await?
            .is_some()
    );
    Ok(())
}

async fn a_copy_that_fails_leaves_nothing(db: Db) -> Checked {
    let (_folder, other) = blank().await?;
    fill(&other).await?;
    add_account(&db, 3).await?;
    let mut tx = db.begin().await?;
    let refused = copy(&mut Snapshot::of(&other).await?, &mut tx, &mut ignore).await;
    assert!(matches!(refused, Err(CopyError::Store(_))), "{refused:?}");
    drop(tx);
    let held = contents(&mut Snapshot::of(&db).await?).await?;
    assert_eq!(held.iter().map(|content| content.rows).sum::<u64>(), 1);
    // What stood there before cannot pass for copied.
    let mut tx = db.begin().await?;
    clear(&mut tx).await?;
    assert!(accounts::insert(&mut tx, &account(77), NOW).await?);
    let refused = copy(&mut Snapshot::of(&other).await?, &mut tx, &mut ignore).await;
    assert!(matches!(refused, Err(CopyError::Differs(table)) if table == "accounts"));
    Ok(())
}

async fn a_snapshot_does_not_move(db: Db) -> Checked {
    fill(&db).await?;
    let mut snapshot = Snapshot::of(&db).await?;
    let before = contents(&mut snapshot).await?;
    add_account(&db, 50).await?;
    assert_eq!(contents(&mut snapshot).await?, before);
    drop(snapshot);
    let after = contents(&mut Snapshot::of(&db).await?).await?;
    assert!(matches!(compare(&before, &after), Err(CopyError::Differs(table)) if table == "accounts"));
    Ok(())
}

async fn an_archive_holds_everything_and_is_never_overwritten(db: Db) -> Checked {
    fill(&db).await?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("friday.db");
    let written = write_archive(&db, &path, &about(), &[("secret.key", "text")], &mut ignore).await?;
    assert_eq!(written, contents(&mut Snapshot::of(&db).await?).await?);
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path)?.permissions()) & 0o777,
        0o600
    );
    assert_eq!(
        fs::read_dir(folder.path())?.count(),
        1,
        "one file and nothing beside it"
    );
    let bytes = fs::read(&path)?;
    let again = write_archive(&db, &path, &about(), &[], &mut ignore).await;
    assert!(matches!(again, Err(CopyError::File { .. })), "{again:?}");
    assert_eq!(fs::read(&path)?, bytes);
    let archive = Archive::open(&path, &folder.path().join("work"), NOW).await?;
    assert_eq!(
        (archive.about.made_at, archive.about.source.as_str()),
        (NOW, "somewhere")
    );
    assert_eq!(archive.secrets, [("secret.key".to_owned(), "text".to_owned())]);
    let mut tx = db.begin().await?;
    clear(&mut tx).await?;
    copy(&mut archive.snapshot().await?, &mut tx, &mut ignore).await?;
    tx.commit().await?;
    archive.close().await;
    assert!(accounts::by_id(&db, person(4), NOW).await?.is_some());
    assert_eq!(fs::read(&path)?, bytes, "an archive stays as it is");
    assert_eq!(fs::read_dir(folder.path())?.count(), 1);
    Ok(())
}

async fn t60_an_archive_brings_nothing_back_that_lets_somebody_in(db: Db) -> Checked {
    fill(&db).await?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("friday.db");
    write_archive(&db, &path, &about(), &[], &mut ignore).await?;
    let archive = Archive::open(&path, &folder.path().join("work"), NOW).await?;
    let mut tx = db.begin().await?;
    clear(&mut tx).await?;
    copy(&mut archive.snapshot().await?, &mut tx, &mut ignore).await?;
    tx.commit().await?;
    archive.close().await;
    assert!(sessions::refresh(&db, crate::people::session(1)).await?.is_none());
    assert!(codes::peek(&db, person(5).as_bytes()).await?.is_none());
    assert!(registrations::live_by_id(&db, person(5), NOW).await?.is_none());
    assert!(email_changes::of_account(&db, person(2), NOW).await?.is_none());
    assert_eq!(outbox::depth(&db).await?.waiting, 0);
    let held = contents(&mut Snapshot::of(&db).await?).await?;
    let rows = |table: &str| {
        held.iter()
            .find(|content| content.table == table)
            .map(|content| content.rows)
    };
    assert_eq!(
        (rows("accounts"), rows("events"), rows("outbox")),
        (Some(4), Some(1), Some(1))
    );
    Ok(())
}

async fn a_damaged_archive_is_refused(db: Db) -> Checked {
    fill(&db).await?;
    let folder = tempfile::tempdir()?;
    let (path, work) = (folder.path().join("friday.db"), folder.path().join("work"));
    write_archive(&db, &path, &about(), &[], &mut ignore).await?;
    let whole = fs::read(&path)?;
    let refused = async |bytes: &[u8]| -> Checked<String> {
        fs::write(&path, bytes)?;
        let error = Archive::open(&path, &work, NOW).await.expect_err("damaged");
        assert!(!Path::exists(&work), "nothing is left lying about");
        Ok(error.to_string())
    };
    let at = whole
        .windows(5)
        .position(|word| word == b"one-1")
        .expect("an address");
    let mut changed = whole.clone();
    changed[at] = b'O';
    assert!(refused(&changed).await?.ends_with("is damaged; use another one"));
    for bytes in [
        &b""[..],
        b"not a database",
        &whole[..whole.len() / 2],
        &vec![0; 8_192],
    ] {
        assert!(refused(bytes).await?.contains("friday.db is "));
    }
    let missing = Archive::open(&folder.path().join("none"), &work, NOW).await;
    assert!(matches!(missing, Err(CopyError::File { what: "open", .. })));
    Ok(())
}

async fn a_database_with_a_row_is_not_blank_until_it_is_cleared(db: Db) -> Checked {
    let mut tx = db.begin().await?;
    assert!(is_blank(&mut tx).await?);
    tx.commit().await?;
    fill(&db).await?;
    let mut tx = db.begin().await?;
    assert!(!is_blank(&mut tx).await?);
    clear(&mut tx).await?;
    assert!(is_blank(&mut tx).await?);
    Ok(())
}
