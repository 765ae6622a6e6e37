//! The shared link: who may count on what, which devices have a share, how much was used, and what the
//! gateway reported.

pub mod devices;
pub mod history;
pub mod plans;
