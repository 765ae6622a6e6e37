//! Registering: a row that waits for its proof, and the mail that asks for it, in one transaction.

use usher_accounts::email::EmailAddress;
use usher_accounts::id::{OutboxId, PersonId};
use usher_accounts::keys::sha256;
use usher_accounts::password::{Password, PasswordError};
use usher_accounts::role::Role;
use usher_accounts::time::Timestamp;
use usher_accounts::username::Username;
use usher_store::accounts::{self, NewAccount};
use usher_store::registrations::{self, Registration};
use usher_store::{StoreError, Tx};

use crate::choose::ChooseError;
use crate::client::Client;
use crate::hashing::Lane;
use crate::outbox::MailKind;
use crate::policy::{Existing, Verification};
use crate::{Trouble, Usher};

/// Letters of a tag: none that looks like another.
const TAG_LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz123456789";

/// What somebody registers with, parsed.
#[derive(Debug)]
pub struct Application {
    /// Their address.
    pub email: EmailAddress,
    /// Their name, if they gave one.
    pub username: Option<Username>,
    /// Their password.
    pub password: Password,
}

/// What the registrant gets.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The id the account will have.
    pub id: PersonId,
    /// The address as typed.
    pub email: String,
    /// Proof of being the registrant; a secret.
    pub handle: String,
    /// The word that page and mail both show.
    pub tag: String,
    /// When another mail may be asked for.
    pub resend_after: Timestamp,
    /// When the registration lapses.
    pub expires_at: Timestamp,
    /// False when accounts need no proof here.
    pub mailed: bool,
}

/// Why somebody could not register.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The address belongs to an account.
    #[error("the address belongs to an account")]
    EmailTaken,
    /// The username belongs to an account.
    #[error("the username belongs to an account")]
    UsernameTaken,
    /// The password is not strong enough, or got out elsewhere.
    #[error(transparent)]
    WeakPassword(#[from] PasswordError),
    /// Anything else.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl From<ChooseError> for RegisterError {
    fn from(error: ChooseError) -> Self {
        match error {
            ChooseError::Weak(error) => Self::WeakPassword(error),
            ChooseError::Trouble(trouble) => Self::Trouble(trouble),
        }
    }
}

impl From<StoreError> for RegisterError {
    fn from(error: StoreError) -> Self {
        Self::Trouble(error.into())
    }
}

impl Usher {
    /// Registers somebody. Where addresses are not to be revealed, an address that has an account is
    /// answered like a new one, and so is one that has too many registrations waiting.
    pub async fn register(
        &self,
        application: Application,
        client: &Client,
    ) -> Result<Registered, RegisterError> {
        self.spend_registration(client)?;
        self.hashing.room(Lane::Register)?;
        let Application {
            email,
            username,
            password,
        } = application;
        let taken = accounts::email_in_use(&self.db, email.key()).await?;
        if taken && self.policy.existing == Existing::Reveal {
            return Err(RegisterError::EmailTaken);
        }
        if let Some(name) = &username
            && accounts::username_in_use(&self.db, name.key()).await?
        {
            return Err(RegisterError::UsernameTaken);
        }
        let (name, salt) = (
            username.as_ref().map(Username::as_str),
            self.address_salt(email.key()),
        );
        let hash = self
            .hash_chosen(Lane::Register, password, &email, name, salt)
            .await?;
        let registered = self.prepare(&email);
        let row = self.row(&registered, &email, username.as_ref(), hash, client);
        let mut tx = self.db.begin().await?;
        let mail = match self.policy.verification {
            Verification::Off => {
                self.insert_account(&mut tx, row).await?;
                None
            }
            Verification::Required => self.insert_registration(&mut tx, &row, taken).await?,
        };
        tx.commit().await?;
        self.ring(mail);
        tracing::info!(person = %registered.id, address = %self.log_name(email.key()), "registered");
        Ok(registered)
    }

    fn prepare(&self, email: &EmailAddress) -> Registered {
        let now = self.now();
        Registered {
            id: PersonId::mint(now, &*self.dice),
            email: email.as_typed().to_owned(),
            handle: format!("{:032x}", u128::from_be_bytes(self.dice.bytes())),
            tag: self.tag(),
            resend_after: now + self.policy.resend_after,
            expires_at: now + self.policy.pending_ttl,
            mailed: self.policy.verification == Verification::Required,
        }
    }

    fn row(
        &self,
        registered: &Registered,
        email: &EmailAddress,
        username: Option<&Username>,
        password_hash: String,
        client: &Client,
    ) -> Registration {
        Registration {
            id: registered.id,
            email: registered.email.clone(),
            email_key: email.key().to_owned(),
            username: username.map(|name| name.as_str().to_owned()),
            username_key: username.map(|name| name.key().to_owned()),
            password_hash,
            handle_hash: sha256(registered.handle.as_bytes()).to_vec(),
            source: client.source.clone(),
            tag: registered.tag.clone(),
            created_at: self.now(),
            expires_at: registered.expires_at,
            mail_sent_at: None,
        }
    }

    /// A registration for an address that has an account is a decoy where that must not be seen: it
    /// behaves like any other, but its mail tells the owner and its code reaches nobody.
    async fn insert_registration(
        &self,
        tx: &mut Tx,
        row: &Registration,
        decoy: bool,
    ) -> Result<Option<OutboxId>, Trouble> {
        let inserted = registrations::insert(tx, row, self.policy.room, decoy).await?;
        if !inserted || !self.spend_mail(tx, &row.email_key).await? {
            return Ok(None);
        }
        let kind = if decoy {
            MailKind::AddressTaken
        } else {
            MailKind::Verification
        };
        let mail = self
            .enqueue(tx, kind, *row.id.as_bytes(), &row.email, None)
            .await?;
        Ok(Some(mail))
    }

    async fn insert_account(&self, tx: &mut Tx, row: Registration) -> Result<(), RegisterError> {
        let id = row.id;
        let new = NewAccount {
            id,
            email: row.email,
            email_key: row.email_key,
            username: row.username,
            username_key: row.username_key,
            password_hash: row.password_hash,
            role: Role::User,
            verified_at: None,
            mail_sent_at: None,
            created_at: row.created_at,
        };
        if !accounts::insert(tx, &new, self.now()).await? {
            return Err(RegisterError::EmailTaken);
        }
        Ok(self.note(tx, "account.created", id, None).await?)
    }

    pub(crate) fn tag(&self) -> String {
        let bytes: [u8; 4] = self.dice.bytes();
        bytes
            .iter()
            .map(|byte| char::from(TAG_LETTERS[usize::from(byte % 32)]))
            .collect()
    }
}
