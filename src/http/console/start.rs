//! `/console/start`: the console's first page.

use axum::response::Html;

/// Shows the page.
pub(super) async fn start() -> Html<&'static str> {
    Html("<!DOCTYPE html><html lang=\"ja\"><meta charset=\"utf-8\"><title>はじめる</title><h1>はじめる</h1></html>\n")
}
