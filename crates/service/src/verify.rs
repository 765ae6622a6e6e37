//! Verifying an address: proof of the mailbox (a code, a link) and proof of the registrant (a handle,
//! the password, or coming from where the one registration was made). Somebody else may have
//! registered *your* address with *his* password; a code alone must not open his account for him.

use std::sync::Arc;
use std::time::Duration;

use usher_accounts::code::{Code, Purpose, Verdict};
use usher_accounts::email::EmailAddress;
use usher_accounts::id::{ChangeId, PersonId};
use usher_accounts::keys::{same, sha256};
use usher_accounts::link::{LinkToken, OpenedLink};
use usher_accounts::password::Password;
use usher_accounts::time::Timestamp;
use usher_store::email_changes::{self, EmailChange};
use usher_store::registrations::{self, Registration};
use usher_store::sessions::{Owner, Signed};
use usher_store::{StoreError, accounts, codes};

use crate::client::Client;
use crate::hashing::Lane;
use crate::log_in::Known;
use crate::policy::Plain;
use crate::{Trouble, Usher};

/// A verification that went through.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Whose address is proven now.
    pub owner: Owner,
    /// The address, as compared.
    pub email_key: String,
}

/// Why a verification did not go through.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The code is not right, or there is nothing for it to be right about.
    #[error("the code is not right")]
    CodeInvalid,
    /// The code's time is over.
    #[error("the code has expired")]
    CodeExpired,
    /// Too many wrong codes for this address; for so long only the link works.
    #[error("codes for this address are closed")]
    CodesClosed(Duration),
    /// The code is right, but nothing says who registered.
    #[error("it is not clear who registered")]
    Ambiguous,
    /// Address or password are wrong.
    #[error("address or password are wrong")]
    InvalidCredentials,
    /// There is nothing left to verify.
    #[error("the address is verified already")]
    AlreadyVerified,
    /// The new address went to somebody else meanwhile.
    #[error("the address belongs to an account")]
    EmailTaken,
    /// The link leads nowhere (any more).
    #[error("the link is not good")]
    LinkInvalid,
    /// Anything else.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl From<StoreError> for VerifyError {
    fn from(error: StoreError) -> Self {
        Self::Trouble(error.into())
    }
}

/// What the caller shows besides the code.
#[derive(Clone, Debug, Default)]
pub struct Proof<'a> {
    /// The handle from registration.
    pub handle: Option<&'a str>,
    /// The password.
    pub password: Option<Arc<Password>>,
    /// The session the request came with.
    pub caller: Option<&'a Signed>,
}

/// What a link is about.
#[derive(Debug)]
pub enum Linked {
    /// A registration.
    Registration(Registration),
    /// A change of address.
    Change(EmailChange),
}

impl Linked {
    const fn owner(&self) -> &[u8; 16] {
        match self {
            Self::Registration(row) => row.id.as_bytes(),
            Self::Change(row) => row.id.as_bytes(),
        }
    }

    /// The address it proves, as compared.
    pub fn email_key(&self) -> &str {
        match self {
            Self::Registration(row) => &row.email_key,
            Self::Change(row) => &row.email_key,
        }
    }

    /// The address it proves, as typed.
    pub fn email(&self) -> &str {
        match self {
            Self::Registration(row) => &row.email,
            Self::Change(row) => &row.email,
        }
    }

    const fn purpose(&self) -> Purpose {
        match self {
            Self::Registration(_) => Purpose::Registration,
            Self::Change(_) => Purpose::EmailChange,
        }
    }
}

/// What comparing a code with everything that waits came to.
enum Judged {
    Right(usize),
    Expired,
    Wrong,
}

impl Usher {
    /// Verifies by address and code.
    pub async fn verify_by_address(
        &self,
        email: &EmailAddress,
        code: &str,
        proof: &Proof<'_>,
        client: &Client,
    ) -> Result<Verified, VerifyError> {
        let waiting = self.waiting_for(email, proof.caller).await?;
        let proven = self.proven(&waiting, proof, client);
        if let Some(index) = proven {
            let one = &waiting[index..=index];
            return match self.judge(email.key(), one, code, client).await? {
                Judged::Right(_) => self.accept(&waiting[index]).await,
                Judged::Expired => Err(VerifyError::CodeExpired),
                Judged::Wrong => Err(VerifyError::CodeInvalid),
            };
        }
        // Without the second proof the code is compared all the same: only whoever holds the mailbox
        // learns that something waits here.
        match self.judge(email.key(), &waiting, code, client).await? {
            Judged::Right(_) => Err(VerifyError::Ambiguous),
            Judged::Expired | Judged::Wrong => Err(VerifyError::CodeInvalid),
        }
    }

