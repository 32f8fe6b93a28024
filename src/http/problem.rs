//! The conversion of errors into RFC 9457 problem documents: what is wrong, where, what was
//! expected, and what to do, in Japanese first. Browsers get the same as a page: the template
//! `problem.html`.

use std::borrow::Cow;
use std::fmt;

use askama::Template;
use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;

use super::body::{BodyError, with_connection_close};
use super::negotiation::{JSON, PROBLEM_JSON, TEXT_HTML, preferred};
use super::page::Page;
use crate::domain::clock::ClockError;
use crate::domain::error_catalogue::{Entry, Provenance};
use crate::domain::text::Text;
use crate::fixtures::Finding;
use crate::json::JsonError;
use crate::store::StoreError;

/// An error of the control API, or of those backend routes whose protocol is the mock's own.
#[derive(Clone, Debug)]
pub struct Problem(Box<ProblemDocument>);

/// An RFC 9457 problem. Texts are in Japanese; fields that end in `_en` contain the English text.
#[derive(Clone, Debug, Serialize, JsonSchema, Template)]
#[schemars(rename = "Problem")]
#[template(path = "problem.html")]
struct ProblemDocument {
    /// The connection closes behind it: nothing that follows can be trusted.
    #[serde(skip)]
    closing: bool,
    /// The value of `Retry-After`, in seconds.
    #[serde(skip)]
    retry_after: Option<u64>,
    /// `urn:onshi-mock:problem:…`: a stable identifier, by which programs distinguish problems.
    r#type: String,
    title: String,
    title_en: String,
    /// The HTTP status.
    status: u16,
    /// The description of this occurrence of the error.
    detail: String,
    detail_en: String,
    /// The invalid field, as a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    /// The expected value.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<String>,
    /// The remedy.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy_en: Option<String>,
    /// The error's code in the catalogue; only for errors of the backend.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// Whether code and wording are documented or invented; only for errors of the backend.
    #[serde(skip_serializing_if = "Option::is_none")]
    provenance: Option<Provenance>,
    /// For fixtures only: all errors, with file and line.
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<Vec<Finding>>,
}

impl Problem {
    /// Creates an error of the control API. `kind` is the last part of its `type`, which is stable.
    pub fn new(status: StatusCode, kind: &str, title: Text, detail: Text) -> Self {
        Self(Box::new(ProblemDocument {
            closing: false,
            retry_after: None,
            r#type: format!("urn:onshi-mock:problem:{kind}"),
            title: title.ja,
            title_en: title.en,
            status: status.as_u16(),
            detail: detail.ja,
            detail_en: detail.en,
            pointer: None,
            expected: None,
            remedy: None,
            remedy_en: None,
            code: None,
            provenance: None,
            findings: None,
        }))
    }

    /// Creates the error for an invalid field; `pointer` is its JSON pointer.
    pub fn field(pointer: &str, detail: Text) -> Self {
        let title = Text::new("項目の値が正しくありません", "A field is wrong");
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "field", title, detail).with_pointer(pointer)
    }

    /// Creates the error for something that the present state does not allow.
    pub fn conflict(detail: Text) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", Text::new("現在の状態ではできません", "The present state does not allow it"), detail)
    }

    /// Creates the error for something that does not exist.
    pub fn not_found(detail: Text) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", Text::new("見つかりません", "Not found"), detail)
    }

    /// Creates a problem from an error of the catalogue and its complete message.
    pub fn from_catalogue(entry: &Entry, message: &Text) -> Self {
        let status = StatusCode::from_u16(entry.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let bare = |text: &str| text.split('{').next().unwrap_or(text).trim_end().to_owned();
        let title = Text::new(bare(&entry.message.ja), bare(&entry.message.en));
        let mut problem = Self::new(status, &entry.id.name().replace('_', "-"), title, message.clone()).remedy(entry.remedy.clone());
        problem.0.code = Some(entry.code.clone());
        problem.0.provenance = Some(entry.provenance.clone());
        problem
    }

    /// Sets the JSON pointer of the invalid field.
    pub fn with_pointer(mut self, pointer: &str) -> Self {
        self.0.pointer = Some(pointer.to_owned());
        self
    }

    /// Prefixes the JSON pointer of the field with that of the value that contains it.
    pub fn with_pointer_prefix(mut self, at: &str) -> Self {
        self.0.pointer = self.0.pointer.map(|pointer| format!("{at}{pointer}"));
        self
    }

    /// Returns the problem as JSON.
    pub fn document(&self) -> Value {
        serde_json::to_value(&self.0).expect("a problem holds only texts")
    }

    /// Adds findings in fixtures.
    pub fn findings(mut self, findings: Vec<Finding>) -> Self {
        self.0.findings = Some(findings);
        self
    }

    /// Makes the connection close after the response.
    pub(super) fn closing(mut self) -> Self {
        self.0.closing = true;
        self
    }

    /// Says after how many seconds the client may try again.
    pub(super) fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// Adds what was expected.
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.0.expected = Some(expected.into());
        self
    }

    /// Adds what to do.
    pub fn remedy(mut self, remedy: Text) -> Self {
        self.0.remedy = Some(remedy.ja);
        self.0.remedy_en = Some(remedy.en);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ProblemDocument { title_en, detail_en, .. } = &*self.0;
        write!(f, "{title_en}: {detail_en}")
    }
}

impl std::error::Error for Problem {}

