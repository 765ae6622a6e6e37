//! The threats of the security rules, each held off over HTTP. Tests carry their ids.

#![expect(
    clippy::unwrap_used,
    reason = "a test that is wrong about an answer ends there"
)]

mod addresses;
mod canary;
mod client;
mod cross_site;
mod floods;
mod forgery;
mod guessing;
mod headers;
mod input;
mod leaks;
mod lifetimes;
mod links;
mod markup;
mod objects;
mod outdated;
mod poison;
mod process;
mod program;
mod registrant;
mod restored;
mod room;
mod rotation;
mod sessions;
mod sizes;
mod slow;
mod squatting;
mod tokens;
mod uniform;
