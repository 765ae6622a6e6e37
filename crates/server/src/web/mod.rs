//! What every request goes through, whichever handler it ends at: who asks, what the browser may do,
//! how a body is read, how an answer or a refusal leaves.

pub mod asker;
pub mod body;
pub mod cookies;
pub mod cross_site;
pub mod dispatch;
pub mod finish;
pub mod notes;
pub mod problem;
pub mod whole;
