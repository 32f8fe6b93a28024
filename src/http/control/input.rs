//! The shared input of the control routes: the control token, the identifiers in the path, and the
//! body.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{self, FromRequest, FromRequestParts, MatchedPath, Path, Request, State};
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::domain::ids::{IdError, InstitutionCode, ScenarioId, TerminalId};
use crate::domain::scenario::Scenario;
use crate::domain::text::Text;
use crate::domain::troubleshooting::Heading;
use crate::fixtures::Scenarios;
use crate::http::app::App;
use crate::http::body;
use crate::http::openapi::{DescribedInput, Operation};
use crate::http::problem::Problem;
use crate::json::parse_json;
use crate::listener::Listener;
use crate::wire::parse_errors::in_japanese;

/// The middleware that refuses requests without the control token.
pub async fn require_token(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let header = request.headers().get(AUTHORIZATION).map(HeaderValue::as_bytes);
    let scheme_and_token = header.and_then(|value| value.split_at_checked("Bearer ".len()));
    let given = scheme_and_token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"Bearer ")).map(|(_, token)| token);
    let right = given.is_some_and(|token| app.is_control_token(token));
    if right {
        return next.run(request).await;
    }
    let detail = if given.is_some() {
        Text::new("管理トークンが違います。", "The control token is wrong.")
    } else if header.is_some() {
        Text::new("Authorization ヘッダーの値が「Bearer 」で始まっていません。", "The Authorization header does not begin with `Bearer `.")
    } else {
        Text::new("Authorization ヘッダーに管理トークンがありません。", "The Authorization header with the control token is missing.")
    };
    let problem =
        Problem::new(StatusCode::UNAUTHORIZED, "control-token", Text::new("管理トークンが必要です", "The control token is needed"), detail)
            .expected("Authorization: Bearer <control token>")
            .remedy(Heading::Token.after(&Text::new(
                "ファイル control-token（場所は起動時に表示されます）の内容、または --control-token の値を、Authorization: Bearer に続けて送ってください",
                "Send the content of the file control-token, whose place is printed at the start, or the value of --control-token after `Authorization: Bearer`",
            )));
    let mut response = problem.into_response();
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

/// The maximum number of characters of a path in a response.
const MAX_SHOWN: usize = 200;

/// Refuses a path that does not exist.
pub async fn unknown_route(State(app): State<Arc<App>>, uri: Uri) -> Problem {
    let path: String = uri.path().chars().take(MAX_SHOWN).collect();
    let Text { ja, en } = app.paths.for_unknown_path(Listener::Control, uri.path());
    Problem::not_found(Text::new(format!("{path} には何もありません。{ja}"), format!("There is nothing at {path}. {en}")))
}

/// Refuses a method that the path does not have.
pub async fn method_not_allowed(State(app): State<Arc<App>>, path: MatchedPath, method: Method) -> Problem {
    let methods = app.paths.methods(Listener::Control, path.as_str());
    let title = Text::new("このメソッドは使えません", "This method is not allowed");
    let detail = Text::new(
        format!("この URL では {method} を使えません。使えるメソッド：{methods}"),
        format!("This URL does not take {method}. It takes {methods}"),
    );
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", title, detail).expected(methods)
}

/// Returns the path parameter of this name, parsed.
pub(super) async fn path_parameter<T>(
    parts: &mut Parts,
    state: &(impl Send + Sync),
    name: &str,
    parse: impl FnOnce(&str) -> Result<T, IdError>,
) -> Result<T, Problem> {
    parse(&path_parameter_text(parts, state, name).await?).map_err(|error| bad_path(error.text()))
}

/// Returns the path parameter of this name as it is.
pub(super) async fn path_parameter_text(parts: &mut Parts, state: &(impl Send + Sync), name: &str) -> Result<String, Problem> {
    let Path(names) =
        Path::<Vec<(String, String)>>::from_request_parts(parts, state).await.map_err(|error| bad_path(Text::same(error.to_string())))?;
    Ok(names.into_iter().find(|(of, _)| of == name).map(|(_, text)| text).unwrap_or_default())
}

