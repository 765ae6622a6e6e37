//! What is told of the texts that come in: address, username, chosen password. Their rules themselves are
//! types of the accounts; this is how the description words them.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, Object, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

/// An e-mail address.
#[derive(Debug)]
pub enum EmailAddress {}

/// How people call themselves.
#[derive(Debug)]
pub enum Username {}

/// A password somebody chooses.
#[derive(Debug)]
pub enum NewPassword {}

/// A password somebody proves.
#[derive(Debug)]
pub enum GivenPassword {}

impl PartialSchema for EmailAddress {
    fn schema() -> RefOr<Schema> {
        text("An address of the form name@example.org, in ASCII before the @.")
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Email)))
            .max_length(Some(254))
            .examples(["user@example.com"])
            .into()
    }
}

impl PartialSchema for Username {
    fn schema() -> RefOr<Schema> {
        text(
            "Letters, digits and . _ - ' with single spaces between them. Empty counts as left out. Characters that \
             look the same count as the same.",
        )
        .pattern(Some(r"^([\p{L}\p{N}._'-][\p{L}\p{M}\p{N}._'-]*( [\p{L}\p{M}\p{N}._'-]+)*)?$"))
        .max_length(Some(64))
        .examples(["user123"])
        .into()
    }
}

impl PartialSchema for NewPassword {
    fn schema() -> RefOr<Schema> {
        text("Taken as it is, spaces and all; not one of the most common ones, nor the address or the username.")
            .min_length(Some(8))
            .max_length(Some(1_024))
            .examples(["Password123"])
            .into()
    }
}

impl PartialSchema for GivenPassword {
    fn schema() -> RefOr<Schema> {
        text("The password.")
            .min_length(Some(1))
            .max_length(Some(1_024))
            .examples(["Password123"])
            .into()
    }
}

impl ToSchema for EmailAddress {}
impl ToSchema for Username {}
impl ToSchema for NewPassword {}
impl ToSchema for GivenPassword {}

fn text(description: &str) -> ObjectBuilder {
    Object::builder()
        .schema_type(Type::String)
        .description(Some(description))
}
