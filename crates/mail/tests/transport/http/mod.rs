//! The HTTP transport against a provider that follows a script.

mod requests;
mod reuse;
pub(crate) mod server;

use usher_mail::{Http, Provider};

use server::Server;

pub(crate) const PROVIDERS: [Provider; 4] = [
    Provider::Mailgun,
    Provider::Resend,
    Provider::Mailpit,
    Provider::Webhook,
];

/// A provider at this server, with a key that must never turn up in what is said.
pub(crate) fn http(provider: Provider, server: &Server) -> Http {
    let key = match provider {
        Provider::Mailpit => "ada:hunter2",
        _ => "hunter2",
    };
    Http::new(provider, Some(&server.url()), Some(key)).expect("settings")
}
