//! Traces over OTLP, where a collector was named at the start: one span a request, within the client's own trace where its `traceparent` says so.
//! Nothing else depends on this file.

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

/// How long the end of the server waits for spans that were not sent yet.
const LAST_SPANS: Duration = Duration::from_millis(500);

/// No client can be made for the collector.
#[derive(Debug, thiserror::Error)]
#[error("otlp-url: 使えません / it cannot be used")]
pub struct NoExporter(#[from] ExporterBuildError);

/// Makes spans and sends them, on a thread of its own; what the collector does not take is lost.
pub struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Traces {
    /// Spans go to this address: `http://host:4318/v1/traces`.
    ///
    /// # Errors
    /// No client can be made for it.
    pub fn new(collector: &Url) -> Result<Self, NoExporter> {
        // An error says that one is there already, and there is only one in the whole graph.
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

    /// Sends what waits, for a moment.
    pub async fn close(&self) {
        let provider = self.provider.clone();
        // What could not be sent is lost; the thread that tries does not keep the program from ending.
        let _ = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(LAST_SPANS)).await;
    }
}

/// The routes, each request with its span; as they are where there is no collector.
pub fn traced(routes: Router, traces: Option<&Arc<Traces>>) -> Router {
    match traces {
        Some(traces) => routes.layer(from_fn_with_state(Arc::clone(traces), span)),
        None => routes,
    }
}

/// The span of one request: from its head to the head of its answer. It holds no body, no query and no header but the journal entry's id.
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

/// Headers as the propagator reads them.
struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}