    /// Verifies by address, password and code.
    pub async fn verify_by_password(
        &self,
        email: &EmailAddress,
        password: Password,
        code: &str,
        client: &Client,
    ) -> Result<Verified, VerifyError> {
        self.spend_sign_in(email.key(), client).await?;
        let mine = match self.known_by_password(email, &Arc::new(password)).await? {
            Known::Account(account) if account.verified_at.is_some() => {
                return Err(VerifyError::AlreadyVerified);
            }
            Known::Account(_) => return Err(VerifyError::CodeInvalid),
            Known::Registrations(rows) => rows,
            Known::Nobody => return Err(VerifyError::InvalidCredentials),
        };
        let mut tx = self.db.begin().await?;
        self.clear_sign_in(&mut tx, email.key(), client).await?;
        tx.commit().await?;
        let mine: Vec<Linked> = mine.into_iter().map(Linked::Registration).collect();
        match self.judge(email.key(), &mine, code, client).await? {
            Judged::Right(index) => self.accept(&mine[index]).await,
            Judged::Expired => Err(VerifyError::CodeExpired),
            Judged::Wrong => Err(VerifyError::CodeInvalid),
        }
    }

    /// Verifies by link. The link proves the mailbox; the code is asked for as well, unless so many
    /// wrong ones were tried for this address that codes are closed.
    pub async fn verify_by_link(
        &self,
        token: &str,
        code: Option<&str>,
        proof: &Proof<'_>,
        client: &Client,
    ) -> Result<Verified, VerifyError> {
        let linked = self.open_link(token).await?;
        let key = linked.email_key().to_owned();
        if !self.registrant(&linked, proof, client).await? {
            return Err(VerifyError::Ambiguous);
        }
        if self.codes_are_closed(&key).await? {
            return self.accept(&linked).await;
        }
        let one = std::slice::from_ref(&linked);
        match self.judge(&key, one, code.unwrap_or_default(), client).await? {
            Judged::Right(_) => self.accept(&linked).await,
            Judged::Expired => Err(VerifyError::CodeExpired),
            Judged::Wrong => Err(VerifyError::CodeInvalid),
        }
    }

    /// What a link is about. Looking changes nothing.
    pub async fn open_link(&self, token: &str) -> Result<Linked, VerifyError> {
        let opened: OpenedLink = LinkToken::open(token).ok_or(VerifyError::LinkInvalid)?;
        let now = self.now();
        let uuid = uuid::Uuid::from_bytes(opened.owner);
        let registration = registrations::live_by_id(&self.db, PersonId::from_uuid(uuid), now).await?;
        let linked = match registration {
            Some(row) => Some(Linked::Registration(row)),
            None => email_changes::live_by_id(&self.db, ChangeId::from_uuid(uuid), now)
                .await?
                .map(Linked::Change),
        };
        linked
            .filter(|linked| opened.holds(&self.keys, linked.purpose(), linked.email_key()))
            .ok_or(VerifyError::LinkInvalid)
    }

    /// The registration a handle belongs to.
    pub async fn registration_of(&self, id: PersonId, handle: &str) -> Result<Option<Registration>, Trouble> {
        let row = registrations::live_by_id(&self.db, id, self.now()).await?;
        Ok(row.filter(|row| holds(row, handle)))
    }

    /// Everything that waits for this address: registrations, and the caller's own change to it.
    async fn waiting_for(
        &self,
        email: &EmailAddress,
        caller: Option<&Signed>,
    ) -> Result<Vec<Linked>, VerifyError> {
        let now = self.now();
        let mut waiting = Vec::new();
        if let Some(caller) = caller.filter(|caller| caller.is_account) {
            let change = email_changes::of_account(&self.db, caller.person_id, now).await?;
            waiting.extend(
                change
                    .filter(|change| change.email_key == email.key())
                    .map(Linked::Change),
            );
        }
        let rows = registrations::live_by_email(&self.db, email.key(), now).await?;
        waiting.extend(rows.into_iter().map(Linked::Registration));
        Ok(waiting)
    }

