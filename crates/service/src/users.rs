//! Other people's accounts: what administrators do, and what owners do to their own as a whole.

use usher_accounts::email::EmailAddress;
use usher_accounts::id::PersonId;
use usher_accounts::password::Password;
use usher_accounts::role::Role;
use usher_accounts::username::Username;
use usher_store::accounts::{self, NewAccount};
use usher_store::events::{self, Event};
use usher_store::sessions::{self, Session, Signed};

use crate::hashing::Lane;
use crate::profile::{ChangeError, Profile};
use crate::{Trouble, Usher};

/// Accounts shown on one page at the most.
pub const MOST_PER_PAGE: i64 = 200;

/// An account made by an administrator.
#[derive(Debug)]
pub struct NewUser {
    /// Its address.
    pub email: EmailAddress,
    /// Its name.
    pub username: Option<Username>,
    /// Its password.
    pub password: Password,
    /// What it may do to others.
    pub role: Role,
    /// Whether its address counts as proven; no mail is sent either way.
    pub verified: bool,
}

/// Everything stored about a person.
#[derive(Debug)]
pub struct Export {
    /// Their account.
    pub profile: Profile,
    /// Their live sessions.
    pub sessions: Vec<Session>,
    /// What happened to their account.
    pub events: Vec<Event>,
}

impl Usher {
    /// The profile of a person: one's own, or anybody's for an administrator. Of people who are not
    /// theirs to see, others do not learn whether they exist.
    pub async fn view(&self, caller: &Signed, id: PersonId) -> Result<Profile, ChangeError> {
        if caller.person_id == id {
            return Ok(caller.into());
        }
        self.must_be_admin(caller)?;
        let account = accounts::by_id(&self.db, id, self.now()).await?;
        account.map(Profile::from).ok_or(ChangeError::NotFound)
    }

    /// A page of accounts, oldest first; administrators only.
    pub async fn list_users(
        &self,
        caller: &Signed,
        after: Option<PersonId>,
        search: &str,
        limit: i64,
    ) -> Result<Vec<Profile>, ChangeError> {
        self.must_be_admin(caller)?;
        Ok(self.all_users(after, search, limit).await?)
    }

    /// A page of accounts, oldest first. Whoever asks for a whole address means it: where it has an account,
    /// that one alone is found, by its index.
    pub async fn all_users(
        &self,
        after: Option<PersonId>,
        search: &str,
        limit: i64,
    ) -> Result<Vec<Profile>, Trouble> {
        if let Ok(address) = EmailAddress::parse(search)
            && let Some(found) = self.user_by_email(&address).await?
        {
            let is_later = after.is_none_or(|after| found.id > after);
            return Ok(is_later.then_some(found).into_iter().collect());
        }
        let limit = limit.clamp(1, MOST_PER_PAGE);
        let page = accounts::page(&self.db, after, search, limit, self.now()).await?;
        Ok(page.into_iter().map(Profile::from).collect())
    }

    /// Makes an account on behalf of an administrator.
    pub async fn create_user(&self, caller: &Signed, new: NewUser) -> Result<Profile, ChangeError> {
        self.must_be_admin(caller)?;
        self.add_user(new).await
    }

    /// Makes an account. Registrations that wait for its address go.
    pub async fn add_user(&self, new: NewUser) -> Result<Profile, ChangeError> {
        let now = self.now();
        let name = new.username.as_ref().map(Username::as_str);
        let hash = self
            .hash_chosen(Lane::Register, new.password, &new.email, name, self.dice.bytes())
            .await?;
        let account = NewAccount {
            id: PersonId::mint(now, &*self.dice),
            email: new.email.as_typed().to_owned(),
            email_key: new.email.key().to_owned(),
            username: new.username.as_ref().map(|name| name.as_str().to_owned()),
            username_key: new.username.as_ref().map(|name| name.key().to_owned()),
            password_hash: hash,
            role: new.role,
            verified_at: new.verified.then_some(now),
            mail_sent_at: None,
            created_at: now,
        };
        let mut tx = self.db.begin().await?;
        if !accounts::insert(&mut tx, &account, now).await? {
            let taken = accounts::email_in_use(&mut tx, &account.email_key).await?;
            return Err(if taken {
                ChangeError::EmailTaken
            } else {
                ChangeError::UsernameTaken
            });
        }
        let ended = sessions::end_all_for_email(&mut tx, &account.email_key).await?;
        self.drop_registrations(&mut tx, &account.email_key).await?;
        self.note(&mut tx, "account.created", account.id, None).await?;
        let made = accounts::by_id(&mut tx, account.id, now)
            .await?
            .ok_or(ChangeError::NotFound)?;
        tx.commit().await?;
        self.forget(&ended);
        Ok(made.into())
    }

