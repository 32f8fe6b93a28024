//! The admin listener on loopback, through which `onshi-mock terminal <command>` controls the
//! running terminal. It requires the token, and refuses requests from web pages.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use tokio::net::TcpListener;

use super::{CardInput, Command, Terminal};
use crate::domain::text::Text;
use crate::json::parse_json;

/// Serves until the listener fails.
pub(super) async fn serve(terminal: Arc<Terminal>, listener: TcpListener) -> Text {
    let routes = Router::new()
        .route("/v1/status", get(status))
        .route("/v1/command", post(command))
        .route("/v1/card", post(card))
        .layer(DefaultBodyLimit::max(64 * 1024))
        .layer(from_fn_with_state(Arc::clone(&terminal), guard))
        .with_state(terminal);
    let ended = axum::serve(listener, routes).await.err().map_or_else(|| "-".to_owned(), |error| error.to_string());
    Text::new(format!("管理用の待ち受けが終了しました：{ended}。"), format!("The admin listener ended: {ended}."))
}

/// Requires the token and a loopback host name, and refuses requests with an `Origin`.
async fn guard(State(terminal): State<Arc<Terminal>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if headers.contains_key(ORIGIN) || !asked_by_loopback_name(headers) {
        return refused(StatusCode::FORBIDDEN, &Text::new("ブラウザーのページからは使えません。", "Pages of a browser are not served."));
    }
    let token = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer "));
    let expected = terminal.settings.token.as_bytes();
    if token.is_none_or(|token| verify_slices_are_equal(token.as_bytes(), expected).is_err()) {
        return refused(
            StatusCode::UNAUTHORIZED,
            &Text::new("トークンが違います（--state を確認してください）。", "The token is wrong (check --state)."),
        );
    }
    next.run(request).await
}

/// Whether the request names a loopback host. Another name that resolves to loopback (DNS
/// rebinding) is refused.
fn asked_by_loopback_name(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(name, "127.0.0.1" | "localhost" | "[::1]")
}

async fn status(State(terminal): State<Arc<Terminal>>) -> Response {
    Json(terminal.status()).into_response()
}

async fn command(State(terminal): State<Arc<Terminal>>, body: Bytes) -> Response {
    let command: Command = match parse_json(&body) {
        Ok(command) => command,
        Err(error) => return refused(StatusCode::BAD_REQUEST, &error.located_text()),
    };
    match terminal.command(command) {
        Ok(()) => Json(terminal.status()).into_response(),
        Err(why) => refused(StatusCode::CONFLICT, &why),
    }
}

async fn card(State(terminal): State<Arc<Terminal>>, body: Bytes) -> Response {
    let input: CardInput = match parse_json(&body) {
        Ok(input) => input,
        Err(error) => return refused(StatusCode::BAD_REQUEST, &error.located_text()),
    };
    match terminal.card(&input).await {
        Ok(seen) => Json(seen).into_response(),
        Err(why) => refused(StatusCode::CONFLICT, &why),
    }
}

fn refused(status: StatusCode, why: &Text) -> Response {
    (status, Json(why)).into_response()
}
