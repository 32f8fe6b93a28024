//! `/signin`: the page that signs in by the link's one-time code or by the control token, and
//! `POST /console/sign-out`.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;

use super::access::{no_cookie, session_cookie};
use super::assets;
use crate::app::Session;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::connection::Connection;
use crate::http::control::Input;
use crate::http::problem::Problem;
use crate::http::sign_in_tries::TryLater;

#[derive(Template)]
#[template(path = "console/signin.html")]
struct SignInPage<'a> {
    icon: &'a str,
    stylesheet: &'a str,
    script: &'a str,
}

/// How somebody signs in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(super) enum SignIn {
    /// By the code of a link.
    Code(String),
    /// By the control token.
    Token(String),
}

/// Shows the page. The code in the link's fragment is not sent: the script reads it.
pub(super) async fn sign_in_page() -> Html<String> {
    let [icon, stylesheet, script] = &["icon.svg", "style.css", "signin.js"].map(assets::url);
    let page = SignInPage { icon, stylesheet, script };
    Html(page.render().expect("the template formats texts into a String"))
}

/// Starts a session.
///
/// # Errors
/// The code or the token is wrong, too many wrong tokens came from this address, or the store does
/// not work.
pub(super) async fn sign_in(
    State(app): State<Arc<App>>,
    Extension(connection): Extension<Arc<Connection>>,
    Input(input): Input<SignIn>,
) -> Result<Response, Problem> {
    let id = match input {
        SignIn::Code(code) => app.sign_in_with_code(&code).await?.ok_or_else(wrong_code)?,
        SignIn::Token(token) => {
            let address = connection.peer.ip();
            app.sign_in_tries.begin(address, app.institutions.wall()).map_err(too_many_tries)?;
            let id = app.sign_in_with_token(&token).await?.ok_or_else(wrong_token)?;
            app.sign_in_tries.succeed(address);
            id
        }
    };
    Ok((StatusCode::NO_CONTENT, session_cookie(&app, &id)).into_response())
}

/// Ends the session.
///
/// # Errors
/// The store does not work.
pub(super) async fn sign_out(State(app): State<Arc<App>>, session: Session) -> Result<Response, Problem> {
    app.sign_out(&session).await?;
    Ok((StatusCode::NO_CONTENT, no_cookie(&app)).into_response())
}

fn wrong_code() -> Problem {
    let title = Text::new("このリンクは使えません", "This link does not work");
    let detail = Text::new(
        "リンクの期限が切れているか、すでに使われています。リンクは10分間、1回だけ使えます。",
        "The link has expired or was used before. A link works once, within ten minutes.",
    );
    Problem::new(StatusCode::UNAUTHORIZED, "sign-in-code", title, detail).remedy(Text::new(
        "サーバーで onshi-mock console-link を実行すると、新しいリンクが表示されます。管理トークンでもサインインできます",
        "`onshi-mock console-link`, run at the server, prints another link. The control token signs in, too",
    ))
}

fn wrong_token() -> Problem {
    let title = Text::new("管理トークンが違います", "The control token is wrong");
    let detail = Text::new(
        "入力された文字列は、このサーバーの管理トークンと一致しません。",
        "What was entered is not the control token of this server.",
    );
    Problem::new(StatusCode::UNAUTHORIZED, "sign-in-token", title, detail).remedy(Text::new(
        "サーバーを動かしているマシンのファイル control-token（ふつうは certs/control-token）の内容を、そのまま貼り付けてください。サーバーを起動した人に、サインイン用のリンク（onshi-mock console-link）を作ってもらうこともできます",
        "Paste the content of the file control-token (usually certs/control-token) of the machine that the server runs on, without spaces around it. Or ask whoever started the server for a sign-in link (onshi-mock console-link)",
    ))
}

fn too_many_tries(TryLater { seconds }: TryLater) -> Problem {
    let title = Text::new("間違いが続いたため、しばらくサインインできません", "Too many wrong tries: wait before the next");
    let detail = Text::new(
        format!("このアドレスからは、あと {seconds} 秒待ってからお試しください。"),
        format!("From this address, try again in {seconds} s."),
    );
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "sign-in-tries", title, detail).retry_after(seconds)
}