    /// Deletes an account with all that belongs to it: its verified owner, or an administrator.
    pub async fn delete_user(&self, caller: &Signed, id: PersonId) -> Result<(), ChangeError> {
        if caller.verified_at.is_none() {
            return Err(ChangeError::NotVerified);
        }
        self.may_write(caller, id)?;
        self.remove_user(id).await
    }

    /// Deletes an account with all that belongs to it.
    pub async fn remove_user(&self, id: PersonId) -> Result<(), ChangeError> {
        let mut tx = self.db.begin().await?;
        let ended = sessions::end_all(&mut tx, id).await?;
        self.drop_email_change(&mut tx, id).await?;
        if !accounts::delete(&mut tx, id).await? {
            return Err(ChangeError::NotFound);
        }
        self.note(&mut tx, "account.deleted", id, None).await?;
        tx.commit().await?;
        self.forget(&ended);
        Ok(())
    }

    /// Everything stored about a person: the owner, or an administrator.
    pub async fn export(&self, caller: &Signed, id: PersonId) -> Result<Export, ChangeError> {
        self.may_write(caller, id)?;
        let profile = self.view(caller, id).await?;
        Ok(self.all_about(profile).await?)
    }

    /// Everything stored about this person.
    pub async fn all_about(&self, profile: Profile) -> Result<Export, Trouble> {
        Ok(Export {
            sessions: self.list_sessions(profile.id).await?,
            events: events::of_person(&self.db, profile.id).await?,
            profile,
        })
    }

    /// Gives an account a role; for the command line.
    pub async fn promote(&self, email: &EmailAddress, role: Role) -> Result<Profile, ChangeError> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let account = accounts::by_email(&mut tx, email.key(), now)
            .await?
            .ok_or(ChangeError::NotFound)?;
        accounts::set_role(&mut tx, account.id, role, now).await?;
        self.note(
            &mut tx,
            "account.role_changed",
            account.id,
            Some(role.as_str().to_owned()),
        )
        .await?;
        tx.commit().await?;
        self.forget_person(account.id).await?;
        Ok(Profile {
            role,
            ..account.into()
        })
    }

    /// Marks an account as proven; for the command line.
    pub async fn mark_verified(&self, email: &EmailAddress) -> Result<Profile, ChangeError> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let account = accounts::by_email(&mut tx, email.key(), now)
            .await?
            .ok_or(ChangeError::NotFound)?;
        if accounts::set_verified(&mut tx, account.id, now).await? {
            self.note(&mut tx, "account.verified", account.id, None).await?;
        }
        let changed = accounts::by_id(&mut tx, account.id, now)
            .await?
            .ok_or(ChangeError::NotFound)?;
        tx.commit().await?;
        self.forget_person(account.id).await?;
        Ok(changed.into())
    }

    /// Ends every session of an account and lets nobody sign in to it, or lets its owner again; for the
    /// command line.
    pub async fn set_disabled(&self, email: &EmailAddress, disabled: bool) -> Result<Profile, ChangeError> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let account = accounts::by_email(&mut tx, email.key(), now)
            .await?
            .ok_or(ChangeError::NotFound)?;
        let since = disabled.then(|| account.disabled_at.unwrap_or(now));
        let mut ended = Vec::new();
        if since != account.disabled_at {
            // The account first, as sign-ins take them: one that is under way is over before its session is ended.
            accounts::set_disabled(&mut tx, account.id, since, now).await?;
            let kind = if disabled {
                "account.disabled"
            } else {
                "account.enabled"
            };
            self.note(&mut tx, kind, account.id, None).await?;
        }
        if disabled {
            ended = sessions::end_all(&mut tx, account.id).await?;
            self.drop_email_change(&mut tx, account.id).await?;
        }
        tx.commit().await?;
        self.forget(&ended);
        Ok(Profile {
            disabled_at: since,
            ..account.into()
        })
    }

    /// The account with this address; for the command line.
    pub async fn user_by_email(&self, email: &EmailAddress) -> Result<Option<Profile>, Trouble> {
        Ok(accounts::by_email(&self.db, email.key(), self.now())
            .await?
            .map(Profile::from))
    }

    /// Refuses everybody but verified administrators.
    pub fn must_be_admin(&self, caller: &Signed) -> Result<(), ChangeError> {
        if caller.verified_at.is_none() && self.asks_for_proof() {
            return Err(ChangeError::NotVerified);
        }
        if caller.role != Role::Admin {
            return Err(ChangeError::Forbidden);
        }
        Ok(())
    }
}
