//! The published OpenAPI document. Each of its forms is generated once, when it is first requested.

use std::sync::{Arc, OnceLock};

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Value, json};

use super::content::{JSON, content};
use super::document::Interface;
use super::operation::{DescribedOutput, Operation};
use crate::fixtures::Fixtures;
use crate::listener::Listener;

/// The forms of the document that have been generated from an interface and from the fixtures with
/// its errors.
pub struct Published {
    interface: Arc<Interface>,
    fixtures: Arc<Fixtures>,
    both: OnceLock<Bytes>,
    backend: OnceLock<Bytes>,
    control: OnceLock<Bytes>,
    page: OnceLock<Bytes>,
}

/// The serialized document.
pub struct OpenApiDocument(Bytes);

impl Published {
    /// Creates an instance for which nothing is generated yet.
    pub fn new(interface: Arc<Interface>, fixtures: Arc<Fixtures>) -> Self {
        let (both, backend, control, page) = Default::default();
        Self { interface, fixtures, both, backend, control, page }
    }

    /// Creates an instance of the same interface for other fixtures; `None` if the fixtures are the
    /// same.
    pub fn under(&self, fixtures: Arc<Fixtures>) -> Option<Self> {
        (!Arc::ptr_eq(&self.fixtures, &fixtures)).then(|| Self::new(Arc::clone(&self.interface), fixtures))
    }

    /// Returns the document of one listener, or of both.
    pub fn document(&self, listener: Option<Listener>) -> OpenApiDocument {
        let form = match listener {
            None => &self.both,
            Some(Listener::Backend) => &self.backend,
            Some(Listener::Control) => &self.control,
        };
        OpenApiDocument(form.get_or_init(|| self.generate(listener).to_string().into()).clone())
    }

    /// Returns the page of the document of both listeners; `make` renders it.
    pub fn page(&self, make: impl FnOnce(&Value) -> String) -> Bytes {
        self.page.get_or_init(|| make(&self.generate(None)).into()).clone()
    }

    fn generate(&self, listener: Option<Listener>) -> Value {
        self.interface.document(listener, &self.fixtures.catalogue)
    }
}

impl IntoResponse for OpenApiDocument {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, JSON)], self.0).into_response()
    }
}

impl DescribedOutput for OpenApiDocument {
    fn describe(operation: &mut Operation<'_>) {
        let fields = json!({ "openapi": { "type": "string" }, "info": { "type": "object" }, "paths": { "type": "object" } });
        let schema: Value = json!({ "type": "object", "properties": fields, "required": ["openapi", "info", "paths"] });
        operation.response_content(200, "OpenAPI 3.1", content(JSON, schema));
    }
}
