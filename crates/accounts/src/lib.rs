//! The rules of accounts, as types: what an address, a password, a code, a token and a session are
//! and when they hold. Nothing here waits, reads a clock, rolls dice or touches a file: time and
//! chance come in as arguments, so every rule can be tested by the million.

pub mod code;
pub mod device;
pub mod dice;
pub mod email;
pub mod hash;
pub mod id;
pub mod keys;
pub mod link;
pub mod password;
pub mod refresh;
pub mod role;
#[cfg(test)]
mod testing;
mod text;
pub mod time;
pub mod token;
pub mod username;
