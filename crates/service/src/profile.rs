//! A person's own data: what is shown of it, and changing it.

use usher_accounts::email::EmailAddress;
use usher_accounts::id::{ChangeId, OutboxId, PersonId, SessionId};
use usher_accounts::password::Password;
use usher_accounts::role::Role;
use usher_accounts::time::Timestamp;
use usher_accounts::username::Username;
use usher_store::accounts::{self, Account};
use usher_store::email_changes::{self, EmailChange};
use usher_store::sessions::{self, Signed};
use usher_store::{StoreError, Tx, codes, outbox};

use crate::choose::ChooseError;
use crate::client::Client;
use crate::hashing::Lane;
use crate::outbox::MailKind;
use crate::{Trouble, Usher};

/// A person as shown to themselves and to administrators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// One id for life.
    pub id: PersonId,
    /// As typed.
    pub email: String,
    /// The name shown to others.
    pub username: Option<String>,
    /// What the person may do to others.
    pub role: Role,
    /// When the address was proven.
    pub verified_at: Option<Timestamp>,
    /// When the last verification mail left.
    pub mail_sent_at: Option<Timestamp>,
    /// When the account, or else the registration, came to be.
    pub created_at: Timestamp,
    /// Since when the person may not sign in.
    pub disabled_at: Option<Timestamp>,
    /// An address waiting for its code.
    pub pending_email: Option<String>,
}

impl From<&Signed> for Profile {
    fn from(signed: &Signed) -> Self {
        Self {
            id: signed.person_id,
            email: signed.email.clone(),
            username: signed.username.clone(),
            role: signed.role,
            verified_at: signed.verified_at,
            mail_sent_at: signed.mail_sent_at,
            created_at: signed.created_at,
            // Whoever is signed in is not disabled.
            disabled_at: None,
            pending_email: signed.pending_email.clone(),
        }
    }
}

impl From<Account> for Profile {
    fn from(account: Account) -> Self {
        Self {
            id: account.id,
            email: account.email,
            username: account.username,
            role: account.role,
            verified_at: account.verified_at,
            mail_sent_at: account.mail_sent_at,
            created_at: account.created_at,
            disabled_at: account.disabled_at,
            pending_email: account.pending_email,
        }
    }
}

/// What is to change; what is `None` stays.
#[derive(Debug, Default)]
pub struct Changes {
    /// A new name.
    pub username: Option<Username>,
    /// A new address: waits for its own code.
    pub email: Option<EmailAddress>,
    /// A new password, not yet measured against the policy.
    pub password: Option<String>,
    /// The password as it is; needed for a new address or password of one's own.
    pub current_password: Option<Password>,
    /// A new role; administrators only.
    pub role: Option<Role>,
}

/// Why a profile was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// The caller may not do that.
    #[error("the caller may not do that")]
    Forbidden,
    /// The address must be proven first.
    #[error("the address is not verified")]
    NotVerified,
    /// The current password is wrong or missing.
    #[error("the current password is wrong")]
    CurrentPasswordWrong,
    /// The new password is too weak.
    #[error(transparent)]
    WeakPassword(#[from] usher_accounts::password::PasswordError),
    /// The address belongs to somebody else.
    #[error("the address belongs to an account")]
    EmailTaken,
    /// The username belongs to somebody else.
    #[error("the username belongs to an account")]
    UsernameTaken,
    /// Anything else.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl From<ChooseError> for ChangeError {
    fn from(error: ChooseError) -> Self {
        match error {
            ChooseError::Weak(error) => Self::WeakPassword(error),
            ChooseError::Trouble(trouble) => Self::Trouble(trouble),
        }
    }
}

impl From<StoreError> for ChangeError {
    fn from(error: StoreError) -> Self {
        Self::Trouble(error.into())
    }
}

