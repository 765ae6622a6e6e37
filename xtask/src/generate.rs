//! Files that the program writes about itself: the OpenAPI document and the reference pages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command;
use crate::project::Project;
use crate::say::say;

/// The argument of `usher reference` and the file its answer becomes.
const FILES: &[(&str, &str)] = &[
    ("openapi", "docs/reference/openapi.json"),
    ("settings", "docs/reference/settings.md"),
    ("cli", "docs/reference/cli.md"),
    ("errors", "docs/reference/errors.md"),
    ("metrics", "docs/reference/metrics.md"),
];

/// Writes every generated file into the project.
pub(crate) fn run() -> Result<()> {
    let project = Project::load()?;
    for (file, text) in fresh(&project)? {
        write(&project.root.join(&file), &text)?;
        say(format_args!("wrote {}", file.display()));
    }
    kit_types(&project)
}

/// The kit's types need its packages; its own tests say when the types are stale.
fn kit_types(project: &Project) -> Result<()> {
    if !project.has_kit_packages() {
        say("not written: the types of the React kit (run `npm ci` in web first)");
        return Ok(());
    }
    let mut generator = Command::new("node");
    generator
        .arg(project.kit_types())
        .arg("--usher")
        .arg(project.program("debug", "usher"));
    say(command::output_of(&mut generator)?.trim_end());
    Ok(())
}

/// The generated files that differ from what the program would write now.
pub(crate) fn stale(project: &Project) -> Result<Vec<PathBuf>> {
    let mut stale = fresh(project)?;
    stale.retain(|(file, text)| differs(&project.root.join(file), text));
    Ok(stale.into_iter().map(|(file, _)| file).collect())
}

fn fresh(project: &Project) -> Result<Vec<(PathBuf, String)>> {
    let program = project.build_server()?;
    let text = |what| command::output_of(Command::new(&program).args(["reference", what]));
    FILES
        .iter()
        .map(|(what, file)| Ok((PathBuf::from(file), text(what)?)))
        .collect()
}

/// Line ends may be what the checkout made of them.
fn differs(file: &Path, fresh: &str) -> bool {
    fs::read_to_string(file).map_or(true, |stored| stored.replace("\r\n", "\n") != fresh)
}

fn write(file: &Path, text: &str) -> Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_stale_when_it_is_missing_or_says_something_else() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("reference/cli.md");
        assert!(differs(&file, "new\n"));
        write(&file, "new\n").unwrap();
        assert!(!differs(&file, "new\n"));
        assert!(differs(&file, "newer\n"));
    }

    #[test]
    fn the_line_ends_of_a_checkout_do_not_make_a_file_stale() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cli.md");
        write(&file, "a\r\nb\r\n").unwrap();
        assert!(!differs(&file, "a\nb\n"));
    }
}
