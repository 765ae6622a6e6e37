//! The OpenAPI document, beyond what stands above each handler.

use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn, PathItem};
use utoipa::openapi::response::Response;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Password, Scopes, SecurityRequirement,
    SecurityScheme,
};
use utoipa::openapi::{Components, Content, ContentBuilder, Ref, RefOr, Required, ResponseBuilder};

use super::page_documents;
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
        (name = "link", description = "The shared link, where it is on"),
        (name = "server", description = "The server itself"),
        (name = "pages", description = "What browsers see where programs send data"),
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
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT");
    let token = token
        .description(Some("An access token from any way of signing in."))
        .build();
    components.add_security_scheme("token", SecurityScheme::Http(token));
    let basic = HttpBuilder::new().scheme(HttpAuthScheme::Basic).build();
    components.add_security_scheme("basic", SecurityScheme::Http(basic));
    let cookie = ApiKey::Cookie(ApiKeyValue::new("__Host-usher_session"));
    components.add_security_scheme("cookie", SecurityScheme::ApiKey(cookie));
    document
}

/// Adds what holds for every operation, the aliases, and the pages.
pub fn complete(document: &mut utoipa::openapi::OpenApi) {
    let components = document.components.clone().unwrap_or_default();
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            offer_token(operation);
            may_be_left_out(operation, &components);
        }
    }
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
    page_documents::add(&mut document.paths);
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            operation.operation_id = Some(operation_id(method, path));
            add_common_answers(operation);
        }
    }
}

/// Where the password form of OAuth 2 is good, so is any other token.
fn offer_token(operation: &mut Operation) {
    let Some(ways) = &mut operation.security else {
        return;
    };
    if ways.contains(&way("bearer")) {
        ways.push(way("token"));
    }
}

fn way(scheme: &str) -> SecurityRequirement {
    SecurityRequirement::new::<_, [&str; 0], &str>(scheme, [])
}

/// A body of which nothing is needed may be left out as a whole.
fn may_be_left_out(operation: &mut Operation, components: &Components) {
    let Some(RefOr::T(body)) = &mut operation.request_body else {
        return;
    };
    let needs_nothing = body.content.values().all(|content| match content {
        RefOr::T(Content {
            schema: Some(RefOr::Ref(link)),
            ..
        }) => {
            let name = link.ref_location.rsplit('/').next().unwrap_or_default();
            matches!(components.schemas.get(name),
                Some(RefOr::T(Schema::Object(object))) if object.required.is_empty())
        }
        _ => false,
    });
    if needs_nothing {
        body.required = Some(Required::False);
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
    let reads = |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(parameter) if matches!(parameter.parameter_in, ParameterIn::Path | ParameterIn::Query));
    if operation.parameters.iter().flatten().any(reads) {
        common.push(("422", "`invalid_input`"));
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
