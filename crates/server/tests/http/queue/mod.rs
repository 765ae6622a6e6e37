//! Mail by a real broker: what is in its messages, when they are settled, and what happens without it.

mod broker;
mod outage;
mod place;
mod relay;
mod sink;
mod tls;
mod worker;
