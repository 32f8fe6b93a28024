//! The page 接続の確認: what to enter in the receipt computer, and how far it came.

mod curl;
mod patients;
mod progress;
mod settings;

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Html;

use super::language::Language;
use super::layout::{Layout, Place};
use super::page::{Parts, Rendering, console_page};
use super::words::who;
use crate::domain::ids::InstitutionCode;
use crate::http::app::App;
use crate::http::control::{InstitutionPath, no_institution};
use crate::http::problem::Problem;
use crate::store::StoreError;
use patients::Patient;
use progress::ConnectionState;
use settings::Setting;

/// The interval at which connections and handshakes are looked at. Requests are notified at once.
const INTERVAL: Duration = Duration::from_secs(1);

/// The number of patients that are shown at once; the others are opened by a click.
const FIRST_PATIENTS: usize = 9;

#[derive(Template)]
#[template(path = "console/connect.html")]
struct ConnectPage {
    lang: Language,
    layout: Layout,
    code: InstitutionCode,
    title: String,
    /// The names and addresses for which the server's certificate is valid.
    names: String,
    /// The port of the backend.
    port: String,
    settings: Vec<Setting>,
    patients: Vec<Patient>,
    more_patients: Vec<Patient>,
    /// A command that checks the first patient, if it needs nothing else.
    curl: Option<String>,
    parts: Parts,
}

/// `GET /console/connect/{code}`: shows the page.
///
/// # Errors
/// No such institution.
pub(super) async fn connect(
    State(app): State<Arc<App>>,
    InstitutionPath(code): InstitutionPath,
    lang: Language,
) -> Result<Html<String>, Problem> {
    let state = progress::read(&app, &code, lang).await?.ok_or_else(|| no_institution(&code))?;
    let tenant = &state.tenant;
    let (institution, fixtures) = (&tenant.institution, app.fixtures());
    let scenario = institution.scenario.as_ref().and_then(|timeline| fixtures.scenarios.find(&timeline.id));
    let mut layout = Layout::new(lang, Place::Connect, Some(&code));
    layout.who = who(lang, &tenant.spec.rehearsal);
    let mut patients = patients::patients(lang, &fixtures, institution, state.moment.now);
    let more_patients = patients.split_off(patients.len().min(FIRST_PATIENTS));
    let page = ConnectPage {
        lang,
        layout,
        title: lang.of(scenario.map_or(&institution.name, |scenario| &scenario.about.title)).to_owned(),
        names: app.authority.server().names.join(lang.say("、", ", ")),
        port: app.addresses.backend.rsplit(':').next().unwrap_or_default().to_owned(),
        settings: settings::settings(&app, lang, institution),
        curl: patients.first().and_then(|patient| curl::command(&app, &code, patient, state.moment.now)),
        patients,
        more_patients,
        parts: parts(&state),
        code,
    };
    Ok(console_page(&page))
}

/// Renders the live parts; `None` if there is no such institution.
///
/// # Errors
/// The store does not work.
pub(super) async fn render(app: &App, code: &InstitutionCode, lang: Language) -> Result<Option<Rendering>, StoreError> {
    let state = progress::read(app, code, lang).await?;
    Ok(state.map(|state| Rendering { parts: parts(&state), due: Some(INTERVAL) }))
}

fn parts(state: &ConnectionState) -> Parts {
    [("progress", progress::render(state).into()), ("failures", progress::render_failures(state).into())].into()
}
