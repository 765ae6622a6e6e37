//! Promises about codes.

use usher_accounts::code::Minted;
use usher_accounts::time::Timestamp;
use usher_store::Db;
use usher_store::codes::{delete, mint, peek, spend, start_clock};

use crate::support::{Checked, NOW, after, commit, promises, race};

const OWNER: [u8; 16] = [9; 16];
const ATTEMPTS: i64 = 3;

promises!(
    t04_guesses_at_once_pay_for_exactly_the_attempts_there_are,
    nothing_is_paid_for_a_code_whose_time_is_over,
    the_code_before_keeps_its_own_end_and_shares_the_attempts,
    a_third_code_voids_the_first,
    the_clock_starts_for_the_code_that_was_sent_and_no_other,
    looking_pays_nothing,
    a_code_is_over_once_it_and_the_one_before_are_past_their_time_and_attempts_are_left,
    a_voided_code_is_gone,
);

fn code(byte: u8, expires_at: Timestamp) -> Minted {
    Minted {
        mac: vec![byte; 32],
        expires_at,
    }
}

async fn add(db: &Db, code: &Minted) -> Checked {
    commit!(db, tx => mint(&mut tx, &OWNER, code, ATTEMPTS, NOW));
    Ok(())
}

async fn t04_guesses_at_once_pay_for_exactly_the_attempts_there_are(db: Db) -> Checked {
    add(&db, &code(1, after(60))).await?;
    let paid = race(40, |_| {
        let db = db.clone();
        async move { Ok(commit!(db, tx => spend(&mut tx, &OWNER, NOW))) }
    });
    let mut left: Vec<_> = paid
        .await
        .into_iter()
        .flatten()
        .map(|row| row.attempts_left)
        .collect();
    left.sort_unstable();
    assert_eq!(left, [0, 1, 2]);
    let row = peek(&db, &OWNER).await?.expect("the code");
    assert_eq!(row.attempts_left, 0);
    Ok(())
}

async fn nothing_is_paid_for_a_code_whose_time_is_over(db: Db) -> Checked {
    add(&db, &code(1, after(60))).await?;
    assert!(commit!(db, tx => spend(&mut tx, &OWNER, after(60))).is_none());
    assert!(commit!(db, tx => spend(&mut tx, &[8; 16], NOW)).is_none());
    let row = commit!(db, tx => spend(&mut tx, &OWNER, after(59))).expect("the code");
    assert_eq!(row.attempts_left, ATTEMPTS - 1);
    Ok(())
}

async fn the_code_before_keeps_its_own_end_and_shares_the_attempts(db: Db) -> Checked {
    add(&db, &code(1, after(60))).await?;
    commit!(db, tx => spend(&mut tx, &OWNER, NOW));
    add(&db, &code(2, after(90))).await?;
    let row = commit!(db, tx => spend(&mut tx, &OWNER, after(30))).expect("two codes");
    assert_eq!(row.attempts_left, ATTEMPTS - 1);
    let codes = row.codes();
    assert_eq!(codes.current, Some(code(2, after(90))));
    assert_eq!(codes.previous, Some(code(1, after(60))));
    // The one before may well outlive the last one.
    add(&db, &code(3, after(40))).await?;
    let row = commit!(db, tx => spend(&mut tx, &OWNER, after(80))).expect("the code before");
    assert_eq!(row.codes().previous, Some(code(2, after(90))));
    Ok(())
}

async fn a_third_code_voids_the_first(db: Db) -> Checked {
    for byte in 1..=3 {
        add(&db, &code(byte, after(60))).await?;
    }
    let codes = peek(&db, &OWNER).await?.expect("two codes").codes();
    assert_eq!(codes.current, Some(code(3, after(60))));
    assert_eq!(codes.previous, Some(code(2, after(60))));
    Ok(())
}

async fn the_clock_starts_for_the_code_that_was_sent_and_no_other(db: Db) -> Checked {
    add(&db, &code(1, after(90))).await?;
    commit!(db, tx => start_clock(&mut tx, &OWNER, &[1; 32], after(65)));
    add(&db, &code(2, after(90))).await?;
    commit!(db, tx => start_clock(&mut tx, &OWNER, &[1; 32], after(500)));
    let codes = peek(&db, &OWNER).await?.expect("two codes").codes();
    assert_eq!(codes.current, Some(code(2, after(90))));
    assert_eq!(codes.previous, Some(code(1, after(65))));
    Ok(())
}

async fn looking_pays_nothing(db: Db) -> Checked {
    add(&db, &code(1, after(60))).await?;
    for _ in 0..5 {
        let row = peek(&db, &OWNER).await?.expect("the code");
        assert_eq!(row.attempts_left, ATTEMPTS);
    }
    Ok(())
}

async fn a_code_is_over_once_it_and_the_one_before_are_past_their_time_and_attempts_are_left(
    db: Db,
) -> Checked {
    add(&db, &code(1, after(90))).await?;
    // Made a moment ago, by a worker that was quicker than whoever asks.
    assert!(!peek(&db, &OWNER).await?.expect("the code").is_over(NOW));
    add(&db, &code(2, after(60))).await?;
    let row = peek(&db, &OWNER).await?.expect("two codes");
    assert!(!row.is_over(after(60)) && row.is_over(after(90)));
    for _ in 0..ATTEMPTS {
        commit!(db, tx => spend(&mut tx, &OWNER, NOW));
    }
    let row = peek(&db, &OWNER).await?.expect("two codes");
    assert!(!row.is_over(after(90)), "guessed away, which is told as wrong");
    Ok(())
}

async fn a_voided_code_is_gone(db: Db) -> Checked {
    add(&db, &code(1, after(60))).await?;
    commit!(db, tx => delete(&mut tx, &OWNER));
    assert!(peek(&db, &OWNER).await?.is_none());
    assert!(commit!(db, tx => spend(&mut tx, &OWNER, NOW)).is_none());
    Ok(())
}