impl Usher {
    /// Changes an account, on behalf of its owner or of an administrator.
    pub async fn change(
        &self,
        caller: &Signed,
        id: PersonId,
        changes: Changes,
        client: &Client,
    ) -> Result<Profile, ChangeError> {
        self.may_write(caller, id)?;
        let now = self.now();
        let account = accounts::by_id(&self.db, id, now)
            .await?
            .ok_or(ChangeError::NotFound)?;
        let own = caller.person_id == id;
        if changes.role.is_some_and(|role| role != account.role) && caller.role != Role::Admin {
            return Err(ChangeError::Forbidden);
        }
        let email = changes.email.filter(|email| email.as_typed() != account.email);
        if own && (email.is_some() || changes.password.is_some()) {
            let current = changes
                .current_password
                .ok_or(ChangeError::CurrentPasswordWrong)?;
            if !self.is_password_of(&account, current, client).await? {
                return Err(ChangeError::CurrentPasswordWrong);
            }
        }
        let hash = match changes.password {
            Some(text) => Some(self.hash_new(text, &account).await?),
            None => None,
        };
        let mut tx = self.db.begin().await?;
        let mut ended = Vec::new();
        if let Some(name) = &changes.username {
            self.set_username(&mut tx, id, name).await?;
        }
        if let Some(role) = changes.role {
            accounts::set_role(&mut tx, id, role, now).await?;
        }
        if let Some(hash) = hash {
            let keep = own.then_some(caller.id);
            ended = self.set_password(&mut tx, id, &hash, keep).await?;
        }
        let mut mail = None;
        if let Some(email) = &email {
            mail = self.start_email_change(&mut tx, &account, email).await?;
        }
        let after = accounts::by_id(&mut tx, id, now)
            .await?
            .ok_or(ChangeError::NotFound)?;
        tx.commit().await?;
        self.ring(mail);
        self.forget(&ended);
        self.forget_person(id).await?;
        Ok(after.into())
    }

    /// Whether the caller may change this person: their own verified account, or an administrator's hand.
    pub(crate) fn may_write(&self, caller: &Signed, id: PersonId) -> Result<(), ChangeError> {
        if caller.verified_at.is_none() && self.asks_for_proof() {
            return Err(ChangeError::NotVerified);
        }
        if caller.person_id != id && caller.role != Role::Admin {
            return Err(ChangeError::Forbidden);
        }
        Ok(())
    }

    /// False where accounts come unverified and stay so.
    pub fn asks_for_proof(&self) -> bool {
        self.policy.verification == crate::policy::Verification::Required
    }

    async fn hash_new(&self, text: String, account: &Account) -> Result<String, ChangeError> {
        let email = EmailAddress::from_stored(&account.email, &account.email_key);
        let username = account
            .username
            .as_deref()
            .and_then(|name| Username::parse(name).ok());
        let password = Password::chosen(text, &email, username.as_ref())?;
        let name = account.username.as_deref();
        Ok(self
            .hash_chosen(Lane::SignIn, password, &email, name, self.dice.bytes())
            .await?)
    }

    async fn set_username(&self, tx: &mut Tx, id: PersonId, name: &Username) -> Result<(), ChangeError> {
        let pair = Some((name.as_str(), name.key()));
        accounts::set_username(tx, id, pair, self.now())
            .await
            .map_err(|error| match error {
                StoreError::Taken => ChangeError::UsernameTaken,
                other => other.into(),
            })
    }

    /// A new password ends every session but the one it was set in, and any change of address under way.
    async fn set_password(
        &self,
        tx: &mut Tx,
        id: PersonId,
        hash: &str,
        keep: Option<SessionId>,
    ) -> Result<Vec<SessionId>, Trouble> {
        accounts::set_password(tx, id, hash, self.now()).await?;
        self.drop_email_change(tx, id).await?;
        self.note(tx, "account.password_changed", id, None).await?;
        Ok(match keep {
            Some(keep) => sessions::end_others(tx, id, keep).await?,
            None => sessions::end_all(tx, id).await?,
        })
    }

    async fn start_email_change(
        &self,
        tx: &mut Tx,
        account: &Account,
        email: &EmailAddress,
    ) -> Result<Option<OutboxId>, ChangeError> {
        if email.key() != account.email_key && accounts::email_in_use(&mut *tx, email.key()).await? {
            return Err(ChangeError::EmailTaken);
        }
        let now = self.now();
        self.drop_email_change(tx, account.id).await?;
        let change = EmailChange {
            id: ChangeId::mint(now, &*self.dice),
            account_id: account.id,
            email: email.as_typed().to_owned(),
            email_key: email.key().to_owned(),
            tag: self.tag(),
            created_at: now,
            expires_at: now + self.policy.pending_ttl,
        };
        email_changes::insert(tx, &change).await?;
        if !self.spend_mail(tx, &change.email_key).await? {
            return Ok(None);
        }
        let owner = *change.id.as_bytes();
        let mail = self
            .enqueue(tx, MailKind::EmailChange, owner, &change.email, None)
            .await?;
        Ok(Some(mail))
    }

    /// Forgets a change of address that was under way, with its codes and mails.
    pub(crate) async fn drop_email_change(&self, tx: &mut Tx, id: PersonId) -> Result<(), StoreError> {
        if let Some(old) = email_changes::take_of(tx, id).await? {
            codes::delete(tx, old.as_bytes()).await?;
            outbox::discard_waiting(tx, old.as_bytes()).await?;
        }
        Ok(())
    }
}
