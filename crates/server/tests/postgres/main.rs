//! The real program on a real PostgreSQL server: several nodes at once, and a server that is late, goes
//! away, or is reached by TLS.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "what cannot be had fails the test")]

mod node;
mod nodes;
mod notices;
mod own;
mod server;
mod tls;
