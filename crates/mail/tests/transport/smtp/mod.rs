//! The SMTP transport against a mail server that follows a script.

mod failures;
mod injection;
mod reuse;
pub(crate) mod server;
pub(crate) mod tls;

use std::time::Duration;

use server::Server;

/// Lets a deadline pass once the server has stopped answering.
async fn outlast(server: &Server, deadline: Duration) {
    server.silence().await;
    crate::leap(deadline).await;
}
