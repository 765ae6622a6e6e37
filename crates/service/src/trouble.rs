//! What can go wrong in any story, apart from its own refusals.

use std::time::Duration;

use usher_accounts::hash::HashError;
use usher_accounts::token::TokenError;
use usher_store::StoreError;

/// Why a story could not be told to its end.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// Too many asked; ask again after this long.
    #[error("too many requests")]
    TooMany(Duration),
    /// More work waits than can be done in good time; ask again after this long.
    #[error("busy")]
    Busy(Duration),
    /// Storage did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stored hash makes no sense, or the hasher failed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// A token could not be signed.
    #[error(transparent)]
    Token(#[from] TokenError),
}
