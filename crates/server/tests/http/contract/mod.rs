//! The published contract: every path, alias, field, status and message.

mod registration;
