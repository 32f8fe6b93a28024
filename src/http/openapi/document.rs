//! The OpenAPI document of one listener, or of both.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::descriptions::put_japanese;
use super::operation::Operation;
use super::routes::Described;
use super::{examples, parameters, problems, tag, transforms};
use crate::domain::error_catalogue::Catalogue;
use crate::listener::Listener;

/// The HTTP interface of a server: its listeners, in the order of the document.
pub struct Interface(pub Vec<ListenerRoutes>);

/// The interface of one listener.
pub struct ListenerRoutes {
    /// The listener.
    pub listener: Listener,
    /// The base URL: `https://…`.
    pub url: String,
    /// The routes.
    pub routes: Vec<Described>,
    /// Whether its routes need the control token, except those of the tag [`tag::OPEN`].
    pub guarded: bool,
}

impl Interface {
    /// Returns the document of one listener, or of all. `catalogue` has the errors to list.
    pub fn document(&self, listener: Option<Listener>, catalogue: &Catalogue) -> Value {
        let wanted = |surface: &&ListenerRoutes| listener.is_none_or(|listener| surface.listener == listener);
        generate(&self.0.iter().filter(wanted).collect::<Vec<_>>(), catalogue)
    }
}

fn generate(surfaces: &[&ListenerRoutes], catalogue: &Catalogue) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let settings = settings.with_transform(transforms::time_of_day).with_transform(transforms::string_enum);
    let settings = settings.with_transform(transforms::without_redundant).with_transform(transforms::default_of_reference);
    let mut schemas = settings.into_generator();
    let mut paths = Map::new();
    for surface in surfaces {
        for route in &surface.routes {
            let item = paths.entry(route.path.clone()).or_insert_with(|| path_item(route, surface, &mut schemas));
            item[route.method] = operation_object(route, surface, &mut schemas, catalogue);
        }
    }
    let responses = problems::responses(&mut schemas);
    let used = |tag: &&&tag::Tag| surfaces.iter().flat_map(|surface| &surface.routes).any(|route| route.tag.name == tag.name);
    let of_tag = |tag: &&tag::Tag| json!({ "name": tag.name, "description": tag.about, "x-provenance": tag.provenance.name() });
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "onshi-mock",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "オンライン資格確認の模擬サーバー / a rehearsal of Japan's online insurance qualification check",
            "description": ABOUT,
            "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
        },
        "servers": surfaces.iter().map(|surface| json!({ "url": surface.url })).collect::<Vec<_>>(),
        "tags": tag::ALL.iter().filter(used).map(of_tag).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": schemas.take_definitions(true),
            "responses": responses,
            "examples": problems::examples(catalogue),
            "securitySchemes": { "control-token": {
                "type": "http", "scheme": "bearer", "description": "ファイル certs/control-token の内容、または --control-token の値。 The content of the file certs/control-token, or the value of --control-token.",
            } },
        },
    });
    put_japanese(&mut document);
    document
}

const ABOUT: &str = "backend（資格確認を模したもの）と control（管理API）の2つのポートがあり、パスごとの `servers` がどちらの URL かを示します。 \
There are two listeners: backend imitates the real system, and control is the management API for tests. `servers` of each path shows which one it belongs to.\n\n\
Problem（エラー）は、`Accept` で `text/html` を優先する GET には、同じステータスのページで返します。 \
For a GET whose `Accept` prefers `text/html`, problems are returned as pages with the same status.\n\n\
`x-provenance` は、実際のシステムを模したもの（imitated）、公開されていないため独自に決めたもの（invented）、onshi-mock だけのもの（mock）を区別します。 \
`x-provenance` distinguishes what imitates the real system (imitated), what is invented because the real counterpart is not public (invented), and what exists only in the mock (mock). \
For elements: taken from code or messages used with the real system (captured, in_use), from one secondary source (one_author), or invented.";

fn path_item(route: &Described, surface: &ListenerRoutes, schemas: &mut SchemaGenerator) -> Value {
    let parameters: Vec<Value> = parameters::names(&route.path).map(|name| parameters::path_parameter(name, schemas)).collect();
    let mut item = json!({ "servers": [{ "url": surface.url }] });
    if !parameters.is_empty() {
        item["parameters"] = json!(parameters);
    }
    item
}

fn operation_object(route: &Described, surface: &ListenerRoutes, schemas: &mut SchemaGenerator, catalogue: &Catalogue) -> Value {
    let mut operation = Operation::new(schemas, catalogue);
    route.parts.iter().for_each(|part| part(&mut operation));
    let guarded = surface.guarded && route.tag.name != tag::OPEN.name;
    if guarded {
        operation.problem(401);
    }
    let mut answers: Map<String, Value> = operation.responses.iter().map(|(status, answer)| (status.to_string(), answer.clone())).collect();
    examples::add_examples(route.id, &mut answers);
    let notes = operation.notes.iter().copied().chain([route.tag.provenance.note()]);
    let mut object = json!({
        "operationId": route.id,
        "summary": format!("{} / {}", route.summary.ja, route.summary.en),
        "description": notes.collect::<Vec<_>>().join("\n\n"),
        "tags": [route.tag.name],
        "x-provenance": route.tag.provenance.name(),
        "responses": answers,
    });
    if !operation.parameters.is_empty() {
        object["parameters"] = json!(operation.parameters);
    }
    if let Some(body) = operation.body {
        object["requestBody"] = body;
    }
    if guarded {
        object["security"] = json!([{ "control-token": [] }]);
    }
    object
}
