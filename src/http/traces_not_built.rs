//! In the place of `traces.rs` in a program without the feature `otlp`, whose configuration refuses
//! a collector: there are no spans.

use std::sync::Arc;

use axum::Router;
use reqwest::Url;

/// The feature `otlp` is not built in.
#[derive(Debug, thiserror::Error)]
#[error("otlp-url: otlp 機能がありません / the feature otlp is not built in")]
pub struct NoExporter;

/// Never made.
pub enum Traces {}

impl Traces {
    /// Refuses.
    ///
    /// # Errors
    /// Always.
    pub fn new(_collector: &Url) -> Result<Self, NoExporter> {
        Err(NoExporter)
    }

    /// Never called.
    pub async fn close(&self) {
        match *self {}
    }
}

/// The routes as they are.
pub fn traced(routes: Router, _traces: Option<&Arc<Traces>>) -> Router {
    routes
}
