//! The streams of the parts of live pages (server-sent events). Parts are rendered once for all
//! browsers that show the same view, at most four times a second, and only those that changed are
//! sent.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use futures_util::stream;
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::Instant;

use super::language::Language;
use super::page::{Parts, Rendering};
use super::rehearsal::RequestFilter;
use super::{connect, rehearsal};
use crate::app::Session;
use crate::domain::ids::InstitutionCode;
use crate::http::app::App;
use crate::http::control::{InstitutionPath, no_institution, too_many_streams};
use crate::http::problem::Problem;
use crate::http::streams::StreamPermit;
use crate::institutions::ChangeSubscription;
use crate::store::StoreError;

/// The minimum time between two renderings of a view.
const TICK: Duration = Duration::from_millis(250);
/// The maximum time between two renderings; shorter where other processes write journals, too.
const MAX_WAIT: Duration = Duration::from_secs(30);
const MAX_WAIT_SHARED: Duration = Duration::from_secs(2);
/// How often it is looked up whether a session lasts.
const SESSION_INTERVAL: Duration = Duration::from_secs(30);
/// The interval at which a stream without news sends a keep-alive comment.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// A live page.
#[derive(Clone, PartialEq, Eq, Hash)]
enum LivePage {
    Rehearsal(RequestFilter),
    Connection,
}

/// What a browser looks at.
#[derive(Clone, PartialEq, Eq, Hash)]
struct ViewKey {
    code: InstitutionCode,
    lang: Language,
    page: LivePage,
}

/// The views that are open.
#[derive(Default)]
struct LiveViews(Mutex<HashMap<ViewKey, Weak<View>>>);

/// A view, which all browsers that show it share.
struct View {
    key: ViewKey,
    started: Instant,
    rendered: AsyncMutex<Rendered>,
}

/// The parts as rendered last.
#[derive(Default)]
struct Rendered {
    /// The number of the tick after which they were rendered; none yet if it is `None`.
    tick: Option<u64>,
    rendering: Option<Rendering>,
}

/// Returns the routes of the streams, and of the same parts for a page that could not open one.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/console/institutions/{code}/live", get(rehearsal_stream))
        .route("/console/institutions/{code}/parts", get(rehearsal_parts))
        .route("/console/connect/{code}/live", get(connection_stream))
        .route("/console/connect/{code}/parts", get(connection_parts))
        .layer(Extension(Arc::new(LiveViews::default())))
}

impl LiveViews {
    fn open(&self, key: &ViewKey) -> Arc<View> {
        let mut views = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(view) = views.get(key).and_then(Weak::upgrade) {
            return view;
        }
        views.retain(|_, view| view.strong_count() > 0);
        let view = Arc::new(View { key: key.clone(), started: Instant::now(), rendered: AsyncMutex::default() });
        views.insert(key.clone(), Arc::downgrade(&view));
        view
    }
}

impl ViewKey {
    async fn render(&self, app: &App) -> Result<Option<Rendering>, StoreError> {
        match &self.page {
            LivePage::Rehearsal(filter) => rehearsal::render(app, &self.code, self.lang, filter).await,
            LivePage::Connection => connect::render(app, &self.code, self.lang).await,
        }
    }
}

impl View {
    /// Returns the number of the current tick.
    fn tick(&self) -> u64 {
        (self.started.elapsed().as_millis() / TICK.as_millis()) as u64
    }

    /// Waits for the end of the current tick, so that all changes within it are rendered once.
    async fn end_of_tick(&self) -> u64 {
        let next = self.tick() + 1;
        tokio::time::sleep_until(self.started + TICK * u32::try_from(next).unwrap_or(u32::MAX)).await;
        next
    }

    /// Returns what is rendered in this tick or later; `None` if there is no such institution.
    async fn rendered_after(&self, app: &App, tick: u64) -> Result<Option<Rendering>, StoreError> {
        let mut rendered = self.rendered.lock().await;
        if rendered.tick.is_none_or(|last| last < tick) {
            *rendered = Rendered { tick: Some(tick), rendering: self.key.render(app).await? };
        }
        Ok(rendered.rendering.clone())
    }
}

/// `GET …/live`: streams the parts of a rehearsal's page, each time some of them changed.
async fn rehearsal_stream(
    State(app): State<Arc<App>>,
    Extension(views): Extension<Arc<LiveViews>>,
    InstitutionPath(code): InstitutionPath,
    Query(filter): Query<RequestFilter>,
    lang: Language,
    session: Session,
) -> Result<Response, Problem> {
    stream_of(app, &views, session, ViewKey { code, lang, page: LivePage::Rehearsal(filter) }).await
}

/// `GET …/parts`: the same parts as JSON.
async fn rehearsal_parts(
    State(app): State<Arc<App>>,
    Extension(views): Extension<Arc<LiveViews>>,
    InstitutionPath(code): InstitutionPath,
    Query(filter): Query<RequestFilter>,
    lang: Language,
) -> Result<Json<Parts>, Problem> {
    present(&app, &views, ViewKey { code, lang, page: LivePage::Rehearsal(filter) }).await
}

