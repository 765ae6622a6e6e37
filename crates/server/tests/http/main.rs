//! The whole server over HTTP, as its users meet it: the published contract, the threats it must
//! withstand, and its pages.

mod contract;
mod pages;
mod support;
mod threats;
