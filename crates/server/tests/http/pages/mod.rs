//! The pages, as a browser without JavaScript meets them.

mod account;
mod browser;
mod development;
mod entrance;
mod guards;
mod link;
mod refusals;
mod staying;