/// `GET /console/connect/{code}/live`: streams the parts of the page about the connection.
async fn connection_stream(
    State(app): State<Arc<App>>,
    Extension(views): Extension<Arc<LiveViews>>,
    InstitutionPath(code): InstitutionPath,
    lang: Language,
    session: Session,
) -> Result<Response, Problem> {
    stream_of(app, &views, session, ViewKey { code, lang, page: LivePage::Connection }).await
}

/// `GET /console/connect/{code}/parts`: the same parts as JSON.
async fn connection_parts(
    State(app): State<Arc<App>>,
    Extension(views): Extension<Arc<LiveViews>>,
    InstitutionPath(code): InstitutionPath,
    lang: Language,
) -> Result<Json<Parts>, Problem> {
    present(&app, &views, ViewKey { code, lang, page: LivePage::Connection }).await
}

/// Returns the present parts.
///
/// # Errors
/// No such institution.
async fn present(app: &App, views: &LiveViews, key: ViewKey) -> Result<Json<Parts>, Problem> {
    let view = views.open(&key);
    let rendering = view.rendered_after(app, view.tick()).await?;
    rendering.map(|rendering| Json(rendering.parts)).ok_or_else(|| no_institution(&key.code))
}

/// Returns the stream of a view.
///
/// # Errors
/// No such institution, or too many streams.
async fn stream_of(app: Arc<App>, views: &LiveViews, session: Session, key: ViewKey) -> Result<Response, Problem> {
    let code = &key.code;
    let permit = app.streams.acquire().ok_or_else(|| too_many_streams(app.streams.max()))?;
    let changes = app.institutions.subscribe(code);
    let entries = app.institutions.subscribe_to_journal(code);
    let view = views.open(&key);
    if app.institutions.read(code, |_, _| ()).await?.is_none() {
        return Err(no_institution(code));
    }
    let live = LiveStream {
        app,
        view,
        changes,
        entries,
        permit,
        session,
        checked: Instant::now(),
        sent: Parts::new(),
        wait: Duration::ZERO,
        over: false,
    };
    Ok(Sse::new(stream::unfold(live, LiveStream::next)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE_INTERVAL)).into_response())
}

/// The stream of one browser.
struct LiveStream {
    app: Arc<App>,
    view: Arc<View>,
    changes: ChangeSubscription,
    entries: ChangeSubscription,
    permit: StreamPermit,
    session: Session,
    /// When it was last looked up whether the session lasts.
    checked: Instant,
    /// The parts that the browser has.
    sent: Parts,
    /// How long to wait for changes before the parts are rendered nevertheless.
    wait: Duration,
    over: bool,
}

impl LiveStream {
    async fn next(mut self) -> Option<(Result<sse::Event, Infallible>, Self)> {
        while !self.over {
            tokio::select! {
                () = self.changes.changed() => {}
                () = self.entries.changed() => {}
                () = tokio::time::sleep(self.wait) => {}
                () = self.permit.closed() => return None,
            }
            if self.has_signed_out().await {
                return None;
            }
            let is_first = self.sent.is_empty();
            let tick = if is_first { self.view.tick() } else { self.view.end_of_tick().await };
            let longest = if self.app.institutions.is_shared() { MAX_WAIT_SHARED } else { MAX_WAIT };
            match self.view.rendered_after(&self.app, tick).await {
                Ok(Some(Rendering { parts, due })) => {
                    // The first parts may have been rendered for another browser, before the page.
                    self.wait = if is_first { TICK } else { due.unwrap_or(longest).clamp(TICK, longest) };
                    let changed = self.changed_parts(&parts);
                    self.sent = parts;
                    if !changed.is_empty() {
                        let data = serde_json::to_string(&changed).expect("texts are plain data");
                        return Some((Ok(sse::Event::default().event("parts").data(data)), self));
                    }
                }
                Ok(None) => {
                    self.over = true;
                    return Some((Ok(sse::Event::default().event("gone").data("{}")), self));
                }
                // The store logs the error. The stream continues when the store works again.
                Err(_) => self.wait = Duration::from_secs(1),
            }
        }
        None
    }

    /// Whether the session has ended, as of the last 30 seconds.
    async fn has_signed_out(&mut self) -> bool {
        if self.checked.elapsed() < SESSION_INTERVAL {
            return false;
        }
        self.checked = Instant::now();
        // While the store does not work, the session counts as open.
        matches!(self.app.is_signed_in(&self.session).await, Ok(false))
    }

    /// Returns those parts that the browser does not have yet.
    fn changed_parts(&self, parts: &Parts) -> Parts {
        let is_new = |(id, html): &(&&'static str, &Arc<str>)| self.sent.get(**id) != Some(*html);
        parts.iter().filter(is_new).map(|(id, html)| (*id, Arc::clone(html))).collect()
    }
}
