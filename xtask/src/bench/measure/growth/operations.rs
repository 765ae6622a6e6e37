//! What people do, and what is right about the answers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};

use super::side::{Side, spread};
use super::{ACTIVE, Operation, PORTION};
use crate::bench::measure::crowd::Crowd;
use crate::bench::measure::load::{Work, Wrong, work_off};
use crate::client::http::{self, Answer};
use crate::client::journey::{self, SignedIn};

const SHORT: Duration = Duration::from_millis(1_500);
/// Hashes are few.
const LONG: Duration = Duration::from_secs(3);
/// For what is used up before.
const ENOUGH: Duration = Duration::from_secs(30);
const CONNECTIONS: usize = 32;
/// Who hashes keeps a core busy.
const HASHERS: usize = 4;
/// Search reads the whole list for whom it does not find.
const SEARCHERS: usize = 4;

/// Everything, in the order in which it is measured.
pub(super) fn all(side: &Side) -> Result<Vec<Operation<'_>>> {
    let people = signed_in(side, side.active())?;
    let leaving = signed_in(side, side.ending().into_iter())?;
    let first = side.crowd.person(0).to_string();
    let admin = people.iter().find(|one| one.id == first);
    let admin = admin.context("the administrator is not signed in")?;
    let as_admin = |path: &str| Work::again(vec![get(path, &admin.access_token); CONNECTIONS], is_full_page);
    let middle = side.crowd.person(side.accounts / 2);
    let lookups =
        addresses(side).map(|address| get(&format!("/users?search={address}"), &admin.access_token));
    let mut operations = vec![
        reading(
            "me",
            Work::again(people.iter().map(|one| journey::me(&one.access_token)), is_ok),
        ),
        reading(
            "sessions",
            Work::again(
                people.iter().map(|one| get("/sessions", &one.access_token)),
                is_ok,
            ),
        ),
        reading("users", as_admin("/users?limit=50")),
        reading(
            "users_in_the_middle",
            as_admin(&format!("/users?limit=50&cursor={middle}")),
        ),
        Operation {
            connections: SEARCHERS,
            ..reading("users_search", Work::again(lookups, is_one))
        },
    ];
    operations.push(reading("refresh", refreshing(&people)));
    operations.push(Operation {
        connections: HASHERS,
        round: LONG,
        ..reading(
            "login",
            Work::again(addresses(side).map(|email| journey::sign_in(&email)), is_ok),
        )
    });
    operations.push(Operation {
        connections: HASHERS,
        round: LONG,
        mails: true,
        ..reading("register", registering())
    });
    let verifications = side
        .waiting
        .iter()
        .map(|(person, code)| journey::verification(person, code));
    operations.push(Operation {
        mails: true,
        ..using_up("verify", &verifications.collect::<Vec<_>>())
    });
    let endings = leaving.iter().map(|one| journey::sign_out(&one.access_token));
    operations.push(using_up("logout", &endings.collect::<Vec<_>>()));
    Ok(operations)
}

fn reading<'a>(name: &'static str, work: Work<'a>) -> Operation<'a> {
    Operation {
        name,
        connections: CONNECTIONS,
        round: SHORT,
        work: vec![work],
        mails: false,
    }
}

fn using_up<'a>(name: &'static str, requests: &[Vec<u8>]) -> Operation<'a> {
    let portions = requests.chunks(PORTION);
    Operation {
        name,
        connections: CONNECTIONS,
        round: ENOUGH,
        work: portions
            .map(|portion| Work::once(portion.to_vec(), is_ok))
            .collect(),
        mails: false,
    }
}

/// People who are signed in already: their first refresh tokens are in the rows.
fn signed_in(side: &Side, numbers: impl Iterator<Item = u64>) -> Result<Vec<SignedIn>> {
    let people = Mutex::new(Vec::new());
    let requests = numbers.map(|number| journey::refresh(&side.crowd.refresh_token(number)));
    let work = Work::new(requests, |_, answer| {
        let one = journey::signed_in(answer).ok_or(Wrong)?;
        people.lock().unwrap_or_else(PoisonError::into_inner).push(one);
        Ok(None)
    });
    work_off(side.address(), &work, CONNECTIONS, ENOUGH)?;
    drop(work);
    Ok(people.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn refreshing<'a>(people: &[SignedIn]) -> Work<'a> {
    let requests = people.iter().map(|one| journey::refresh(&one.refresh_token));
    Work::new(requests, |_, answer| {
        let next = journey::signed_in(answer).ok_or(Wrong)?;
        Ok(Some(journey::refresh(&next.refresh_token)))
    })
}

fn registering<'a>() -> Work<'a> {
    let strangers = AtomicU64::new(0);
    let stranger = move || {
        let number = strangers.fetch_add(1, Ordering::Relaxed);
        journey::registration(&format!("stranger{number}@crowd.example"))
    };
    let first: Vec<_> = (0..HASHERS * 2).map(|_| stranger()).collect();
    Work::new(first, move |_, answer| {
        (answer.status == 201).then(|| Some(stranger())).ok_or(Wrong)
    })
}

fn addresses(side: &Side) -> impl Iterator<Item = String> + use<> {
    spread(side.accounts, ACTIVE).map(Crowd::address)
}

fn get(path: &str, access_token: &str) -> Vec<u8> {
    let bearer = format!("authorization: Bearer {access_token}");
    http::request("GET", path, &[&bearer], "")
}

fn is_ok(answer: &Answer) -> bool {
    answer.status == 200
}

fn is_one(answer: &Answer) -> bool {
    is_ok(answer) && answer.body.matches("\"email\"").count() == 1
}

fn is_full_page(answer: &Answer) -> bool {
    is_ok(answer) && answer.body.contains("\"next_cursor\"")
}
