//! The description as a server gives it out: each form is made when it is first asked for, and once.

use std::sync::{Arc, OnceLock};

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{Gives, JSON, Operation, content, document};
use crate::fixtures::Fixtures;
use crate::listener::{Addresses, Listener};

/// What was made so far from the same fixtures.
pub struct Published {
    fixtures: Arc<Fixtures>,
    both: OnceLock<Bytes>,
    backend: OnceLock<Bytes>,
    control: OnceLock<Bytes>,
    page: OnceLock<Bytes>,
}

/// The document, written out.
pub struct Document(Bytes);

impl Published {
    /// Nothing yet, of these fixtures.
    pub fn new(fixtures: Arc<Fixtures>) -> Self {
        Self { fixtures, both: OnceLock::new(), backend: OnceLock::new(), control: OnceLock::new(), page: OnceLock::new() }
    }

    /// Whether it is of these fixtures.
    pub fn is_of(&self, fixtures: &Arc<Fixtures>) -> bool {
        Arc::ptr_eq(&self.fixtures, fixtures)
    }

    /// The document of one listener, or of both; as [`document`].
    pub fn document(&self, listener: Option<Listener>, addresses: &Addresses) -> Document {
        let form = match listener {
            None => &self.both,
            Some(Listener::Backend) => &self.backend,
            Some(Listener::Control) => &self.control,
        };
        let made = form.get_or_init(|| document(listener, addresses, &self.fixtures.catalogue).to_string().into());
        Document(made.clone())
    }

    /// The document as a page; `make` writes it.
    pub fn page(&self, make: impl FnOnce() -> String) -> Bytes {
        self.page.get_or_init(|| make().into()).clone()
    }
}

impl IntoResponse for Document {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, JSON)], self.0).into_response()
    }
}

impl Gives for Document {
    fn describe(operation: &mut Operation<'_>) {
        let fields = json!({ "openapi": { "type": "string" }, "info": { "type": "object" }, "paths": { "type": "object" } });
        let schema: Value = json!({ "type": "object", "properties": fields, "required": ["openapi", "info", "paths"] });
        operation.answers_content(200, "OpenAPI 3.1", content(JSON, schema));
    }
}
