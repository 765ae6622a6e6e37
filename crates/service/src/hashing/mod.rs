//! Password hashing on threads of its own, so that requests which need no hash never wait for one.

mod pool;
mod queue;

pub use pool::{HashFigures, HashPool};
pub use queue::Lane;
