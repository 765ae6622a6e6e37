//! What cargo knows of this project: where it is and which package depends on what.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::command;

/// The workspace, read from `cargo metadata`.
#[derive(Debug, Deserialize)]
pub(crate) struct Project {
    #[serde(rename = "workspace_root")]
    pub(crate) root: PathBuf,
    target_directory: PathBuf,
    pub(crate) packages: Vec<Package>,
}

/// One package of the workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

/// One line of a package's manifest.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) rename: Option<String>,
    #[serde(default)]
    pub(crate) kind: Kind,
}

/// Which part of a package a dependency serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Option<NamedKind>")]
pub(crate) enum Kind {
    #[default]
    Normal,
    Dev,
    Build,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum NamedKind {
    Dev,
    Build,
}

impl From<Option<NamedKind>> for Kind {
    fn from(named: Option<NamedKind>) -> Self {
        match named {
            None => Self::Normal,
            Some(NamedKind::Dev) => Self::Dev,
            Some(NamedKind::Build) => Self::Build,
        }
    }
}

impl Project {
    /// The workspace the current directory belongs to.
    pub(crate) fn load() -> Result<Self> {
        let metadata =
            command::output_of(command::cargo().args(["metadata", "--no-deps", "--format-version=1"]))?;
        serde_json::from_str(&metadata).context("cargo metadata has an unexpected form")
    }

    /// Builds the server for development, and says where it is.
    pub(crate) fn build_server(&self) -> Result<PathBuf> {
        let mut build = command::cargo();
        build.args(["build", "--quiet", "--package", "usher-server", "--bin", "usher"]);
        ensure!(command::succeeds(&mut build)?, "the server does not build");
        Ok(self.program("debug", "usher"))
    }

    /// Where cargo puts a program of the workspace.
    pub(crate) fn program(&self, profile: &str, name: &str) -> PathBuf {
        self.target_directory
            .join(profile)
            .join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// The browser and mail tests.
    pub(crate) fn browser_tests(&self) -> PathBuf {
        self.root.join("web").join("e2e")
    }

    /// The clients that nobody here wrote.
    pub(crate) fn outside_tests(&self) -> PathBuf {
        self.root.join("tests").join("outside")
    }

    /// The load test.
    pub(crate) fn load_test(&self) -> PathBuf {
        self.root.join("tests").join("load")
    }

    /// A folder for what may be made anew at any time.
    pub(crate) fn scratch(&self, name: &str) -> PathBuf {
        self.target_directory.join("scratch").join(name)
    }

    /// The script that tests the React and Next.js kit.
    pub(crate) fn kit_tests(&self) -> PathBuf {
        self.root.join("web").join("kit-e2e").join("run.mjs")
    }

    /// The script that writes the kit's types.
    pub(crate) fn kit_types(&self) -> PathBuf {
        self.root.join("web").join("kit-e2e").join("generate.mjs")
    }

    /// Whether the kit's packages are installed.
    pub(crate) fn has_kit_packages(&self) -> bool {
        self.root.join("web").join("node_modules").is_dir()
    }
}

impl Package {
    /// The package's folder.
    pub(crate) fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(Path::new("."))
    }
}

impl Dependency {
    /// The name under which sources know it.
    pub(crate) fn identifier(&self) -> String {
        self.rename.as_ref().unwrap_or(&self.name).replace('-', "_")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_without_a_kind_is_a_normal_one() {
        let read = |text| serde_json::from_str::<Dependency>(text).unwrap();
        let normal = read(r#"{"name": "serde-json", "rename": null, "kind": null}"#);
        assert_eq!(
            (normal.kind, normal.identifier().as_str()),
            (Kind::Normal, "serde_json")
        );
        let dev = read(r#"{"name": "tempfile", "rename": "scratch", "kind": "dev"}"#);
        assert_eq!((dev.kind, dev.identifier().as_str()), (Kind::Dev, "scratch"));
    }
}
