//! Activation: the registration becomes the account, and everything older than the proof goes.

use usher_accounts::email::EmailAddress;
use usher_accounts::role::Role;
use usher_store::accounts::{self, NewAccount};
use usher_store::registrations::{self, Registration};
use usher_store::sessions::{self, Owner};
use usher_store::{Tx, codes, email_changes, outbox};

use crate::outbox::MailKind;
use crate::verify::{Verified, VerifyError};
use crate::{Trouble, Usher};

impl Usher {
    /// Makes the account. Of any number of callers with the same proof one gets through; the others
    /// hear what they would have heard a moment later.
    pub(crate) async fn activate(&self, from: &Registration) -> Result<Verified, VerifyError> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        // The budget before the code, as guesses take them: in another order PostgreSQL ends one of two.
        self.take_code_back(&mut tx, &from.email_key).await?;
        // Ends of sessions first: deleting their owner would take them along unnamed.
        let ended = sessions::end_all_for_email(&mut tx, &from.email_key).await?;
        if !registrations::take(&mut tx, from.id, now).await? {
            return Err(VerifyError::CodeInvalid);
        }
        self.drop_registrations(&mut tx, &from.email_key).await?;
        codes::delete(&mut tx, from.id.as_bytes()).await?;
        outbox::discard_waiting(&mut tx, from.id.as_bytes()).await?;
        let mut new = NewAccount {
            id: from.id,
            email: from.email.clone(),
            email_key: from.email_key.clone(),
            username: from.username.clone(),
            username_key: from.username_key.clone(),
            password_hash: from.password_hash.clone(),
            role: Role::User,
            verified_at: Some(now),
            mail_sent_at: from.mail_sent_at,
            created_at: from.created_at,
        };
        if let Some(key) = &from.username_key
            && accounts::username_in_use(&mut tx, key).await?
        {
            // The name went to somebody who proved an address sooner; the mailbox is proven all the same.
            (new.username, new.username_key) = (None, None);
        }
        if !accounts::insert(&mut tx, &new, now).await? {
            // A decoy's code was guessed, or an administrator made the account meanwhile.
            return Err(VerifyError::CodeInvalid);
        }
        self.note(&mut tx, "account.verified", from.id, None).await?;
        let mail = self
            .enqueue(
                &mut tx,
                MailKind::Confirmation,
                *from.id.as_bytes(),
                &from.email,
                None,
            )
            .await?;
        tx.commit().await?;
        self.ring(Some(mail));
        self.forget(&ended);
        tracing::info!(person = %from.id, address = %self.log_name(&from.email_key), "verified");
        Ok(Verified {
            owner: Owner::Account(from.id),
            email_key: from.email_key.clone(),
        })
    }

    /// Removes every registration that waits for this address, with its codes and mails.
    pub(crate) async fn drop_registrations(&self, tx: &mut Tx, email_key: &str) -> Result<(), Trouble> {
        for id in registrations::take_siblings(tx, email_key).await? {
            codes::delete(tx, id.as_bytes()).await?;
            outbox::discard_waiting(tx, id.as_bytes()).await?;
        }
        Ok(())
    }

    /// Carries out a change of address whose code was right.
    pub(crate) async fn change_email(
        &self,
        change: &email_changes::EmailChange,
    ) -> Result<Verified, VerifyError> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        self.take_code_back(&mut tx, &change.email_key).await?;
        if !email_changes::take(&mut tx, change.id, now).await? {
            return Err(VerifyError::CodeInvalid);
        }
        let Some(before) = accounts::by_id(&mut tx, change.account_id, now).await? else {
            return Err(VerifyError::CodeInvalid);
        };
        match accounts::set_email(&mut tx, change.account_id, &change.email, &change.email_key, now).await {
            Err(usher_store::StoreError::Taken) => return Err(VerifyError::EmailTaken),
            other => other?,
        }
        codes::delete(&mut tx, change.id.as_bytes()).await?;
        outbox::discard_waiting(&mut tx, change.id.as_bytes()).await?;
        self.note(&mut tx, "account.email_changed", change.account_id, None)
            .await?;
        let masked = mask(&EmailAddress::from_stored(&change.email, &change.email_key));
        let owner = *change.account_id.as_bytes();
        let mail = self
            .enqueue(
                &mut tx,
                MailKind::EmailChanged,
                owner,
                &before.email,
                Some(&masked),
            )
            .await?;
        tx.commit().await?;
        self.ring(Some(mail));
        self.forget_person(change.account_id).await?;
        Ok(Verified {
            owner: Owner::Account(change.account_id),
            email_key: change.email_key.clone(),
        })
    }
}

/// `a***@example.org`: enough for the owner to know it, too little for anyone else.
fn mask(email: &EmailAddress) -> String {
    let first = email.as_typed().chars().next().unwrap_or('*');
    format!("{first}***@{}", email.domain())
}
