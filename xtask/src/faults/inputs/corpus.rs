//! Valid requests, made from the server's own description and its examples, so that a new operation is
//! tried without a word here.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::client::chance::Chance;
use crate::client::journey::SignedIn;

/// Operations that hash a password when their input is right: a hundredth of the load is enough of them.
const HASHING: [&str; 8] = [
    "/register",
    "/login",
    "/auth/register",
    "/auth/login",
    "/auth/access-token",
    "/auth/activate",
    "/auth/verify/{token}",
    "/auth/password/change",
];
const SHARE_OF_HASHING: u64 = 60;

/// A valid request, before anything is done to it.
#[derive(Clone, Debug)]
pub(super) struct Valid {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) body: Option<Value>,
    pub(super) is_form: bool,
}

/// All operations of the description.
#[derive(Debug)]
pub(super) struct Corpus {
    cheap: Vec<Valid>,
    hashing: Vec<Valid>,
}

impl Corpus {
    /// Reads the description.
    pub(super) fn of(description: &Value) -> Result<Self> {
        let paths = description["paths"]
            .as_object()
            .context("the description has no paths")?;
        let (mut cheap, mut hashing) = (Vec::new(), Vec::new());
        for (path, item) in paths {
            for (method, operation) in item.as_object().context("a path without operations")? {
                let list = if HASHING.contains(&path.as_str()) {
                    &mut hashing
                } else {
                    &mut cheap
                };
                list.push(valid(description, method, path, operation));
            }
        }
        Ok(Self { cheap, hashing })
    }

    /// One of them, as this person would send it.
    pub(super) fn pick(&self, chance: &mut Chance, person: &SignedIn) -> Valid {
        let list = if chance.below(SHARE_OF_HASHING) == 0 {
            &self.hashing
        } else {
            &self.cheap
        };
        let mut valid = chance.pick(list).clone();
        valid.path = valid.path.replace("{id}", &person.id).replace("{token}", "none");
        valid
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.cheap.len() + self.hashing.len()
    }
}

fn valid(description: &Value, method: &str, path: &str, operation: &Value) -> Valid {
    let contents = operation["requestBody"]["content"].as_object();
    let content = contents.and_then(|contents| contents.iter().next());
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let query: Vec<_> = parameters
        .filter(|parameter| parameter["in"] == "query")
        .filter_map(|parameter| Some(format!("{}=1", parameter["name"].as_str()?)))
        .collect();
    Valid {
        method: method.to_ascii_uppercase(),
        path: path.to_owned(),
        query: query.join("&"),
        body: content.map(|(_, content)| example(description, &content["schema"])),
        is_form: content.is_some_and(|(kind, _)| kind.ends_with("urlencoded")),
    }
}

fn example(description: &Value, schema: &Value) -> Value {
    let link = schema["$ref"].as_str().map(|link| link.trim_start_matches('#'));
    let schema = link.and_then(|link| description.pointer(link)).unwrap_or(schema);
    schema["example"].clone()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn operations_come_with_the_examples_of_their_bodies() {
        let description = json!({
            "paths": {
                "/auth/login": {"post": {"requestBody": {"content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Login"}}}}}},
                "/users": {"get": {"parameters": [{"in": "query", "name": "limit"}]}},
            },
            "components": {"schemas": {"Login": {"example": {"email": "a@b.example"}}}},
        });
        let corpus = Corpus::of(&description).unwrap();
        assert_eq!(corpus.len(), 2);
        assert_eq!(corpus.hashing[0].body, Some(json!({"email": "a@b.example"})));
        assert_eq!(
            (corpus.cheap[0].method.as_str(), corpus.cheap[0].query.as_str()),
            ("GET", "limit=1")
        );
    }
}
