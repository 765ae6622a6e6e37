//! Every table there is, and what becomes of its rows when they leave their database.

/// What becomes of the rows of a table.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate {
    /// They mean the same in any database and at any time.
    Kept,
    /// They belong to a moment. A move takes them along; a restore, which comes later, removes with this
    /// statement what would let somebody in or be sent a second time.
    Passing(&'static str),
    /// Like these, and every start makes some: with them alone a database is not yet in use.
    Renewed(&'static str),
    /// They are about the database itself and never leave it.
    Local,
}

/// Whoever is referred to stands before whoever refers. A promise of the storage contract holds this list
/// against the schema.
pub(super) const TABLES: &[(&str, Fate)] = &[
    ("schema_migrations", Fate::Local),
    ("accounts", Fate::Kept),
    // Links in mails already sent would open again, with whatever password waited behind them.
    ("registrations", Fate::Passing("DELETE FROM registrations")),
    ("email_changes", Fate::Passing("DELETE FROM email_changes")),
    ("codes", Fate::Passing("DELETE FROM codes")),
    ("sessions", Fate::Passing("DELETE FROM sessions")),
    // What was due then has been sent since, or is about something that is over.
    (
        "outbox",
        Fate::Passing("DELETE FROM outbox WHERE state IN ('due', 'leased')"),
    ),
    // Access tokens end with them, also where others verify them. They follow from the secret besides, which
    // may be another one now.
    ("signing_keys", Fate::Renewed("DELETE FROM signing_keys")),
    ("counters", Fate::Kept),
    ("events", Fate::Kept),
    ("link_plans", Fate::Kept),
    // A device goes with its session.
    ("link_devices", Fate::Passing("DELETE FROM link_devices")),
    ("link_usage", Fate::Kept),
    ("link_runs", Fate::Kept),
    ("link_reports", Fate::Kept),
];

/// The tables whose rows are copied.
pub(super) fn copied() -> impl DoubleEndedIterator<Item = &'static str> {
    TABLES
        .iter()
        .filter(|(_, fate)| !matches!(fate, Fate::Local))
        .map(|(name, _)| *name)
}

/// Whether a row of this table says that the database is in use.
pub(super) fn tells_of_use(table: &str) -> bool {
    let fate = TABLES
        .iter()
        .find(|(name, _)| *name == table)
        .map(|(_, fate)| fate);
    matches!(fate, Some(Fate::Kept | Fate::Passing(_)))
}