/// The institution in the path. It may not exist.
pub struct InstitutionPath(pub InstitutionCode);

impl DescribedInput for InstitutionPath {
    fn describe(operation: &mut Operation<'_>) {
        operation.problem(400);
        operation.problem(404);
    }
}

impl<S: Send + Sync> FromRequestParts<S> for InstitutionPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        path_parameter(parts, state, "code", InstitutionCode::parse).await.map(Self)
    }
}

/// The institution and the terminal in the path. They may not exist.
pub struct TerminalPath(pub InstitutionCode, pub TerminalId);

impl DescribedInput for TerminalPath {
    fn describe(operation: &mut Operation<'_>) {
        InstitutionPath::describe(operation);
    }
}

impl<S: Send + Sync> FromRequestParts<S> for TerminalPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let InstitutionPath(code) = InstitutionPath::from_request_parts(parts, state).await?;
        path_parameter(parts, state, "terminal", TerminalId::parse).await.map(|terminal| Self(code, terminal))
    }
}

/// The query parameters.
pub struct ControlQuery<T>(pub T);

impl<T: JsonSchema> DescribedInput for ControlQuery<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.query::<T>();
        operation.problem(400);
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for ControlQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = extract::Query::from_request_parts(parts, state).await;
        read.map(|extract::Query(fields)| Self(fields)).map_err(|error| {
            let parser_message = error.body_text();
            bad_query(Text::new(in_japanese(&parser_message), parser_message))
        })
    }
}

/// A JSON body. An empty body and `null` count as `{}`.
pub struct Input<T>(pub T);

impl<T: JsonSchema> DescribedInput for Input<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.request_body::<T>();
        [400, 408, 413, 415, 422].into_iter().for_each(|status| operation.problem(status));
    }
}

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Input<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let (parts, body): (Parts, Body) = request.into_parts();
        let bytes = body::read(body, &parts.headers, app.body).await?;
        Ok(Self(parse_json(&bytes)?))
    }
}

/// Returns the problem for an institution that does not exist.
pub fn no_institution(code: &InstitutionCode) -> Problem {
    Problem::not_found(Text::new(format!("医療機関 {code} はありません。"), format!("There is no institution {code}.")))
        .remedy(Text::new("GET /v1/institutions で一覧を確認してください", "See GET /v1/institutions"))
}

/// Returns the problem for a terminal that does not exist.
pub fn no_terminal(code: &InstitutionCode, terminal: &TerminalId) -> Problem {
    Problem::not_found(Text::new(
        format!("医療機関 {code} に端末 {terminal} はありません。"),
        format!("Institution {code} has no terminal {terminal}."),
    ))
    .remedy(Text::new(
        format!("GET /v1/institutions/{code}/terminals で一覧を確認してください"),
        format!("See GET /v1/institutions/{code}/terminals"),
    ))
}

/// Returns the scenario of this ID, or a problem that lists the existing ones; `at` is the JSON
/// pointer of the ID.
pub(super) fn scenario_of<'a>(scenarios: &'a Scenarios, id: &ScenarioId, at: &str) -> Result<&'a Scenario, Problem> {
    scenarios.find(id).ok_or_else(|| {
        let known: Vec<&str> = scenarios.iter().map(|scenario| scenario.id.as_str()).collect();
        let detail = Text::new(format!("シナリオ {id} はありません。"), format!("There is no scenario {id}."));
        Problem::field(at, detail).expected(known.join(", "))
    })
}

/// Returns the problem for an invalid query.
pub(super) fn bad_query(detail: Text) -> Problem {
    let title = Text::new("クエリの値が正しくありません", "A query parameter is wrong");
    Problem::new(StatusCode::BAD_REQUEST, "query", title, detail)
}

/// Returns the problem for an invalid path.
pub(super) fn bad_path(Text { ja, en }: Text) -> Problem {
    let title = Text::new("URL の形式が正しくありません", "The URL is wrong");
    Problem::new(StatusCode::BAD_REQUEST, "path", title, Text::new(format!("URL: {ja}"), format!("URL: {en}")))
}
