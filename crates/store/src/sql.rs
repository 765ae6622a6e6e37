//! How a statement is written once and run on either database.

/// A statement in both dialects; most are the same text.
#[derive(Clone, Copy, Debug)]
pub struct Statement {
    /// `table::NAME`, for error messages and tests.
    pub name: &'static str,
    /// What SQLite gets.
    pub sqlite: &'static str,
    /// What PostgreSQL gets.
    pub postgres: &'static str,
}

/// Every statement of this crate, so that one test can prepare all of them on both databases.
pub fn all_statements() -> impl Iterator<Item = &'static Statement> {
    [
        crate::accounts::STATEMENTS,
        crate::codes::STATEMENTS,
        crate::counters::STATEMENTS,
        crate::email_changes::STATEMENTS,
        crate::events::STATEMENTS,
        crate::link::devices::STATEMENTS,
        crate::link::history::STATEMENTS,
        crate::link::plans::STATEMENTS,
        crate::outbox::STATEMENTS,
        crate::registrations::STATEMENTS,
        crate::sessions::STATEMENTS,
        crate::signing_keys::STATEMENTS,
    ]
    .into_iter()
    .flatten()
}

/// Names statements and lists them: `statements! { FIND = "…"; CLAIM = "…" pg "FOR UPDATE" "…"; }`.
/// The literal after a `pg` is for PostgreSQL alone.
macro_rules! statements {
    ($($name:ident = $($text:literal)+ $(pg $only:literal $($rest:literal)*)*;)+) => {
        $(const $name: $crate::sql::Statement = $crate::sql::Statement {
            name: concat!(module_path!(), "::", stringify!($name)),
            sqlite: concat!($($text,)+ $($($rest,)*)*),
            postgres: concat!($($text,)+ $($only, $($rest,)*)*),
        };)+
        pub(crate) const STATEMENTS: &[$crate::sql::Statement] = &[$($name),+];
    };
}

/// Runs a statement on whichever database `$on` is: `run!(on, fetch_optional Row, FIND, key)` or
/// `run!(on, execute, END, id)` for the number of rows changed.
macro_rules! run {
    ($on:expr, execute, $statement:expr $(, $bind:expr)* $(,)?) => {
        match $crate::tx::AsExec::into_exec($on) {
            $crate::tx::Exec::SqlitePool(e) => run!(@done sqlx::query($statement.sqlite), e $(, $bind)*),
            $crate::tx::Exec::SqliteConnection(e) => run!(@done sqlx::query($statement.sqlite), e $(, $bind)*),
            $crate::tx::Exec::PgPool(e) => run!(@done sqlx::query($statement.postgres), e $(, $bind)*),
            $crate::tx::Exec::PgConnection(e) => run!(@done sqlx::query($statement.postgres), e $(, $bind)*),
        }
    };
    ($on:expr, $how:ident $row:ty, $statement:expr $(, $bind:expr)* $(,)?) => {
        match $crate::tx::AsExec::into_exec($on) {
            $crate::tx::Exec::SqlitePool(e) => run!(@read $how $row, $statement.sqlite, e $(, $bind)*),
            $crate::tx::Exec::SqliteConnection(e) => run!(@read $how $row, $statement.sqlite, e $(, $bind)*),
            $crate::tx::Exec::PgPool(e) => run!(@read $how $row, $statement.postgres, e $(, $bind)*),
            $crate::tx::Exec::PgConnection(e) => run!(@read $how $row, $statement.postgres, e $(, $bind)*),
        }
    };
    (@done $query:expr, $exec:ident $(, $bind:expr)*) => {
        $query$(.bind($crate::column::Bind::raw(&$bind)))*.execute($exec).await
            .map(|done| done.rows_affected()).map_err($crate::StoreError::from)
    };
    (@read $how:ident $row:ty, $text:expr, $exec:ident $(, $bind:expr)*) => {
        sqlx::query_as::<_, $row>($text)$(.bind($crate::column::Bind::raw(&$bind)))*.$how($exec).await
            .map_err($crate::StoreError::from)
    };
}

pub(crate) use {run, statements};