    /// Which of them the caller has proven to be theirs.
    fn proven(&self, waiting: &[Linked], proof: &Proof<'_>, client: &Client) -> Option<usize> {
        let shown = waiting.iter().position(|one| shows(one, proof));
        shown.or_else(|| (waiting.len() == 1 && self.plain(waiting, client)).then_some(0))
    }

    fn plain(&self, waiting: &[Linked], client: &Client) -> bool {
        self.policy.plain == Plain::SameSource
            && matches!(waiting, [Linked::Registration(row)] if row.source == client.source)
    }

    async fn registrant(
        &self,
        linked: &Linked,
        proof: &Proof<'_>,
        client: &Client,
    ) -> Result<bool, VerifyError> {
        if shows(linked, proof) {
            return Ok(true);
        }
        let stored = match linked {
            Linked::Registration(row) => row.password_hash.clone(),
            Linked::Change(row) => match accounts::by_id(&self.db, row.account_id, self.now()).await? {
                Some(account) => account.password_hash,
                None => return Err(VerifyError::LinkInvalid),
            },
        };
        if let Some(password) = &proof.password {
            self.spend_sign_in(linked.email_key(), client).await?;
            if self
                .hashing
                .verify(Lane::SignIn, Arc::clone(password), stored)
                .await?
            {
                return Ok(true);
            }
            return Err(VerifyError::InvalidCredentials);
        }
        let email = EmailAddress::from_stored(linked.email(), linked.email_key());
        let waiting = self.waiting_for(&email, None).await?;
        Ok(self.plain(&waiting, client) && waiting[0].owner() == linked.owner())
    }

    /// Compares a code with all that wait. The attempts are paid for, and the payment is on disk,
    /// before the comparison.
    async fn judge(
        &self,
        email_key: &str,
        waiting: &[Linked],
        code: &str,
        client: &Client,
    ) -> Result<Judged, VerifyError> {
        self.spend_code_of_source(client)?;
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let closed = self.spend_code_of_address(&mut tx, email_key).await?;
        let mut paid = Vec::new();
        for one in waiting.iter().filter(|_| closed.is_none()) {
            paid.push(codes::spend(&mut tx, one.owner(), now).await?);
        }
        tx.commit().await?;
        if let Some(wait) = closed {
            return Err(VerifyError::CodesClosed(wait));
        }
        let Some(code) = Code::parse(code) else {
            return Ok(Judged::Wrong);
        };
        let mut judged = Judged::Wrong;
        for (index, (one, row)) in waiting.iter().zip(paid).enumerate() {
            let mac = code.mac(&self.keys, one.purpose(), one.owner(), one.email_key());
            match row {
                Some(row) => match row.codes().judge(&mac, now) {
                    Verdict::Right => {
                        self.take_code_of_source_back(client);
                        return Ok(Judged::Right(index));
                    }
                    Verdict::Expired => judged = Judged::Expired,
                    Verdict::Wrong => {}
                },
                None if self.is_over(one, now).await? => judged = Judged::Expired,
                None => {}
            }
        }
        Ok(judged)
    }

    /// Whether there were codes, and all of them were past their time when they were to be paid for. One
    /// that the worker made since was not there to be compared.
    async fn is_over(&self, one: &Linked, now: Timestamp) -> Result<bool, Trouble> {
        let row = codes::peek(&self.db, one.owner()).await?;
        Ok(row.is_some_and(|row| row.is_over(now)))
    }

    async fn accept(&self, linked: &Linked) -> Result<Verified, VerifyError> {
        match linked {
            Linked::Registration(row) => self.activate(row).await,
            Linked::Change(row) => self.change_email(row).await,
        }
    }
}

/// Whether the caller shows the handle, or is signed in as whoever this is about.
fn shows(linked: &Linked, proof: &Proof<'_>) -> bool {
    let caller = proof.caller;
    match linked {
        Linked::Registration(row) => {
            proof.handle.is_some_and(|handle| holds(row, handle))
                || caller.is_some_and(|caller| !caller.is_account && caller.person_id == row.id)
        }
        Linked::Change(row) => caller.is_some_and(|caller| caller.person_id == row.account_id),
    }
}

fn holds(row: &Registration, handle: &str) -> bool {
    same(&row.handle_hash, &sha256(handle.as_bytes()))
}
