//! The stories: what people do with their accounts, one file each. A story takes parsed values, keeps
//! the rules of `usher-accounts`, and commits a change together with its consequences.

pub mod breach;
pub mod client;
pub mod hashing;
pub mod housekeeping;
pub mod import;
pub mod keyring;
pub mod limits;
pub mod link;
pub mod log_in;
pub mod outbox;
pub mod policy;
pub mod profile;
pub mod refresh;
pub mod register;
pub mod resend;
pub mod session_cache;
pub mod sessions;
pub mod system;
pub mod trouble;
pub mod users;
pub mod verify;

mod activate;
mod choose;
mod events;
mod nodes;
mod usher;

pub use trouble::Trouble;
pub use usher::{Parts, Usher};
