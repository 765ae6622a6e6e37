//! People by the million, as rows: what the product would have written for each, their tokens and codes
//! included, without a hash for everybody.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use usher_accounts::code::{Code, Purpose};
use usher_accounts::dice::Dice;
use usher_accounts::hash::{HashScheme, Scratch, hash};
use usher_accounts::id::{OutboxId, PersonId, SessionId};
use usher_accounts::keys::{MacKeys, sha256};
use usher_accounts::password::Password;
use usher_accounts::refresh::RefreshToken;
use usher_accounts::time::Timestamp;

use crate::client::chance::Chance;
use crate::client::journey::{PASSWORD, Registered};
use crate::client::sql::Sql;

/// The time over which they have come.
const PAST: Duration = Duration::from_hours(6 * 24);
/// The time they have left.
const FUTURE: Duration = Duration::from_hours(24);
/// An odd number near 2³² divided by the golden ratio: multiplying by it scatters numbers.
const SCATTER: u32 = 0x9e37_79b1;

pub(super) const ACCOUNTS: &str =
    "accounts (id, email, email_key, password_hash, role, verified_at, created_at, updated_at)";
pub(super) const SESSIONS: &str =
    "sessions (id, account_id, device, ip, created_at, last_accessed_at, expires_at, refresh_hash)";
pub(super) const REGISTRATIONS: &str =
    "registrations (id, email, email_key, password_hash, handle_hash, source, tag, created_at, expires_at)";
pub(super) const CODES: &str = "codes (owner, mac, expires_at, attempts_left, minted_at)";
pub(super) const OUTBOX: &str = "outbox (id, kind, owner, recipient, state, due_at, tries, created_at)";

/// People of whom each number is one: an account and its session, or a registration that waits.
pub(super) struct Crowd {
    /// For the servers they belong to.
    pub(super) secret: String,
    keys: MacKeys,
    password_hash: String,
    seed: u64,
    now: Timestamp,
    /// How many accounts there are; their ages are spread over the past.
    accounts: u64,
}

/// What makes one of them different from the others.
#[derive(Clone, Copy)]
enum What {
    Account = 1,
    Session,
    Registration,
    Mail,
}

impl Crowd {
    /// A crowd nobody has met.
    pub(super) fn of(accounts: u64) -> Result<Self> {
        let seed = Chance::any_seed();
        let random = RandomState::new();
        let [one, two, three, four] = [1, 2, 3, 4].map(|part| random.hash_one(part));
        let secret = format!("{one:016x}{two:016x}{three:016x}{four:016x}");
        let password = Password::given(PASSWORD.to_owned()).context("no password")?;
        let scheme = HashScheme::default();
        let mut memory = Scratch::for_scheme(scheme);
        let password_hash = hash(&password, scheme, *b"sixteen salty by", &mut memory).context("no hash")?;
        Ok(Self {
            keys: MacKeys::derive(secret.as_bytes()),
            secret,
            password_hash,
            seed,
            now: now()?,
            accounts,
        })
    }

    /// The address of an account. Neighbours in time are no neighbours by name.
    pub(super) fn address(number: u64) -> String {
        format!("p{:08x}@crowd.example", (number as u32).wrapping_mul(SCATTER))
    }

    /// An account's row.
    pub(super) fn account(&self, number: u64, sql: &Sql) -> String {
        let (email, at) = (Self::address(number), self.came(number).micros());
        let (id, hash) = (sql.bytes(self.person(number).as_bytes()), &self.password_hash);
        format!("({id},'{email}','{email}','{hash}','user',{at},{at},{at})")
    }

    /// The id of an account.
    pub(super) fn person(&self, number: u64) -> PersonId {
        PersonId::mint(self.came(number), &self.dice(What::Account, number))
    }

    /// The row of a session; the account of the same number has it, or another where there are more
    /// sessions than accounts.
    pub(super) fn session(&self, number: u64, sql: &Sql) -> String {
        let owner = self.person(number % self.accounts.max(1));
        let (id, token) = self.first_token(number);
        let (at, end) = (self.came(number).micros(), (self.now + FUTURE).micros());
        let (id, owner, hash) = (
            sql.bytes(id.as_bytes()),
            sql.bytes(owner.as_bytes()),
            sql.bytes(&token.hash()),
        );
        format!("({id},{owner},'Firefox on Linux','127.0.0.1',{at},{at},{end},{hash})")
    }

