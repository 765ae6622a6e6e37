//! Pages on paths that are also the API's: a description that left them out would say there are none.

use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterIn, PathItem, Paths,
};
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::{ContentBuilder, Ref, Required, ResponseBuilder};

/// Path and what its page is for.
const PAGES: [(&str, &str); 4] = [
    ("/register", "The page to register"),
    ("/verify", "The page to enter a code"),
    ("/login", "The page to sign in"),
    (
        "/auth/verify/{token}",
        "The page behind the link of a mail; looking at it changes nothing",
    ),
];

/// Adds the pages to the paths they share.
pub(super) fn add(paths: &mut Paths) {
    for (path, summary) in PAGES {
        let page = PathItem::new(HttpMethod::Get, page(path, summary));
        match paths.paths.get_mut(path) {
            Some(item) => item.merge_operations(page),
            None => drop(paths.paths.insert(path.to_owned(), page)),
        }
    }
}

fn page(path: &str, summary: &str) -> Operation {
    let html = ContentBuilder::new()
        .schema(Some(Object::with_type(Type::String)))
        .example(Some("<!doctype html>…".into()))
        .build();
    let shown = ResponseBuilder::new()
        .description("The page.")
        .content("text/html", html.clone());
    let mut operation = OperationBuilder::new()
        .tag("pages")
        .summary(Some(summary))
        .response("200", shown);
    if path.ends_with("{token}") {
        let token = Parameter::builder()
            .name("token")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(Object::with_type(Type::String)));
        let problem = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("Problem")))
            .build();
        let gone = ResponseBuilder::new()
            .description("`not_found`: the link is not valid any more")
            .content("application/problem+json", problem)
            .content("text/html", html);
        operation = operation.parameter(token).response("404", gone);
    } else {
        let elsewhere = ResponseBuilder::new().description("Elsewhere, for somebody who is signed in.");
        operation = operation.response("303", elsewhere);
    }
    operation.build()
}
