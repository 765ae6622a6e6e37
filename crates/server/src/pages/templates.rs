//! The templates, carried in the program, and the one function that renders them. An operator may replace
//! any of them by a file of the same name.

use std::io;
use std::path::{Path, PathBuf};

use minijinja::value::Value;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};
use serde::Serialize;

use super::assets;
use super::view::{Frame, View};

macro_rules! embedded {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../templates/", $name)))),+]
    };
}

const EMBEDDED: [(&str, &str); 18] = embedded![
    "base.html",
    "parts.html",
    "home.html",
    "register.html",
    "verify.html",
    "verify_link.html",
    "verified.html",
    "login.html",
    "account.html",
    "link.html",
    "link_me.html",
    "account/verification.html",
    "account/edits.html",
    "account/sessions.html",
    "mailbox.html",
    "message.html",
    "error.html",
    "api_docs.html",
];

/// A page could not be made. Says which template and line, never what was to be shown.
#[derive(Debug, thiserror::Error)]
#[error("the page could not be rendered: {0}")]
pub struct RenderError(#[from] Error);

/// A replacement for a template is of no use.
#[derive(Debug, thiserror::Error)]
pub enum OverrideError {
    /// It is there but cannot be read.
    #[error("cannot read the template {path}: {cause}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// It is not a template.
    #[error("the template {path} is wrong: {cause}", path = path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where and why.
        cause: Error,
    },
}

/// All templates, ready to render.
#[derive(Debug)]
pub struct Templates(Environment<'static>);

#[derive(Serialize)]
struct Context<'a> {
    frame: &'a Frame,
    page: &'a View,
}

impl Templates {
    /// The templates the program carries.
    pub fn embedded() -> Self {
        let mut environment = environment();
        for (name, source) in EMBEDDED {
            #[expect(
                clippy::expect_used,
                reason = "the text is part of the program and every test loads it"
            )]
            environment
                .add_template(name, source)
                .expect("an embedded template");
        }
        Self(environment)
    }

    /// The same, each replaced by the file of its name in `folder` where there is one.
    pub fn with_overrides(folder: &Path) -> Result<Self, OverrideError> {
        let mut templates = Self::embedded();
        for (name, _) in EMBEDDED {
            let path = folder.join(name);
            match std::fs::read_to_string(&path) {
                Ok(source) => templates
                    .0
                    .add_template_owned(name, source)
                    .map_err(|cause| OverrideError::Malformed { path, cause })?,
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
                Err(cause) => return Err(OverrideError::Unreadable { path, cause }),
            }
        }
        Ok(templates)
    }

    /// The page as HTML.
    pub fn render(&self, frame: &Frame, view: &View) -> Result<String, RenderError> {
        let template = self.0.get_template(view.template())?;
        Ok(template.render(Context { frame, page: view })?)
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    // Otherwise a debug build puts the values of the page into the error.
    environment.set_debug(false);
    environment.add_function("asset", |name: &str| {
        assets::url(name)
            .map(Value::from_safe_string)
            .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, format!("no asset is named {name}")))
    });
    environment
}

#[cfg(test)]
mod tests;
