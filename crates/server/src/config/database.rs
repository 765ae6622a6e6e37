//! Which database, and how to reach it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use url::Url;
use zeroize::Zeroizing;

use super::kind::text_kind;

/// How far TLS goes; without one of them it is used where the server offers it.
const SSL_MODES: [&str; 5] = ["disable", "prefer", "require", "verify-ca", "verify-full"];

/// The database. Its password is neither shown nor logged.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file.
    Sqlite(PathBuf),
    /// A PostgreSQL connection string, with its password.
    Postgres(Zeroizing<String>),
}

impl FromStr for DatabaseUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            return sqlite(path.strip_prefix("//").unwrap_or(path));
        }
        let url = Url::parse(text).map_err(|_| "it is no URL")?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err("its scheme is neither sqlite nor postgres");
        }
        for (name, value) in url.query_pairs() {
            if matches!(&*name, "sslmode" | "ssl-mode") && !SSL_MODES.contains(&&*value) {
                return Err("its sslmode is none of disable, prefer, require, verify-ca, verify-full");
            }
        }
        Ok(Self::Postgres(Zeroizing::new(text.to_owned())))
    }
}

fn sqlite(path: &str) -> Result<DatabaseUrl, &'static str> {
    if path.is_empty() || path.starts_with(':') {
        return Err("SQLite needs the path of a file");
    }
    if path.contains(['?', '\0']) {
        return Err("SQLite takes a path and no parameters");
    }
    Ok(DatabaseUrl::Sqlite(PathBuf::from(path)))
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => f.write_str(&masked(url)),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A URL with everything masked that can hold a password: the user part's and the parameters'.
pub(super) fn masked(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else {
        return "***".to_owned();
    };
    if url.password().is_some() && url.set_password(Some("***")).is_err() {
        return "***".to_owned();
    }
    let hidden = |name: &str| name.to_ascii_lowercase().contains("pass");
    if url.query_pairs().any(|(name, _)| hidden(&name)) {
        url.set_query(Some("***"));
    }
    url.to_string()
}

text_kind!(
    DatabaseUrl,
    allowed: "\"sqlite:PATH\" or \"postgres://user:password@host/name\"",
    example: "postgres://usher:password@db.example.org/usher",
    secret: true
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_are_read() {
        for text in ["sqlite:data/usher.db", "sqlite://data/usher.db"] {
            assert_eq!(
                text.parse(),
                Ok(DatabaseUrl::Sqlite("data/usher.db".into())),
                "{text}"
            );
        }
        assert_eq!(
            "sqlite:///var/usher.db".parse(),
            Ok(DatabaseUrl::Sqlite("/var/usher.db".into()))
        );
        let url = "postgresql://u:p@h:5433/d?sslmode=require";
        assert_eq!(
            url.parse(),
            Ok(DatabaseUrl::Postgres(Zeroizing::new(url.to_owned())))
        );
    }

    #[test]
    fn what_is_no_database_is_refused() {
        for text in [
            "",
            "usher.db",
            "mysql://h/d",
            "sqlite:",
            "sqlite::memory:",
            "sqlite:a?mode=memory",
            "postgres://h/d?sslmode=allow",
            "postgres://h/d?sslmode=verify",
        ] {
            assert!(text.parse::<DatabaseUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn t16_the_password_is_not_shown() {
        for url in [
            "postgres://u:hunter2@h/d",
            "postgres://u@h/d?password=hunter2",
            "postgres:///d?pgPass=hunter2",
        ] {
            let url: DatabaseUrl = url.parse().unwrap();
            assert!(!format!("{url} {url:?}").contains("hunter2"), "{url}");
        }
    }
}
