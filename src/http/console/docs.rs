//! `GET /docs`: the OpenAPI document as a page that needs no network and can be printed: the
//! template `docs.html`.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use serde_json::Value;

use super::schemas::{Schema, kind};
use crate::http::app::App;
use crate::http::page::Page;

#[derive(Template)]
#[template(path = "docs.html")]
struct Docs {
    version: String,
    about: Vec<String>,
    groups: Vec<Group>,
    schemas: Vec<Schema>,
    errors: Vec<Example>,
}

/// The operations of one tag.
struct Group {
    name: String,
    about: String,
    operations: Vec<Operation>,
}

struct Operation {
    id: String,
    method: String,
    path: String,
    server: String,
    summary: String,
    notes: Vec<String>,
    guarded: bool,
    parameters: Vec<Parameter>,
    body: Vec<Content>,
    answers: Vec<Answer>,
}

struct Parameter {
    name: String,
    place: String,
    required: bool,
    kind: String,
    about: String,
}

/// A body in one media type.
struct Content {
    media_type: String,
    kind: String,
    examples: Vec<String>,
}

struct Answer {
    status: String,
    about: String,
    contents: Vec<Content>,
}

struct Example {
    name: String,
    summary: String,
    value: String,
}

/// Shows the document.
pub async fn docs(State(app): State<Arc<App>>) -> Page {
    Page::new(app.published().page(|document| Docs::of(document).render().expect("the template formats texts into a String")))
}

impl Docs {
    fn of(document: &Value) -> Self {
        let named = |at: &str| document.pointer(at).and_then(Value::as_object).into_iter().flatten();
        let group = |tag: &Value| Group {
            name: text(&tag["name"]),
            about: text(&tag["description"]),
            operations: operations(document)
                .filter(|(_, _, object)| object["tags"][0] == tag["name"])
                .map(Operation::of(document))
                .collect(),
        };
        Self {
            version: text(&document["info"]["version"]),
            about: text(&document["info"]["description"]).split("\n\n").map(str::to_owned).collect(),
            groups: document["tags"].as_array().into_iter().flatten().map(group).collect(),
            schemas: named("/components/schemas").map(|(name, schema)| Schema::of(name, schema)).collect(),
            errors: named("/components/examples")
                .map(|(name, example)| Example { name: name.clone(), summary: text(&example["summary"]), value: pretty(&example["value"]) })
                .collect(),
        }
    }
}

/// Returns path, method and description of each operation.
fn operations<'a>(document: &'a Value) -> impl Iterator<Item = (&'a String, &'a String, &'a Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let methods =
        |(path, item): (&'a String, &'a Value)| item.as_object().into_iter().flatten().map(move |(method, object)| (path, method, object));
    paths.flat_map(methods).filter(|(_, _, object)| object.get("operationId").is_some())
}

impl Operation {
    fn of(document: &Value) -> impl Fn((&String, &String, &Value)) -> Self {
        move |(path, method, object)| {
            let item = &document["paths"][path.as_str()];
            let parameters = [&item["parameters"], &object["parameters"]].into_iter().filter_map(Value::as_array).flatten();
            let answers = object["responses"].as_object().into_iter().flatten();
            Self {
                id: text(&object["operationId"]),
                method: method.to_uppercase(),
                path: path.clone(),
                server: text(&item["servers"][0]["url"]),
                summary: text(&object["summary"]),
                notes: text(&object["description"]).split("\n\n").map(str::to_owned).collect(),
                guarded: object.get("security").is_some(),
                parameters: parameters.map(Parameter::of).collect(),
                body: contents(document, &object["requestBody"]),
                answers: answers.map(|(status, answer)| Answer::of(document, status, answer)).collect(),
            }
        }
    }
}

impl Parameter {
    fn of(object: &Value) -> Self {
        Self {
            name: text(&object["name"]),
            place: text(&object["in"]),
            required: object["required"] == true,
            kind: kind(&object["schema"]),
            about: text(&object["description"]),
        }
    }
}

impl Answer {
    fn of(document: &Value, status: &str, object: &Value) -> Self {
        let object = resolve(document, object);
        Self { status: status.to_owned(), about: text(&object["description"]), contents: contents(document, object) }
    }
}

fn contents(document: &Value, object: &Value) -> Vec<Content> {
    let of_type = |(media_type, object): (&String, &Value)| {
        let schema = resolve(document, &object["schema"]);
        let of_type = schema["examples"].as_array().into_iter().flatten().filter(|example| example.is_object());
        let examples = object.get("example").into_iter().chain(of_type);
        Content { media_type: media_type.clone(), kind: kind(&object["schema"]), examples: examples.map(pretty).collect() }
    };
    object["content"].as_object().into_iter().flatten().map(of_type).collect()
}

/// Returns the object that a reference points to, or the value itself if it is not a reference.
fn resolve<'a>(document: &'a Value, object: &'a Value) -> &'a Value {
    let named = object["$ref"].as_str().and_then(|name| document.pointer(name.trim_start_matches('#')));
    named.unwrap_or(object)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn pretty(value: &Value) -> String {
    format!("{value:#}")
}
