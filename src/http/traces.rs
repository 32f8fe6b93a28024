//! Traces over OTLP, if a collector is configured: one span per request. A request with a
//! `traceparent` gets a span in the client's own trace. Only the listeners use this module.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{Span as _, SpanKind, Status, Tracer as _, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use reqwest::Url;

use super::backend::JOURNAL;

/// How long the server waits at its end for spans that were not sent yet.
const LAST_SPANS: Duration = Duration::from_millis(500);

/// No exporter for the collector can be created.
#[derive(Debug, thiserror::Error)]
#[error("otlp-url: 使えません / it cannot be used")]
pub struct NoExporter(#[from] ExporterBuildError);

/// Creates spans and sends them on a separate thread. Spans that the collector does not accept are
/// lost.
pub struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Traces {
    /// Creates the exporter for a collector such as `http://host:4318/v1/traces`.
    ///
    /// # Errors
    /// No exporter for the collector can be created.
    pub fn new(collector: &Url) -> Result<Self, NoExporter> {
        // An error means that a crypto provider is already installed. All dependencies use the same
        // one.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let exporter = SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary).with_endpoint(collector.as_str());
        let exporter = exporter.build()?;
        let about = Resource::builder_empty().with_attributes([
            KeyValue::new("service.name", env!("CARGO_PKG_NAME")),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        ]);
        let provider = SdkTracerProvider::builder().with_resource(about.build()).with_batch_exporter(exporter).build();
        Ok(Self { tracer: provider.tracer(env!("CARGO_PKG_NAME")), provider })
    }

    /// Sends the waiting spans, within a short time limit.
    pub async fn close(&self) {
        let provider = self.provider.clone();
        // Spans that could not be sent are lost. The thread that tries does not keep the program
        // from ending.
        let _ = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(LAST_SPANS)).await;
    }
}

/// Adds a span to each request; without a collector returns the routes unchanged.
pub fn with_traces(routes: Router, traces: Option<&Arc<Traces>>) -> Router {
    match traces {
        Some(traces) => routes.layer(from_fn_with_state(Arc::clone(traces), span)),
        None => routes,
    }
}

/// Creates the span of a request, from its header to the header of its response. It contains no
/// body, no query and no header except the ID of the journal entry.
async fn span(State(traces): State<Arc<Traces>>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let method = request.method().as_str().to_owned();
    let name = route.as_ref().map_or_else(|| method.clone(), |route| format!("{method} {route}"));
    let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &Headers(request.headers()));
    let mut attributes = vec![KeyValue::new("http.request.method", method), KeyValue::new("url.path", request.uri().path().to_owned())];
    attributes.extend(route.map(|route| KeyValue::new("http.route", route)));
    let builder = traces.tracer.span_builder(name).with_kind(SpanKind::Server).with_attributes(attributes);
    let mut span = traces.tracer.build_with_context(builder, &parent);
    let response = next.run(request).await;
    let status = response.status();
    span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
    if let Some(entry) = response.headers().get(JOURNAL).and_then(|id| id.to_str().ok()) {
        span.set_attribute(KeyValue::new("onshi_mock.journal", entry.to_owned()));
    }
    if status.is_server_error() {
        span.set_status(Status::error(""));
    }
    span.end();
    response
}

/// The headers, for the propagator.
struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}
