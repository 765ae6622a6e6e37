//! The description of the API: what it says about each operation.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use usher_server::web::problem::Code;

use super::talk::{Talk, header};
use crate::support::{TestServer, text};

/// One operation: its name, and what is said about it.
pub(crate) fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let all = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().expect("a path item");
        methods
            .iter()
            .map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
    });
    all.collect()
}

/// What a `$ref` stands for.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(link) => document
            .pointer(link.trim_start_matches('#'))
            .expect("what the reference names"),
        None => schema,
    }
}

/// Whether an example stands beside the schema or somewhere in what it is made of.
fn is_exemplified(document: &Value, content: &Value) -> bool {
    content.get("example").is_some() || holds_examples(document, &content["schema"])
}

fn holds_examples(document: &Value, schema: &Value) -> bool {
    let schema = resolved(document, schema);
    let parts = schema["properties"]
        .as_object()
        .into_iter()
        .flat_map(serde_json::Map::values);
    let mut parts = parts.chain(schema.get("items"));
    schema.get("example").is_some() || parts.any(|part| holds_examples(document, part))
}

fn contents(part: &Value) -> impl Iterator<Item = (&String, &Value)> {
    part["content"].as_object().into_iter().flatten()
}

#[tokio::test(flavor = "multi_thread")]
async fn m17_the_document_is_openapi_3_1_and_served_as_json() {
    let server = TestServer::start().await;
    let answer = server.get("/openapi.json").answer().await;
    assert_eq!(header(&answer, "content-type"), "application/json");
    let document: Value = answer.json().await.unwrap();
    assert!(
        text(&document["openapi"]).starts_with("3.1."),
        "{}",
        document["openapi"]
    );
    assert_eq!(document["info"]["title"], "Usher");
    let flow = &document["components"]["securitySchemes"]["bearer"]["flows"]["password"]["tokenUrl"];
    assert_eq!(flow, "/auth/access-token", "what Authorize on the page uses");
}

#[tokio::test(flavor = "multi_thread")]
async fn m17_the_document_is_as_reviewed() {
    let server = TestServer::start().await;
    let mut document = server.get("/openapi.json").gives(200).await;
    document["info"]["version"] = json!("[version]");
    insta::assert_json_snapshot!("openapi", document);
}

#[tokio::test(flavor = "multi_thread")]
async fn m17_every_operation_has_a_name_of_its_own_and_a_summary() {
    let server = TestServer::start().await;
    let document = server.get("/openapi.json").gives(200).await;
    let mut names = BTreeSet::new();
    for (what, operation) in operations(&document) {
        let name = text(&operation["operationId"]);
        assert!(names.insert(name.clone()), "{what}: {name} is there twice");
        assert!(!text(&operation["summary"]).is_empty(), "{what}");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m17_every_body_has_a_schema_and_an_example() {
    let server = TestServer::start().await;
    let document = server.get("/openapi.json").gives(200).await;
    let mut missing = Vec::new();
    for (what, operation) in operations(&document) {
        let answers = operation["responses"].as_object().expect("answers");
        let parts = answers.iter().map(|(status, answer)| (status.as_str(), answer));
        for (part, value) in parts.chain([("request", &operation["requestBody"])]) {
            for (kind, content) in contents(value) {
                if content.get("schema").is_none() || !is_exemplified(&document, content) {
                    missing.push(format!("{what}, {part}, {kind}"));
                }
            }
        }
        let success = answers.keys().any(|status| status.starts_with('2'));
        assert!(success, "{what} never succeeds");
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m17_every_refusal_is_a_problem_and_names_its_codes() {
    let server = TestServer::start().await;
    let document = server.get("/openapi.json").gives(200).await;
    for (what, operation) in operations(&document) {
        let answers = operation["responses"].as_object().expect("answers");
        for (status, answer) in answers.iter().filter(|(status, _)| *status >= &"400".to_owned()) {
            if what == "GET /health/ready" && status == "503" {
                continue;
            }
            let problem = &answer["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(problem, "#/components/schemas/Problem", "{what} {status}");
            let said = text(&answer["description"]);
            let codes = Code::ALL
                .iter()
                .filter(|code| said.contains(&format!("`{}`", code.as_str())));
            let statuses: BTreeSet<_> = codes.map(|code| code.status().as_u16().to_string()).collect();
            assert_eq!(
                statuses,
                BTreeSet::from([status.clone()]),
                "{what} {status}: {said}"
            );
        }
        for common in ["500", "503"] {
            assert!(answers.contains_key(common), "{what} {common}");
        }
        let is_guarded = operation["security"]
            .as_array()
            .is_some_and(|all| !all.contains(&json!({})));
        assert!(
            !is_guarded || answers.contains_key("401"),
            "{what} says nothing of 401"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m17_a_body_is_needed_where_something_in_it_is() {
    let server = TestServer::start().await;
    let document = server.get("/openapi.json").gives(200).await;
    for (what, operation) in operations(&document) {
        for (_, content) in contents(&operation["requestBody"]) {
            let needs = resolved(&document, &content["schema"])["required"].is_array();
            assert_eq!(operation["requestBody"]["required"], json!(needs), "{what}");
        }
    }
    let login = &document["components"]["schemas"]["LoginRequest"]["required"];
    assert_eq!(*login, json!(["email", "password"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_token_may_be_pasted_wherever_the_password_form_is_offered() {
    let server = TestServer::start().await;
    let document = server.get("/openapi.json").gives(200).await;
    let token = &document["components"]["securitySchemes"]["token"];
    assert_eq!(
        (&token["type"], &token["scheme"]),
        (&json!("http"), &json!("bearer"))
    );
    let offers = |operation: &Value, scheme: &str| {
        let ways = operation["security"].as_array();
        ways.is_some_and(|ways| ways.contains(&json!({scheme: []})))
    };
    for (what, operation) in operations(&document) {
        assert_eq!(offers(operation, "token"), offers(operation, "bearer"), "{what}");
    }
}
