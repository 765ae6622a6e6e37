//! Accounts that come from somewhere else, with the password hashes they had there.

use usher_accounts::email::EmailAddress;
use usher_accounts::hash::{self, HashError};
use usher_accounts::id::PersonId;
use usher_accounts::role::Role;
use usher_accounts::username::Username;
use usher_store::accounts::{self, NewAccount};
use usher_store::sessions;

use crate::{Trouble, Usher};

/// A hash that a sign-in can be compared with.
pub struct ForeignHash(String);

impl ForeignHash {
    /// Refuses what no sign-in could be compared with, or only at a cost that would be an attack.
    pub fn parse(text: String) -> Result<Self, HashError> {
        hash::is_readable(&text).map(|()| Self(text))
    }
}

impl std::fmt::Debug for ForeignHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// Somebody who had an account elsewhere.
#[derive(Debug)]
pub struct Newcomer {
    /// The address.
    pub email: EmailAddress,
    /// The name.
    pub username: Option<Username>,
    /// The password, as it was kept there. The first sign-in replaces it by a hash of ours.
    pub password: ForeignHash,
    /// What they may do to others.
    pub role: Role,
    /// Whether the address counts as proven; no mail is sent either way.
    pub verified: bool,
}

/// What became of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// There is an account now.
    Made,
    /// The address has an account already, which stays as it is.
    Known,
    /// Somebody else has the name.
    UsernameTaken,
}

impl Usher {
    /// Makes the accounts, in one transaction. Registrations that wait for their addresses go.
    pub async fn import(&self, people: &[Newcomer]) -> Result<Vec<Arrival>, Trouble> {
        let now = self.now();
        let (mut arrivals, mut ended) = (Vec::with_capacity(people.len()), Vec::new());
        let mut tx = self.db.begin().await?;
        for one in people {
            let account = NewAccount {
                id: PersonId::mint(now, &*self.dice),
                email: one.email.as_typed().to_owned(),
                email_key: one.email.key().to_owned(),
                username: one.username.as_ref().map(|name| name.as_str().to_owned()),
                username_key: one.username.as_ref().map(|name| name.key().to_owned()),
                password_hash: one.password.0.clone(),
                role: one.role,
                verified_at: one.verified.then_some(now),
                mail_sent_at: None,
                created_at: now,
            };
            if !accounts::insert(&mut tx, &account, now).await? {
                let known = accounts::email_in_use(&mut tx, &account.email_key).await?;
                arrivals.push(if known {
                    Arrival::Known
                } else {
                    Arrival::UsernameTaken
                });
                continue;
            }
            ended.extend(sessions::end_all_for_email(&mut tx, &account.email_key).await?);
            self.drop_registrations(&mut tx, &account.email_key).await?;
            let how = Some("imported".to_owned());
            self.note(&mut tx, "account.created", account.id, how).await?;
            arrivals.push(Arrival::Made);
        }
        tx.commit().await?;
        self.forget(&ended);
        Ok(arrivals)
    }
}
