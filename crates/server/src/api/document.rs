//! The OpenAPI document, beyond what stands above each handler.

use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::response::Response;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Password, Scopes, SecurityScheme,
};
use utoipa::openapi::{ContentBuilder, Ref, ResponseBuilder};

use super::schema::ProblemBody;
use crate::aliases::ALIASES;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Usher",
        description = "Accounts, verified addresses and sessions.\n\nErrors are `application/problem+json` \
            (RFC 9457) with a stable `code`. Times are RFC 3339, UTC. Ids are UUIDv7.",
        license(name = "MIT", identifier = "MIT")
    ),
    components(schemas(ProblemBody)),
    tags(
        (name = "registration", description = "Registering and proving an address"),
        (name = "sign-in", description = "Signing in, staying signed in, signing out"),
        (name = "profile", description = "One's own data"),
        (name = "sessions", description = "Signed-in devices"),
        (name = "users", description = "Accounts, for their owners and administrators"),
        (name = "server", description = "The server itself"),
        (name = "development", description = "Only where mail stays in the development mailbox"),
    )
)]
struct Base;

/// What every description starts with.
pub fn base() -> utoipa::openapi::OpenApi {
    let mut document = Base::openapi();
    let components = document.components.get_or_insert_default();
    let password = Flow::Password(Password::new("/auth/access-token", Scopes::new()));
    components.add_security_scheme("bearer", SecurityScheme::OAuth2(OAuth2::new([password])));
    let basic = HttpBuilder::new().scheme(HttpAuthScheme::Basic).build();
    components.add_security_scheme("basic", SecurityScheme::Http(basic));
    let cookie = ApiKey::Cookie(ApiKeyValue::new("__Host-usher_session"));
    components.add_security_scheme("cookie", SecurityScheme::ApiKey(cookie));
    document
}

/// Adds what holds for every operation, and the aliases.
pub fn complete(document: &mut utoipa::openapi::OpenApi) {
    for (alias, canonical) in ALIASES {
        let Some(mut item) = document.paths.paths.get(canonical).cloned() else {
            continue;
        };
        for (_, operation) in operations(&mut item) {
            operation.summary = Some(format!("The same as `{canonical}`"));
            operation.description = None;
        }
        document.paths.paths.insert(alias.to_owned(), item);
    }
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            operation.operation_id = Some(operation_id(method, path));
            add_common_answers(operation);
        }
    }
}

/// `get_users_id`: unique, because method and path are.
fn operation_id(method: &str, path: &str) -> String {
    let words = path
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let tail = if path.len() > 1 && path.ends_with('/') {
        Some("slash")
    } else {
        None
    };
    [method]
        .into_iter()
        .chain(words)
        .chain(tail)
        .collect::<Vec<_>>()
        .join("_")
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("get", &mut item.get),
        ("post", &mut item.post),
        ("put", &mut item.put),
        ("patch", &mut item.patch),
        ("delete", &mut item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

fn add_common_answers(operation: &mut Operation) {
    let mut common = vec![("500", "`internal`"), ("503", "`busy`, with `Retry-After`")];
    if operation.request_body.is_some() {
        common.extend([
            ("413", "`body_too_large`"),
            ("415", "`unsupported_media_type`"),
            ("422", "`invalid_input`"),
            ("429", "`too_many_requests`, with `Retry-After`"),
        ]);
    }
    let changes = operation.request_body.is_some() || operation.security.is_some();
    if changes {
        common.push(("403", "`cross_site`"));
    }
    for (status, description) in common {
        let answers = &mut operation.responses.responses;
        if !answers.contains_key(status) {
            answers.insert(status.to_owned(), problem(description).into());
        }
    }
}

fn problem(description: &str) -> Response {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .build();
    ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", content)
        .build()
}
