//! Dependencies that no source mentions.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::project::{Kind, Package};

/// `(package, dependency, reason)`: used without being named in a source.
const EXCEPTIONS: &[(&str, &str, &str)] = &[];

/// The package's direct dependencies that its sources never mention, as sentences.
pub(super) fn unused(package: &Package) -> Result<Vec<String>> {
    let shipped = text_of(&[package.folder().join("src")])?;
    let build = text_of(&[package.folder().join("build.rs")])?;
    let tests = text_of(&["tests", "benches", "examples"].map(|name| package.folder().join(name)))?;
    let mentioned = |identifier: &str, kind| match kind {
        Kind::Normal => mentions(&shipped, identifier),
        Kind::Build => mentions(&build, identifier),
        Kind::Dev => mentions(&shipped, identifier) || mentions(&tests, identifier),
    };
    let excepted = |name: &str| {
        EXCEPTIONS
            .iter()
            .any(|(of, what, _)| *of == package.name && *what == name)
    };
    let unused = package.dependencies.iter().filter(|dependency| {
        !mentioned(&dependency.identifier(), dependency.kind) && !excepted(&dependency.name)
    });
    Ok(unused
        .map(|dependency| format!("{} does not use {}", package.name, dependency.name))
        .collect())
}

/// Whether the source has a path that starts at the crate of this name.
fn mentions(source: &str, identifier: &str) -> bool {
    source.match_indices(identifier).any(|(at, _)| {
        let before = source[..at].chars().next_back();
        let after = &source[at + identifier.len()..];
        let starts = !before.is_some_and(|character| character.is_alphanumeric() || "_:".contains(character));
        let imported = source[..at].ends_with("use ") && after.starts_with([';', ' ']);
        starts && (after.starts_with("::") || imported)
    })
}

fn text_of(paths: &[impl AsRef<Path>]) -> Result<String> {
    let mut text = String::new();
    for path in paths {
        append(path.as_ref(), &mut text)?;
    }
    Ok(text)
}

fn append(path: &Path, text: &mut String) -> Result<()> {
    let unreadable = || format!("cannot read {}", path.display());
    if path.is_dir() {
        for entry in fs::read_dir(path).with_context(unreadable)? {
            append(&entry.with_context(unreadable)?.path(), text)?;
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") && path.is_file() {
        text.push_str(&fs::read_to_string(path).with_context(unreadable)?);
        text.push('\n');
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_starts_at_the_crate_counts() {
        assert!(mentions("use serde_json::Value;", "serde_json"));
        assert!(mentions("#[tokio::main]", "tokio"));
        assert!(mentions("use anyhow as oops;", "anyhow"));
    }

    #[test]
    fn a_word_in_a_comment_or_a_module_of_that_name_does_not() {
        assert!(!mentions("// the time of day", "time"));
        assert!(!mentions("use crate::time::Timestamp;", "time"));
        assert!(!mentions("use my_serde::Value;", "serde"));
    }

    #[test]
    fn a_dependency_nobody_mentions_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("src")).unwrap();
        fs::write(folder.path().join("src/lib.rs"), "use serde::Serialize;\n").unwrap();
        let package: Package = serde_json::from_value(serde_json::json!({
            "name": "attic",
            "manifest_path": folder.path().join("Cargo.toml"),
            "dependencies": [
                {"name": "serde", "rename": null, "kind": null},
                {"name": "toml", "rename": null, "kind": null},
            ],
        }))
        .unwrap();
        assert_eq!(unused(&package).unwrap(), ["attic does not use toml"]);
    }
}
