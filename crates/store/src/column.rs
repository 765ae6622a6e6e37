//! How the types of the rules are stored: ids as 16 bytes, times as integer microseconds, the rest as
//! itself. Both databases know these four column types and nothing else.

use sqlx::error::BoxDynError;
use usher_accounts::id::{ChangeId, EventId, OutboxId, PersonId, RunId, SessionId};
use usher_accounts::role::Role;
use usher_accounts::time::Timestamp;
use uuid::Uuid;

/// A value as a statement's argument.
pub(crate) trait Bind {
    /// What the driver gets.
    type Raw;
    fn raw(&self) -> Self::Raw;
}

/// A value read from a column.
pub(crate) trait Column: Sized {
    /// What the driver gives.
    type Raw;
    fn from_raw(raw: Self::Raw) -> Result<Self, BoxDynError>;
}

macro_rules! plain {
    ($($kind:ty),+) => {$(
        impl Bind for $kind {
            type Raw = $kind;
            fn raw(&self) -> $kind { self.clone() }
        }
        impl Column for $kind {
            type Raw = $kind;
            fn from_raw(raw: $kind) -> Result<Self, BoxDynError> { Ok(raw) }
        }
    )+};
}
plain!(String, i64, bool, Vec<u8>);

macro_rules! id {
    ($($kind:ty),+) => {$(
        impl Bind for $kind {
            type Raw = Vec<u8>;
            fn raw(&self) -> Vec<u8> { self.as_bytes().to_vec() }
        }
        impl Column for $kind {
            type Raw = Vec<u8>;
            fn from_raw(raw: Vec<u8>) -> Result<Self, BoxDynError> {
                Ok(Self::from_uuid(Uuid::from_slice(&raw)?))
            }
        }
    )+};
}
id!(PersonId, SessionId, OutboxId, EventId, ChangeId, RunId);

impl Bind for Timestamp {
    type Raw = i64;
    fn raw(&self) -> i64 {
        self.micros()
    }
}

impl Column for Timestamp {
    type Raw = i64;
    fn from_raw(raw: i64) -> Result<Self, BoxDynError> {
        Ok(Self::from_micros(raw))
    }
}

impl Bind for Role {
    type Raw = String;
    fn raw(&self) -> String {
        self.as_str().to_owned()
    }
}

impl Column for Role {
    type Raw = String;
    fn from_raw(raw: String) -> Result<Self, BoxDynError> {
        Ok(Self::from_stored(&raw))
    }
}

impl Bind for &str {
    type Raw = String;
    fn raw(&self) -> String {
        (*self).to_owned()
    }
}

impl Bind for &[u8] {
    type Raw = Vec<u8>;
    fn raw(&self) -> Vec<u8> {
        self.to_vec()
    }
}

impl<const N: usize> Bind for [u8; N] {
    type Raw = Vec<u8>;
    fn raw(&self) -> Vec<u8> {
        self.to_vec()
    }
}

impl<T: Bind> Bind for Option<T> {
    type Raw = Option<T::Raw>;
    fn raw(&self) -> Option<T::Raw> {
        self.as_ref().map(Bind::raw)
    }
}

impl<T: Column> Column for Option<T> {
    type Raw = Option<T::Raw>;
    fn from_raw(raw: Option<T::Raw>) -> Result<Self, BoxDynError> {
        raw.map(T::from_raw).transpose()
    }
}

/// A row read by column name, from either database.
macro_rules! row {
    (@from $row:ty, $name:ident { $($field:ident: $kind:ty,)+ }) => {
        impl<'r> sqlx::FromRow<'r, $row> for $name {
            fn from_row(row: &'r $row) -> sqlx::Result<Self> {
                Ok(Self { $($field: {
                    let raw: <$kind as crate::column::Column>::Raw =
                        sqlx::Row::try_get(row, stringify!($field))?;
                    <$kind as crate::column::Column>::from_raw(raw).map_err(|source| sqlx::Error::ColumnDecode {
                        index: stringify!($field).to_owned(),
                        source,
                    })?
                },)+ })
            }
        }
    };
    ($(#[$doc:meta])* $vis:vis struct $name:ident { $($(#[$field_doc:meta])* pub $field:ident: $kind:ty,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        $vis struct $name { $($(#[$field_doc])* pub $field: $kind,)+ }
        crate::column::row!(@from sqlx::sqlite::SqliteRow, $name { $($field: $kind,)+ });
        crate::column::row!(@from sqlx::postgres::PgRow, $name { $($field: $kind,)+ });
    };
}

pub(crate) use row;