impl JsonSchema for Problem {
    fn schema_name() -> Cow<'static, str> {
        ProblemDocument::schema_name()
    }

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        ProblemDocument::json_schema(schemas)
    }
}

impl Problem {
    /// Returns status, headers and body, as JSON or as a page.
    pub(super) fn render(&self, as_page: bool) -> (StatusCode, HeaderMap, Bytes) {
        let status = StatusCode::from_u16(self.0.status).expect("the number was taken from a status");
        if as_page {
            let page = self.0.render().expect("the template formats texts into a String");
            return (status, Page::headers(), page.into());
        }
        let body = serde_json::to_vec(&self.0).expect("a problem holds only texts");
        let headers = [(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"))];
        (status, headers.into_iter().collect(), body.into())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.render(false).into_response();
        if self.0.closing {
            response = with_connection_close(response);
        }
        if let Some(seconds) = self.0.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Whether the client wants errors as a page: it opens a URL and prefers HTML to JSON.
pub fn is_for_a_browser(method: &str, headers: &HeaderMap) -> bool {
    matches!(method, "GET" | "HEAD") && preferred(headers, &[(PROBLEM_JSON, false), (JSON, false), (TEXT_HTML, true)])
}

/// Converts the problem in a response into a page. Other responses stay unchanged.
fn render_page(response: Response) -> Response {
    let Some(problem) = response.extensions().get::<Problem>() else {
        return response;
    };
    let (_, headers, page) = problem.render(true);
    let (mut parts, _) = response.into_parts();
    parts.headers.extend(headers);
    Response::from_parts(parts, page.into())
}

/// The middleware that converts problems into pages for browsers.
pub async fn pages_for_browsers(request: Request, next: Next) -> Response {
    let browser = is_for_a_browser(request.method().as_str(), request.headers());
    let response = next.run(request).await;
    if browser { render_page(response) } else { response }
}

impl From<BodyError> for Problem {
    fn from(fault: BodyError) -> Self {
        let (status, kind, title, detail) = match fault {
            BodyError::Encoded(detail) => {
                let title = Text::new("要求の本文が圧縮されています", "The body is compressed");
                return Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-encoding", title, detail)
                    .expected("Content-Encoding: identity")
                    .remedy(Text::new(
                        "クライアントで要求の本文の圧縮を無効にしてください",
                        "Switch off the compression of requests in the client",
                    ))
                    .closing();
            }
            BodyError::TooLarge(detail) => {
                (StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", Text::new("要求の本文が大きすぎます", "The body is too large"), detail)
            }
            BodyError::Timeout(detail) => (
                StatusCode::REQUEST_TIMEOUT,
                "body-timeout",
                Text::new("要求の本文が時間内に届きませんでした", "The body did not arrive in time"),
                detail,
            ),
            BodyError::Incomplete(detail) => (
                StatusCode::BAD_REQUEST,
                "body-broken",
                Text::new("要求の本文を受け取れませんでした", "The body could not be received"),
                detail,
            ),
        };
        Self::new(status, kind, title, detail).closing()
    }
}

impl From<JsonError> for Problem {
    fn from(error: JsonError) -> Self {
        let detail = error.text();
        let (title, remedy) = match error {
            JsonError::NotAnObject => return Self::field("", detail),
            JsonError::Field { pointer, .. } => return Self::field(&pointer, detail),
            JsonError::NotJson { .. } => (Text::new("JSON として読めません", "The body is not JSON"), None),
            JsonError::NotUtf8 { .. } => {
                let remedy = Text::new(
                    "Windows のコンソールや古い PowerShell は Shift_JIS（CP932）で送ることがあります。本文を UTF-8 のファイルに保存し、curl --data-binary @ファイル で送ってください",
                    "Windows consoles and old PowerShells may send Shift_JIS (CP932): save the body as a file in UTF-8 and send it with curl --data-binary @FILE",
                );
                (Text::new("本文が UTF-8 ではありません", "The body is not UTF-8"), Some(remedy))
            }
        };
        let problem = Self::new(StatusCode::BAD_REQUEST, "not-json", title, detail).closing();
        match remedy {
            Some(remedy) => problem.remedy(remedy),
            None => problem,
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let title = Text::new("状態を読み書きできません", "The store does not work");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "store-unavailable", title, error.text()).remedy(Text::new(
            "/readyz とサーバーのログを確認してください。変更は保存されていません。復旧後にもう一度実行してください",
            "See /readyz and the server's log. Nothing was changed; try again once it works",
        ))
    }
}

impl From<ClockError> for Problem {
    fn from(error: ClockError) -> Self {
        let ja = match error {
            ClockError::SystemHasNoReading => "system の時計には now を指定できません。frozen か running を使ってください",
            ClockError::RateWithoutRunning => "rate は running でのみ使えます",
            ClockError::RateOutOfRange => "rate は 0 より大きく 10000 以下です",
            ClockError::ReadingOutOfRange => "時計は 2000-01-01 から 2199-12-31 までです",
            ClockError::Backwards => "時計は前にしか進められません。戻すには PUT …/clock を使ってください",
            ClockError::TooFar => "一度に進められるのは 400 日までです",
        };
        let pointer = match error {
            ClockError::RateWithoutRunning | ClockError::RateOutOfRange => "/rate",
            ClockError::SystemHasNoReading | ClockError::ReadingOutOfRange => "/now",
            ClockError::Backwards | ClockError::TooFar => "/to",
        };
        Self::field(pointer, Text::new(ja, error.to_string()))
    }
}