    /// The refresh token of a session.
    pub(super) fn refresh_token(&self, number: u64) -> String {
        self.first_token(number).1.encode()
    }

    /// Who has registered, and waits.
    pub(super) fn registered(&self, number: u64) -> Registered {
        let id = PersonId::mint(self.now, &self.dice(What::Registration, number));
        Registered {
            email: format!("w{:08x}@crowd.example", (number as u32).wrapping_mul(SCATTER)),
            handle: format!("{id}.{}", handle_secret(number)),
            id: id.to_string(),
        }
    }

    /// The row of a registration; each came from an address of its own.
    pub(super) fn registration(&self, number: u64, sql: &Sql) -> Result<String> {
        let Registered { email, id, .. } = self.registered(number);
        let id: PersonId = id.parse().context("no id")?;
        let (at, end) = (self.now.micros(), (self.now + FUTURE).micros());
        let (id, handle) = (
            sql.bytes(id.as_bytes()),
            sql.bytes(&sha256(handle_secret(number).as_bytes())),
        );
        let hash = &self.password_hash;
        Ok(format!(
            "({id},'{email}','{email}','{hash}',{handle},'crowd {number}','mk7p',{at},{end})"
        ))
    }

    /// The row of a registration's code, and the code.
    pub(super) fn code(&self, number: u64, sql: &Sql) -> Result<(String, String)> {
        let person = self.registered(number);
        let id: PersonId = person.id.parse().context("no id")?;
        let digits = format!("{:04}", number % 10_000);
        let code = Code::parse(&digits).context("no code")?;
        let mac = code.mac(&self.keys, Purpose::Registration, id.as_bytes(), &person.email);
        let (at, end) = (self.now.micros(), (self.now + FUTURE).micros());
        let (owner, mac) = (sql.bytes(id.as_bytes()), sql.bytes(&mac));
        Ok((format!("({owner},{mac},{end},3,{at})"), digits))
    }

    /// The row of the mail that a registration waits for.
    pub(super) fn mail(&self, number: u64, sql: &Sql) -> Result<String> {
        let Registered { email, id, .. } = self.registered(number);
        let owner: PersonId = id.parse().context("no id")?;
        let id = OutboxId::mint(self.now, &self.dice(What::Mail, number));
        let at = self.now.micros();
        let (id, owner) = (sql.bytes(id.as_bytes()), sql.bytes(owner.as_bytes()));
        Ok(format!(
            "({id},'verification',{owner},'{email}','due',{at},0,{at})"
        ))
    }

    fn first_token(&self, number: u64) -> (SessionId, RefreshToken) {
        let dice = self.dice(What::Session, number);
        let id = SessionId::mint(self.came(number), &dice);
        (id, RefreshToken::mint(id, &self.keys, &dice))
    }

    /// They came one after the other, the last a moment ago.
    fn came(&self, number: u64) -> Timestamp {
        let left = self.accounts.saturating_sub(number) as f64 / self.accounts.max(1) as f64;
        self.now - PAST.mul_f64(left)
    }

    fn dice(&self, what: What, number: u64) -> Numbered {
        let seed = self.seed.wrapping_mul(what as u64 * 2 + 1);
        Numbered(Mutex::new(Chance::numbered(seed, number)))
    }
}

fn handle_secret(number: u64) -> String {
    format!("{number:032x}")
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is written here is dated as the server would have dated it"
)]
fn now() -> Result<Timestamp> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Ok(Timestamp::default() + since.context("no clock")?)
}

/// The dice of one of them: the same each time it is asked for.
struct Numbered(Mutex<Chance>);

impl Dice for Numbered {
    fn fill(&self, buffer: &mut [u8]) {
        let mut chance = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for byte in buffer {
            *byte = chance.byte();
        }
    }
}

impl fmt::Debug for Numbered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
