//! What nobody may find afterwards.

use anyhow::Result;

use crate::client::journey::PASSWORD;
use crate::client::usher::Recipe;

/// How the people of the driver are called; only in the database may it stand.
const PERSON: &[u8] = b"person0-";

/// Where something stands that must not, if anywhere.
pub(super) fn found(recipe: &Recipe) -> Result<Option<String>> {
    for (path, bytes) in recipe.everything()? {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if holds(&bytes, PASSWORD.as_bytes()) {
            return Ok(Some(format!("a password in {name}")));
        }
        if path.extension().is_some_and(|kind| kind == "log") && holds(&bytes, PERSON) {
            return Ok(Some(format!("an address in {name}")));
        }
    }
    Ok(None)
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}
