//! In the place of `traces.rs` in a program without the feature `otlp`: it refuses to start with a
//! collector.

use std::sync::Arc;

use axum::Router;
use reqwest::Url;

use crate::features::not_built;

/// The feature `otlp` is not built in.
#[derive(Debug, thiserror::Error)]
#[error("otlp-url: {}", not_built("otlp"))]
pub struct NoExporter;

/// Never created.
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

/// Returns the routes unchanged.
pub fn with_traces(routes: Router, _traces: Option<&Arc<Traces>>) -> Router {
    routes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_built_is_said_with_the_features_name() {
        let refusal = Traces::new(&Url::parse("http://127.0.0.1:4318/v1/traces").unwrap()).err().unwrap().to_string();
        assert!(refusal.starts_with("otlp-url: このプログラムは otlp 機能なしで") && refusal.contains("--features otlp"), "{refusal}");
    }
}
