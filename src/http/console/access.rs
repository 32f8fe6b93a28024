//! Who may see the console and act in it: the checks of the Host and of the request's origin, the
//! session, and the headers of every response.
//!
//! Servers on other ports of the same host count as the same site, so the cookie's
//! `SameSite=Strict` does not keep their pages out. `Origin` and the Fetch Metadata headers do.

use std::net::IpAddr;
use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, HOST, ORIGIN, REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};

use crate::app::{SESSION_LIFETIME, Session};
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::problem::Problem;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// The Content-Security-Policy of the console: nothing inline, and nothing from elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page without data, which goes on by a click.
#[derive(Template)]
#[template(path = "console/continue.html")]
struct Continue<'a> {
    stylesheet: &'a str,
    url: &'a str,
}

/// Returns the headers of every page of the console.
pub fn page_headers() -> HeaderMap {
    let headers = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    headers.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect()
}

/// The middleware that adds [`page_headers`] to every response. A header that a handler has set
/// stays.
pub async fn add_page_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let own = std::mem::replace(response.headers_mut(), page_headers());
    response.headers_mut().extend(own);
    response
}

/// The middleware for all of the console, with and without a session. It refuses a Host that the
/// server's certificate does not name, and a write that does not come from a page of this server.
///
/// A browser sends `Origin: null` with a form that it submits itself, since the pages have the
/// policy `no-referrer`: the console's pages write by `fetch`.
pub async fn check_request(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match refusal(&app, &request) {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    }
}

fn refusal(app: &App, request: &Request) -> Option<Problem> {
    let names = &app.authority.server().names;
    let Some(host) = host(request).filter(|host| names.iter().any(|name| is_name(host, name))) else {
        return Some(wrong_host(names));
    };
    let is_same_origin = single(request.headers(), &ORIGIN)
        .and_then(|origin| origin.strip_prefix("https://"))
        .is_some_and(|origin| origin.eq_ignore_ascii_case(host.as_str()));
    (!is_read(request.method()) && !is_same_origin).then(wrong_origin)
}

/// The middleware for what needs a session. Handlers take the [`Session`] as an argument.
pub async fn require_session(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let source = Source::of(&request);
    match source {
        Source::Page | Source::Script => {}
        Source::Elsewhere => return continue_page(&request),
        Source::Unknown => return wrong_source().into_response(),
    }
    match session(&app, request.headers()).await {
        Err(problem) => problem.into_response(),
        Ok(Some(session)) => {
            request.extensions_mut().insert(session);
            next.run(request).await
        }
        Ok(None) if source == Source::Page => Redirect::to("/signin").into_response(),
        Ok(None) => no_session().into_response(),
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(no_session)
    }
}

/// Where a request comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The browser opens a page: the address was typed, or the link is in the console.
    Page,
    /// The browser opens a page, and the link is elsewhere.
    Elsewhere,
    /// A script of the console asks, or a stream is opened. Writes are such requests, too, since
    /// their origin was checked before.
    Script,
    /// None of these: another page's script, a frame, or no browser that says where it comes from.
    Unknown,
}

impl Source {
    fn of(request: &Request) -> Self {
        let header = |name: &HeaderName| single(request.headers(), name);
        if !is_read(request.method()) {
            return Self::Script;
        }
        let is_whole_page = header(&SEC_FETCH_DEST).is_none_or(|dest| dest == "document");
        match (header(&SEC_FETCH_MODE), header(&SEC_FETCH_SITE)) {
            (Some("navigate"), Some("none" | "same-origin")) if is_whole_page => Self::Page,
            (Some("navigate"), Some("same-site" | "cross-site")) if is_whole_page => Self::Elsewhere,
            (Some("navigate"), _) => Self::Unknown,
            (_, Some("same-origin")) => Self::Script,
            _ => Self::Unknown,
        }
    }
}

/// Returns the value of `Set-Cookie` that starts a session.
pub(super) fn session_cookie(app: &App, id: &str) -> [(HeaderName, String); 1] {
    set_cookie(app, id, SESSION_LIFETIME.as_secs())
}

/// Returns the value of `Set-Cookie` that ends the session in the browser.
pub(super) fn no_cookie(app: &App) -> [(HeaderName, String); 1] {
    set_cookie(app, "", 0)
}

