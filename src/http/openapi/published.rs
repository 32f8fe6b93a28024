//! The description as a server gives it out: each form is made when it is first asked for, and once.

use std::sync::OnceLock;

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{Addresses, Gives, JSON, Listener, Operation, content, document};
use crate::domain::catalogue::Catalogue;

/// What was made so far.
#[derive(Default)]
pub struct Published {
    both: OnceLock<Bytes>,
    backend: OnceLock<Bytes>,
    control: OnceLock<Bytes>,
    page: OnceLock<Bytes>,
}

/// The document, written out.
pub struct Document(Bytes);

impl Published {
    /// The document of one listener, or of both; as [`document`].
    pub fn document(&self, listener: Option<Listener>, addresses: &Addresses, catalogue: &Catalogue) -> Document {
        let form = match listener {
            None => &self.both,
            Some(Listener::Backend) => &self.backend,
            Some(Listener::Control) => &self.control,
        };
        let made = form.get_or_init(|| document(listener, addresses, catalogue).to_string().into());
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
