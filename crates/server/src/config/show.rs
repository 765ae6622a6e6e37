//! The effective settings for people to see, and the table of limits.

use super::describe::push;
use super::error::Place;
use super::settings::{Mode, Settings};
use super::written::SECTIONS;

/// The effective settings as TOML, each with the place it comes from; secrets are masked.
pub fn show(settings: &Settings) -> String {
    let mode = match settings.mode {
        Mode::Development => "development",
        Mode::Production => "production",
    };
    let mut text = format!("# Mode: {mode}\n");
    for section in SECTIONS.iter() {
        push(&mut text, format_args!("\n[{}]\n", section.path));
        for key in &section.keys {
            let Some(shown) = settings.shown.iter().find(|shown| shown.path == key.path) else {
                continue;
            };
            let Some(value) = &shown.value else {
                push(&mut text, format_args!("# {} is not set\n", key.name()));
                continue;
            };
            let origin = match &shown.place {
                Place::Default => String::new(),
                place => format!("  # {place}"),
            };
            push(&mut text, format_args!("{} = {value}{origin}\n", key.name()));
        }
    }
    push(&mut text, format_args!("\n# Limits:\n"));
    for line in settings.limits_table().lines() {
        push(&mut text, format_args!("# {line}\n"));
    }
    text
}

impl Settings {
    /// Who may do what how often, a line each.
    pub fn limits_table(&self) -> String {
        let limits = &self.limits;
        if !limits.enabled {
            return "switched off (limits.enabled = false)\n".to_owned();
        }
        let (login, code) = (limits.login_failures_window, limits.code_failures_window);
        let rows = [
            (
                "wrong passwords",
                "account",
                limits.login_failures_per_account,
                login.to_string(),
            ),
            (
                "wrong passwords",
                "source",
                limits.login_failures_per_source,
                login.to_string(),
            ),
            (
                "wrong codes",
                "code",
                self.verification.attempts,
                "its life".to_owned(),
            ),
            (
                "wrong codes",
                "address",
                limits.code_failures_per_address,
                code.to_string(),
            ),
            (
                "wrong codes",
                "source",
                limits.code_failures_per_source,
                code.to_string(),
            ),
            (
                "wrong codes",
                "everybody",
                limits.code_failures_global,
                "1m".to_owned(),
            ),
            (
                "registrations",
                "source",
                limits.registrations_per_source,
                limits.registrations_window.to_string(),
            ),
            ("mails", "address", 1, self.verification.resend_after.to_string()),
            ("mails", "address", limits.mails_per_address_hour, "1h".to_owned()),
            ("mails", "address", limits.mails_per_address_day, "24h".to_owned()),
        ];
        let mut text = format!("{:<16} {:<10} {:>8}  within\n", "what", "of one", "at most");
        for (what, who, budget, window) in rows {
            push(
                &mut text,
                format_args!("{what:<16} {who:<10} {budget:>8}  {window}\n"),
            );
        }
        text
    }
}