fn set_cookie(app: &App, value: &str, max_age: i64) -> [(HeaderName, String); 1] {
    let name = cookie_name(app);
    [(SET_COOKIE, format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={max_age}"))]
}

/// Returns the cookie's name. Cookies are shared by all ports of a host: the name keeps
/// installations apart.
fn cookie_name(app: &App) -> String {
    format!("__Host-onshi-{}", app.installation_id())
}

async fn session(app: &App, headers: &HeaderMap) -> Result<Option<Session>, Problem> {
    let name = cookie_name(app);
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    let id = cookies.filter_map(|cookie| cookie.trim().split_once('=')).find_map(|(of, id)| (of == name).then_some(id));
    match id {
        Some(id) => Ok(app.session(id).await?),
        None => Ok(None),
    }
}

/// Returns host and port as the client names them: `:authority` of HTTP/2, or `Host`. Returns
/// `None` if both are there and differ.
fn host(request: &Request) -> Option<Authority> {
    let authority = request.uri().authority();
    if !request.headers().contains_key(HOST) {
        return authority.cloned();
    }
    let host: Authority = single(request.headers(), &HOST)?.parse().ok()?;
    authority.is_none_or(|authority| *authority == host).then_some(host)
}

/// Whether a host is this name of a certificate: a DNS name or an IP address.
fn is_name(host: &Authority, name: &str) -> bool {
    let host = host.host().trim_start_matches('[').trim_end_matches(']');
    match name.parse::<IpAddr>() {
        Ok(address) => host.parse() == Ok(address),
        Err(_) => host.eq_ignore_ascii_case(name),
    }
}

/// Returns the value of a header that is there once, as text.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().filter(|_| values.next().is_none());
    value.and_then(|value| value.to_str().ok())
}

fn is_read(method: &Method) -> bool {
    [Method::GET, Method::HEAD].contains(method)
}

fn continue_page(request: &Request) -> Response {
    let url = request.uri().path_and_query().map_or("/console/start", |url| url.as_str());
    let page = Continue { stylesheet: &super::assets::url("style.css"), url };
    Html(page.render().expect("the template formats texts into a String")).into_response()
}

fn wrong_host(names: &[String]) -> Problem {
    let title = Text::new("この名前ではコンソールを開けません", "The console cannot be opened under this name");
    let detail = Text::new(
        "URL のホスト名（またはアドレス）が、サーバー証明書に含まれていません。",
        "The certificate of the server does not contain the URL's host name or address.",
    );
    Problem::new(StatusCode::MISDIRECTED_REQUEST, "console-host", title, detail).expected(names.join(", ")).remedy(Text::new(
        "証明書に含まれる名前で開くか、--tls-san で名前を追加して起動し直してください",
        "Use one of the names in the certificate, or start again with the name in --tls-san",
    ))
}

fn wrong_origin() -> Problem {
    let title = Text::new("このコンソールのページからの操作ではありません", "The request does not come from a page of this console");
    let detail =
        Text::new("Origin ヘッダーが、このサーバーのアドレスと一致しません。", "The Origin header is not the address of this server.");
    Problem::new(StatusCode::FORBIDDEN, "console-origin", title, detail).expected("Origin: https://<Host>").remedy(Text::new(
        "コンソールのページから操作してください。プログラムからは、管理トークンを付けて管理APIを使ってください",
        "Use the pages of the console; programs use the control API with the control token",
    ))
}

fn wrong_source() -> Problem {
    let title = Text::new("コンソールのページではないところからの要求です", "The request does not come from the console");
    let detail = Text::new(
        "Sec-Fetch-Site・Sec-Fetch-Mode ヘッダーがないか、ほかのページや枠の中からの要求です。",
        "The headers Sec-Fetch-Site and Sec-Fetch-Mode are missing, or the request comes from another page or from a frame.",
    );
    Problem::new(StatusCode::FORBIDDEN, "console-source", title, detail).remedy(Text::new(
        "新しいバージョンのブラウザーで URL を直接開いてください。プログラムからは、管理トークンを付けて管理APIを使ってください",
        "Open the URL itself in a current browser; programs use the control API with the control token",
    ))
}

fn no_session() -> Problem {
    let title = Text::new("サインインが必要です", "A sign-in is needed");
    let detail = Text::new(
        "サインインしていないか、セッションが終わりました（12時間、サインアウト、管理トークンの変更で終わります）。",
        "There is no session, or it has ended: after 12 hours, at a sign-out, or with another control token.",
    );
    Problem::new(StatusCode::UNAUTHORIZED, "console-session", title, detail)
        .remedy(Text::new("/signin を開いてサインインしてください", "Sign in at /signin"))
}
