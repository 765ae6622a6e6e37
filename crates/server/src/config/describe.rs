//! The settings explained: the sample file and the reference page.

use std::fmt::Write;

use toml::Value;

use super::section::Key;
use super::values::{WELL_KNOWN, variable};
use super::written::{SECTIONS, Written};

/// A settings file in which every key stands as a comment, with its meaning and default.
pub fn sample() -> String {
    let mut text = String::from(
        "# Settings of Usher. Every key stands here as a comment with its default (an example where there\n\
         # is none); remove the # before a key to set it. Environment variables and flags go before this\n\
         # file: USHER_SERVER__LISTEN is listen in [server].\n",
    );
    let defaults = Defaults::new();
    for section in SECTIONS.iter() {
        push(
            &mut text,
            format_args!("\n# {}\n[{}]\n", joined(section.meaning), section.path),
        );
        for key in &section.keys {
            text.push('\n');
            for line in key.meaning {
                push(&mut text, format_args!("# {}\n", line.trim()));
            }
            push(&mut text, format_args!("# {}.\n", capitalised(&allowed(key))));
            let (note, value) = match defaults.of(key) {
                Some(value) => ("", value),
                None => ("# No default. Example:\n", Value::String(key.example.to_owned())),
            };
            push(&mut text, format_args!("{note}# {} = {value}\n", key.name()));
        }
    }
    text
}

/// The reference page.
pub fn reference_markdown() -> String {
    let mut text = String::from(
        "# Settings\n\n\
         Later sources go before earlier ones: the defaults, the file `usher.toml`, the environment, the\n\
         flags `--listen`, `--data-dir` and `--production`. The file is the one that `--config` or\n\
         `USHER_CONFIG` names; else `usher.toml` in the working directory; else `usher.toml` in the data\n\
         folder. A key's environment variable is its path in capitals after `USHER_`, with two underscores\n\
         for each dot. Lists are written with commas there, and an empty variable counts as not set.\n\
         Unknown keys and variables are errors.\n",
    );
    let defaults = Defaults::new();
    for section in SECTIONS.iter() {
        push(
            &mut text,
            format_args!("\n## [{}]\n\n{}\n", section.path, joined(section.meaning)),
        );
        for key in &section.keys {
            let default = defaults
                .of(key)
                .map_or("none".to_owned(), |value| format!("`{value}`"));
            push(
                &mut text,
                format_args!("\n### `{}`\n\n{}\n\n", key.path, joined(key.meaning)),
            );
            push(
                &mut text,
                format_args!("- Value: {}\n- Default: {default}\n", allowed(key)),
            );
            push(
                &mut text,
                format_args!("- Environment: `{}`{}\n", variable(key.path), also(key)),
            );
        }
    }
    text
}

fn also(key: &Key) -> String {
    let names = WELL_KNOWN.iter().filter(|(_, path, _)| *path == key.path);
    names.fold(String::new(), |mut text, (name, ..)| {
        push(&mut text, format_args!(", `{name}`"));
        text
    })
}

fn allowed(key: &Key) -> String {
    match &key.range {
        Some(range) => format!("{}, {range}", key.allowed),
        None => key.allowed.clone(),
    }
}

fn joined(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// Writing to a string cannot fail.
pub(super) fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(line);
}

struct Defaults(Vec<(&'static str, Option<Value>)>);

impl Defaults {
    fn new() -> Self {
        Self(Written::default().shown())
    }

    fn of(&self, key: &Key) -> Option<Value> {
        self.0
            .iter()
            .find(|(path, _)| *path == key.path)
            .and_then(|(_, value)| value.clone())
    }
}
