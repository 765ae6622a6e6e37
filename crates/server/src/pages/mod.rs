//! What a person sees in a browser: the pages, what each may show, how they look and what they may load.

pub mod assets;
pub mod handlers;
pub mod moment;
pub mod policy;
pub mod templates;
pub mod view;

#[cfg(test)]
mod samples;

pub use templates::{RenderError, Templates};
pub use view::{Frame, View};
