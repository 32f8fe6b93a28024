//! The description of one operation: its parameters, body and responses, derived from the types in
//! the signature of its request handler.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::response::{NoContent, Response};
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use super::content::{JSON, content};
use super::problems::{self, PROBLEM};
use crate::domain::error_catalogue::{Catalogue, ErrorId};
use crate::http::page::Page;
use crate::http::problem::Problem;

/// The description of one operation while it is being built.
pub struct Operation<'a> {
    pub(super) parameters: Vec<Value>,
    pub(super) body: Option<Value>,
    pub(super) responses: BTreeMap<u16, Value>,
    pub(super) notes: Vec<&'static str>,
    schemas: &'a mut SchemaGenerator,
    catalogue: &'a Catalogue,
}

impl<'a> Operation<'a> {
    pub(super) fn new(schemas: &'a mut SchemaGenerator, catalogue: &'a Catalogue) -> Self {
        Self { parameters: Vec::new(), body: None, responses: BTreeMap::new(), notes: Vec::new(), schemas, catalogue }
    }

    /// Adds the query parameters.
    pub fn query<T: JsonSchema>(&mut self) {
        let schema = T::json_schema(self.schemas).to_value();
        let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let mut field = field.clone();
            let description =
                field.as_object_mut().and_then(|field| field.remove("description")).unwrap_or_else(|| schema["description"].clone());
            self.parameters.push(json!({
                "name": name, "in": "query", "required": required.contains(&name.as_str()), "description": description, "schema": without_null(field),
            }));
        }
    }

    /// Adds a request header.
    pub fn header(&mut self, name: &str, about: &str) {
        self.parameters.push(json!({ "name": name, "in": "header", "description": about, "schema": { "type": "string" } }));
    }

    /// Sets the request body as JSON.
    pub fn request_body<T: JsonSchema>(&mut self) {
        let schema = self.schema::<T>();
        let needed = T::json_schema(self.schemas).get("required").is_some();
        self.body = Some(json!({ "content": content(JSON, schema), "required": needed }));
    }

    /// Sets the request body, which is required, by media type.
    pub fn request_body_content(&mut self, content: Value) {
        self.body = Some(json!({ "content": content, "required": true }));
    }

    /// Adds a response with JSON.
    pub fn response<T: JsonSchema>(&mut self, status: u16) {
        let (schema, description) = (self.schema::<T>(), description::<T>(self.schemas));
        self.response_content(status, &description, content(JSON, schema));
    }

    /// Adds a response, by media type.
    pub fn response_content(&mut self, status: u16, description: &str, content: Value) {
        self.responses.insert(status, json!({ "description": description, "content": content }));
    }

    /// Adds a response without a body.
    pub fn no_content(&mut self, status: u16, description: &str) {
        self.responses.insert(status, json!({ "description": description }));
    }

    /// Adds a header to a response that was added before.
    pub fn response_header(&mut self, status: u16, name: &str, about: &str) {
        if let Some(answer) = self.responses.get_mut(&status) {
            answer["headers"][name] = json!({ "description": about, "schema": { "type": "string" } });
        }
    }

    /// Adds the control API's problems of this status.
    pub fn problem(&mut self, status: u16) {
        self.responses.insert(status, problems::reference(status));
    }

    /// Adds errors of the catalogue as problem documents, under their statuses.
    pub fn catalogue_problems(&mut self, errors: &[ErrorId]) {
        let schema = self.schema::<Problem>();
        for id in errors {
            self.catalogue_error(*id, content(PROBLEM, schema.clone()));
            let status = self.catalogue.entry(*id).status;
            if let Some(answer) = self.responses.get_mut(&status) {
                answer["content"][PROBLEM]["examples"][id.name()] = problems::example_reference(*id);
            }
        }
    }

    /// Adds an error of the catalogue with this content, under the error's status.
    pub fn catalogue_error(&mut self, error: ErrorId, content: Value) {
        let entry = self.catalogue.entry(error);
        let answer = self.responses.entry(entry.status).or_insert_with(|| json!({ "description": "", "content": content }));
        problems::add_error(answer, entry);
    }

    /// Adds a media type to a response that was added before.
    pub fn response_media_type(&mut self, status: u16, media_type: &str, about: &str) {
        if let Some(answer) = self.responses.get_mut(&status) {
            answer["content"][media_type] = json!({ "schema": { "type": "string", "description": about } });
        }
    }

    /// Adds a note about something that the schemas do not express.
    pub fn note(&mut self, note: &'static str) {
        self.notes.push(note);
    }

    /// Returns the schema of a type, or a reference to it.
    pub fn schema<T: JsonSchema>(&mut self) -> Value {
        self.schemas.subschema_for::<T>().to_value()
    }
}

