//! The shared link, as the gateway, the operator and the people see it.

mod binding;
mod gateway;
mod plans;
mod reports;
