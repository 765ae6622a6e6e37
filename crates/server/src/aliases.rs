//! Other names of the same handlers, for clients of the services Usher replaces. The whole table.

/// Alias and canonical path.
pub const ALIASES: [(&str, &str); 4] = [
    ("/register", "/auth/register"),
    ("/verify", "/auth/verify"),
    ("/login", "/auth/login"),
    ("/sessions/", "/sessions"),
];

/// The path an alias stands for.
pub fn canonical(path: &str) -> Option<&'static str> {
    ALIASES
        .iter()
        .find(|(alias, _)| *alias == path)
        .map(|(_, canonical)| *canonical)
}
