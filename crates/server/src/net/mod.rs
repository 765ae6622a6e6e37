//! The server's own way to the network: the accept loop with its timers and caps, where a request
//! comes from, and when to stop.

mod body;
mod census;
mod connection;
mod network;
mod serve;
mod shutdown;
mod source;
mod stall;

pub use connection::Peer;
pub use network::Network;
pub use serve::{NetLimits, ServeReport, serve};
pub use shutdown::stop_signal;
pub use source::Source;
