//! The file of an import: what stands in a line, and the person it is about. Reasons never repeat a
//! value; it could be a password's hash.

use serde_json::Value;
use usher_accounts::email::EmailAddress;
use usher_accounts::role::Role;
use usher_accounts::username::Username;
use usher_service::import::{ForeignHash, Newcomer};

/// What stands in a line, by name.
pub(super) type Fields = Vec<(String, String)>;

const KNOWN: &str = "email, password_hash, username, verified, role";

/// The lines that say something, with their numbers: JSON when the first one looks like it, else CSV.
pub(super) fn read(text: &str) -> Vec<(usize, Result<Fields, String>)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty());
    if text.trim_start().starts_with('{') {
        return lines.map(|(number, line)| (number, json(line))).collect();
    }
    let Some((number, header)) = lines.next() else {
        return Vec::new();
    };
    match cells(header) {
        Some(names) => lines.map(|(number, line)| (number, csv(&names, line))).collect(),
        None => vec![(number, Err("the header is no CSV".to_owned()))],
    }
}

/// The person a line is about.
pub(super) fn person(fields: &Fields, verified: bool) -> Result<Newcomer, String> {
    let (mut email, mut username, mut hash, mut role, mut proven) = (None, None, None, Role::User, verified);
    for (name, value) in fields {
        match name.as_str() {
            _ if value.is_empty() => {}
            "email" => email = Some(EmailAddress::parse(value).map_err(|error| error.to_string())?),
            "username" => username = Some(Username::parse(value).map_err(|error| error.to_string())?),
            "password_hash" => {
                hash = Some(ForeignHash::parse(value.clone()).map_err(|error| error.to_string())?);
            }
            "role" if value == "admin" => role = Role::Admin,
            "role" if value == "user" => role = Role::User,
            "role" => return Err("role must be user or admin".to_owned()),
            "verified" => {
                proven = match value.as_str() {
                    "true" | "1" | "yes" => true,
                    "false" | "0" | "no" => false,
                    _ => return Err("verified must be true or false".to_owned()),
                }
            }
            _ => return Err(format!("unknown field {name}; known are {KNOWN}")),
        }
    }
    Ok(Newcomer {
        email: email.ok_or("email is missing")?,
        username,
        password: hash.ok_or("password_hash is missing")?,
        role,
        verified: proven,
    })
}

fn json(line: &str) -> Result<Fields, String> {
    let Ok(Value::Object(object)) = serde_json::from_str(line) else {
        return Err("no JSON object".to_owned());
    };
    let text = |(name, value)| match value {
        Value::String(text) => Ok((name, text)),
        Value::Bool(truth) => Ok((name, truth.to_string())),
        Value::Null => Ok((name, String::new())),
        _ => Err(format!("{name} must be text")),
    };
    object.into_iter().map(text).collect()
}

fn csv(names: &[String], line: &str) -> Result<Fields, String> {
    let values = cells(line).ok_or("no CSV: a quote is out of place")?;
    if values.len() != names.len() {
        return Err(format!("{} values for {} columns", values.len(), names.len()));
    }
    Ok(names.iter().cloned().zip(values).collect())
}

/// RFC 4180, one record to a line.
fn cells(line: &str) -> Option<Vec<String>> {
    let mut cells = Vec::new();
    let mut rest = line;
    loop {
        let mut cell = String::new();
        if let Some(quoted) = rest.strip_prefix('"') {
            rest = quoted;
            loop {
                let (text, after) = rest.split_once('"')?;
                cell.push_str(text);
                rest = after;
                match after.strip_prefix('"') {
                    Some(after) => {
                        cell.push('"');
                        rest = after;
                    }
                    None => break,
                }
            }
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            cell.push_str(rest[..end].trim());
            rest = &rest[end..];
        }
        cells.push(cell);
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None => return rest.is_empty().then_some(cells),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "$2b$04$atqwadI/ch1WaDo4U6sopOtOkc.uH2gzh2sNGBA7BvkB/3Jp.EbcW";

    #[test]
    fn cells_are_read_as_the_standard_says() {
        for (line, expected) in [
            ("a,b,c", Some("a|b|c")),
            ("a, b ,", Some("a|b|")),
            (r#""a,b","c""d","""#, Some(r#"a,b|c"d|"#)),
            ("", Some("")),
            (r#""a"b"#, None),
            (r#"a,"b"#, None),
        ] {
            let read = cells(line).map(|cells| cells.join("|"));
            assert_eq!(read.as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn both_forms_say_the_same() {
        let json = format!(r#"{{"email":"one@example.com","password_hash":"{HASH}","verified":true}}"#);
        let csv = format!("email,password_hash,verified\n\"one@example.com\",{HASH},yes\n\n");
        for text in [json, csv] {
            let lines = read(&text);
            assert_eq!(lines.len(), 1);
            let person = person(lines[0].1.as_ref().unwrap(), false).unwrap();
            assert_eq!((person.email.key(), person.verified), ("one@example.com", true));
        }
    }

    #[test]
    fn r12_a_reason_repeats_no_hash() {
        let secret = "hunter2hunter2";
        for line in [
            format!(r#"{{"email":"one@example.com","password_hash":"{secret}"}}"#),
            format!(r#"{{"email":"{secret}","password_hash":"{HASH}"}}"#),
            format!(r#"{{"email":"one@example.com","password_hash":["{secret}"]}}"#),
            format!(r#"{{"email":"one@example.com","verified":"{secret}"}}"#),
            format!(r#"{{"email":"one@example.com","password_hash":"{secret}""#),
        ] {
            let reason = read(&line).remove(0).1.and_then(|fields| person(&fields, false));
            assert!(!reason.unwrap_err().contains(secret), "{line}");
        }
    }
}
