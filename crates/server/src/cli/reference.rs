//! Pages of the reference, made from what the program itself reads.

use clap::ValueEnum;

use crate::web::problem;
use crate::{api, config, metrics};

/// A page.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Page {
    /// The API
    Openapi,
    /// The settings
    Settings,
    /// The command line
    Cli,
    /// The errors
    Errors,
    /// The figures for Prometheus
    Metrics,
}

pub(super) fn text(page: Page) -> String {
    match page {
        Page::Openapi => api::document().to_pretty_json().unwrap_or_default(),
        Page::Settings => config::reference_markdown(),
        Page::Cli => commands(),
        Page::Errors => problem::reference_markdown(),
        Page::Metrics => metrics::reference_markdown(),
    }
}

fn commands() -> String {
    let mut page = String::from("# Command line\n");
    let mut root = super::definition().term_width(100);
    root.build();
    describe(&mut root, &mut page);
    page
}

fn describe(command: &mut clap::Command, page: &mut String) {
    let help = command.render_long_help().to_string();
    let name = command.get_bin_name().unwrap_or("usher").to_owned();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    let text = lines.join(
        "
",
    );
    page.push_str(
        &[
            "
## `",
            &name,
            "`

```text
",
            text.trim_end(),
            "
```
",
        ]
        .concat(),
    );
    let known: Vec<String> = command
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set() && sub.get_name() != "help")
        .map(|sub| sub.get_name().to_owned())
        .collect();
    for sub in known {
        if let Some(sub) = command.find_subcommand_mut(&sub) {
            describe(sub, page);
        }
    }
}
