//! One request to the backend on its way: who presented what, and the one journal entry with which it leaves.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HeaderValue};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::domain::catalogue::{ErrorId, Mark};
use crate::domain::check::Refusal;
use crate::domain::ids::{InstitutionCode, TerminalId};
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::body::{self, BodyFault};
use crate::http::connection::Connection;
use crate::http::problem::Problem;
use crate::journal::{Exchange, JournalError, Outcome};
use crate::tls::ClientCertificate;

/// One request.
pub(super) struct Call {
    pub(super) app: Arc<App>,
    pub(super) certificate: ClientCertificate,
    pub(super) headers: HeaderMap,
    /// Whom it is for, once that is known: where it is journalled.
    pub(super) institution: Option<InstitutionCode>,
    pub(super) terminal: Option<TerminalId>,
    pub(super) notes: Vec<Text>,
    operation: &'static str,
    method: String,
    path: String,
}

impl Call {
    /// Takes a request apart.
    pub(super) fn begin(app: Arc<App>, operation: &'static str, request: Request) -> (Self, Body) {
        let (Parts { method, uri, headers, extensions, .. }, body) = request.into_parts();
        let connection = extensions.get::<Arc<Connection>>();
        let presented = connection.and_then(|connection| connection.client_certificates.as_deref());
        let certificate = app.authority.identify(presented, app.institutions.wall());
        let mut notes = Vec::new();
        if let ClientCertificate::Foreign { reason } = &certificate {
            notes.push(Text::new(
                format!("提示されたクライアント証明書は、この模擬サーバーのものではないため無視しました（{reason}）。"),
                format!("The client certificate presented is not one of this mock's and counts as none ({reason})."),
            ));
        }
        let path = uri.path().chars().take(256).collect();
        let call = Self {
            app,
            certificate,
            headers,
            institution: None,
            terminal: None,
            notes,
            operation,
            method: method.as_str().chars().take(16).collect(),
            path,
        };
        (call, body)
    }

    /// The Authorization header; none where it is absent or empty. One that is no ASCII can be no token of ours either.
    pub(super) fn authorization(&self) -> Option<&str> {
        self.headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap_or("?")).map(str::trim).filter(|value| !value.is_empty())
    }

    /// The whole body within its limits.
    pub(super) async fn read(&self, body: Body) -> Result<bytes::Bytes, BodyFault> {
        body::read(body, &self.headers, self.app.body).await
    }

    /// What the wire carries of it: Japanese, with a label where code or wording are invented.
    pub(super) fn wire_message(&self, refusal: &Refusal) -> String {
        let entry = self.app.fixtures.catalogue.entry(refusal.error);
        let message = refusal.message(entry).ja;
        match (entry.provenance.code, entry.provenance.message) {
            (Mark::Documented, Mark::Documented) => message,
            (Mark::Documented, Mark::Invented) => format!("{message}（文言は模擬の仮のものです）"),
            (Mark::Invented, _) => format!("{message}（{} は模擬の仮コードです）", entry.code),
        }
    }

    /// Leaves with an answer as asked.
    pub(super) fn answer(self, outcome: Outcome, why: Text, mut response: Response) -> Response {
        let id = self.app.institutions.record(
            self.institution.as_ref(),
            Exchange {
                operation: self.operation,
                method: self.method,
                path: self.path,
                terminal: self.terminal,
                status: response.status().as_u16(),
                outcome,
                why,
                notes: self.notes,
            },
        );
        let headers = response.headers_mut();
        headers.insert("x-onshi-mock", HeaderValue::from_static(env!("CARGO_PKG_VERSION")));
        headers.insert("x-onshi-journal", HeaderValue::from_str(&id.to_string()).expect("a UUID is visible ASCII"));
        response
    }

    /// Leaves with an answer of the mock's own protocol.
    pub(super) fn answer_json(self, body: &impl serde::Serialize, why: Text) -> Response {
        self.answer(Outcome::Answered, why, json(StatusCode::OK, body))
    }

    /// Leaves with an error of the catalogue, rendered by the surface.
    pub(super) fn refuse(self, refusal: &Refusal, response: Response) -> Response {
        let entry = self.app.fixtures.catalogue.entry(refusal.error);
        let message = refusal.message(entry);
        let why = if refusal.why.ja.is_empty() { message.clone() } else { refusal.why.clone() };
        let error = JournalError::new(entry, message);
        let institution = self.institution.as_ref().map_or("-", |code| code.as_str());
        tracing::info!(operation = self.operation, institution, code = error.code, why = why.en, "refused");
        self.answer(Outcome::Refused { error }, why, response)
    }

    /// Leaves with an error of the catalogue as a problem document: what routes in the mock's own protocol answer.
    pub(super) fn refuse_as_problem(self, refusal: &Refusal) -> Response {
        let entry = self.app.fixtures.catalogue.entry(refusal.error);
        let problem = Problem::of_catalogue(entry, &refusal.message(entry)).into_response();
        self.refuse(refusal, problem)
    }
}

/// A JSON answer.
pub(super) fn json(status: StatusCode, body: &impl serde::Serialize) -> Response {
    let body = serde_json::to_vec(body).expect("answers hold texts, numbers and lists only");
    (status, [(CONTENT_TYPE, "application/json;charset=UTF-8")], body).into_response()
}

/// Makes the connection close behind the answer: nothing that follows on it can be trusted.
pub(super) fn closing(mut response: Response) -> Response {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Characters of a detail: it quotes the client's own words, and the journal keeps it.
const LONGEST_DETAIL: usize = 600;

/// The refusal of a body that could not be read.
pub(super) fn unreadable(fault: BodyFault) -> Refusal {
    match fault {
        BodyFault::TooLarge(detail) => refusal_with(ErrorId::BodyTooLarge, detail),
        BodyFault::Late(detail) => refusal_with(ErrorId::BodyTimeout, detail),
        BodyFault::Broken(detail) => refusal_with(ErrorId::MalformedRequest, detail),
    }
}

/// A refusal whose message has the mark `{detail}`.
pub(super) fn refusal_with(error: ErrorId, detail: Text) -> Refusal {
    let detail = detail.clipped(LONGEST_DETAIL);
    Refusal { error, values: vec![("detail", detail.clone())], why: detail }
}