fn description<T: JsonSchema>(schemas: &mut SchemaGenerator) -> String {
    let schema = T::json_schema(schemas);
    schema.get("description").and_then(Value::as_str).unwrap_or("OK").to_owned()
}

/// Removes `null` from a schema, since an optional query parameter is absent, never `null`.
fn without_null(mut schema: Value) -> Value {
    if let Some(types) = schema["type"].as_array().cloned() {
        schema["type"] = types.into_iter().find(|kind| kind != "null").unwrap_or(Value::Null);
    }
    if let Some(fields) = schema.as_object_mut().filter(|fields| fields.get("default").is_some_and(Value::is_null)) {
        fields.remove("default");
    }
    match schema["anyOf"].as_array() {
        Some(either) => either.iter().find(|one| one["type"] != "null").cloned().unwrap_or(schema),
        None => schema,
    }
}

/// A request handler whose signature can be described; `Inputs` are its arguments.
pub trait DescribedHandler<Inputs> {
    /// Adds the inputs and the output to the operation.
    fn describe(operation: &mut Operation<'_>);
}

/// An argument of a request handler: what it reads from a request, and how it may refuse the
/// request.
pub trait DescribedInput {
    /// Adds the argument to the operation.
    fn describe(_operation: &mut Operation<'_>) {}
}

/// The result of a request handler.
pub trait DescribedOutput {
    /// Adds the result to the operation.
    fn describe(_operation: &mut Operation<'_>) {}
}

macro_rules! handles {
    ($($input:ident)*) => {
        impl<H, F, $($input,)*> DescribedHandler<($($input,)*)> for H
        where
            H: FnOnce($($input),*) -> F,
            F: Future,
            F::Output: DescribedOutput,
            $($input: DescribedInput,)*
        {
            fn describe(operation: &mut Operation<'_>) {
                $(<$input as DescribedInput>::describe(operation);)*
                <F::Output as DescribedOutput>::describe(operation);
            }
        }
    };
}

handles!();
handles!(A);
handles!(A B);
handles!(A B C);
handles!(A B C D);
handles!(A B C D E);

impl<T> DescribedInput for State<T> {}

/// The parameters themselves are described by their names in the path.
impl<T> DescribedInput for Path<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.problem(400);
    }
}

impl<T: DescribedInput, E> DescribedInput for Result<T, E> {
    fn describe(operation: &mut Operation<'_>) {
        T::describe(operation);
    }
}

/// The relevant headers are described with the route.
impl DescribedInput for HeaderMap {}

/// What the handler reads from the request is described with the route.
impl DescribedInput for Request {}

/// The content of the response is described with the route.
impl DescribedOutput for Response {}

impl<T: JsonSchema> DescribedOutput for Json<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.response::<T>(200);
    }
}

impl DescribedOutput for &'static str {
    fn describe(operation: &mut Operation<'_>) {
        operation.response_content(200, "OK", content("text/plain", json!({ "type": "string" })));
    }
}

impl DescribedOutput for NoContent {
    fn describe(operation: &mut Operation<'_>) {
        operation.no_content(204, "Done.");
    }
}

impl DescribedOutput for Page {
    fn describe(operation: &mut Operation<'_>) {
        operation.response_content(200, "A page in Japanese.", content("text/html", json!({ "type": "string" })));
    }
}

impl DescribedOutput for Problem {
    fn describe(operation: &mut Operation<'_>) {
        operation.problem(503);
    }
}

impl<T: DescribedOutput, E: DescribedOutput> DescribedOutput for Result<T, E> {
    fn describe(operation: &mut Operation<'_>) {
        T::describe(operation);
        E::describe(operation);
    }
}
