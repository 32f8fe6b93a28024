//! Delivery as a terminal meets it: it polls for updates, reports what it did, and shows its delivery results. The protocol is the mock's own:
//! the real one is not public.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call::{Call, closing, refusal_with, unreadable};
use super::identity::{TokenRule, admitted, certificate_if_required, identify};
use super::url::{InPath, InQuery};
use crate::domain::calendar::{next_window, open_window};
use crate::domain::campaign::{Component, Package};
use crate::domain::catalogue::ErrorId;
use crate::domain::check::Refusal;
use crate::domain::event::Change;
use crate::domain::ids::{CampaignId, TerminalAddress, TerminalId, Version};
use crate::domain::institution::Institution;
use crate::domain::japan;
use crate::domain::period::Period;
use crate::domain::terminal::{Phase, Report, Terminal};
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::problem::in_japanese;
use crate::institutions::{Moment, Tenant};
use crate::wire::document;

/// `?trigger=manual`: at a time of one's own (N8).
#[derive(Deserialize)]
pub struct PollQuery {
    trigger: Option<String>,
}

#[derive(Serialize)]
struct PollAnswer {
    update: Option<Update>,
    window: WindowState,
    poll_after: Period,
}

#[derive(Serialize)]
struct Update {
    campaign: CampaignId,
    packages: Vec<Offer>,
}

#[derive(Serialize)]
struct Offer {
    component: Component,
    version: Version,
    size: u64,
    sha256: String,
    url: String,
    restart_required: bool,
}

#[derive(Serialize)]
struct WindowState {
    state: &'static str,
    #[serde(serialize_with = "japan::serialize_option")]
    until: Option<Timestamp>,
    #[serde(serialize_with = "japan::serialize_option")]
    next_opening: Option<Timestamp>,
}

#[derive(Serialize)]
struct Accepted {
    accepted: bool,
    changed: bool,
    phase: Phase,
}

/// Delivery results (配信実績): what staff see is the installed version; what runs is the mock's own addition.
#[derive(Serialize)]
struct Results {
    terminal: String,
    campaign: CampaignId,
    #[serde(serialize_with = "japan::serialize")]
    at: Timestamp,
    /// Whether every component of the campaign is installed: what the real tool shows.
    completed: bool,
    components: Vec<ComponentResult>,
    /// What no real tool shows.
    mock: MockResults,
}

#[derive(Serialize)]
struct ComponentResult {
    component: Component,
    title: Text,
    installed: Version,
    distributed: Option<Version>,
    delivered: bool,
    mock: MockComponent,
}

#[derive(Serialize)]
struct MockComponent {
    running: Version,
    restart_pending: bool,
}

#[derive(Serialize)]
struct MockResults {
    note: Text,
    restart_pending: bool,
    phase: Phase,
}

/// `GET /delivery/v1/terminals/{id}/updates`.
pub async fn updates(
    State(app): State<Arc<App>>,
    InPath(id): InPath<String>,
    InQuery(query): InQuery<PollQuery>,
    request: Request,
) -> Response {
    let (mut call, _) = Call::begin(app, "updates", request);
    let manual = query.trigger.as_deref() == Some("manual");
    if let Some(other) = query.trigger.filter(|_| !manual) {
        let shown: String = other.chars().take(40).collect();
        let detail =
            Text::new(format!("trigger は manual だけです（{shown}）。"), format!("trigger is `manual` or left out, not `{shown}`."));
        return call.refuse_as_problem(&refusal_with(ErrorId::MalformedRequest, detail));
    }
    let app = Arc::clone(&call.app);
    let polled = at_terminal(&mut call, &id, |tenant, address, moment| {
        let institution = &mut tenant.institution;
        institution.act(&address.terminal, moment.now, |terminal, _| {
            terminal.contacted(moment.now);
            Ok::<Vec<Change>, Refusal>(Vec::new())
        });
        Ok(poll(institution, address, manual, moment.now, app.fixtures.invented.delivery.poll_after))
    });
    match polled {
        Ok(answer) => {
            let why = if answer.update.is_some() {
                Text::new("配信する更新があります。", "There is something to deliver.")
            } else if answer.window.state == "closed" {
                Text::new("配信時間外です。", "The window is closed.")
            } else {
                Text::new("この端末に配信する更新はありません。", "There is nothing for this terminal.")
            };
            call.answer_json(&answer, why)
        }
        Err(refusal) => call.refuse_as_problem(&refusal),
    }
}

/// `POST /delivery/v1/terminals/{id}/reports`.
pub async fn reports(State(app): State<Arc<App>>, InPath(id): InPath<String>, request: Request) -> Response {
    let (mut call, body) = Call::begin(app, "reports", request);
    call.institution = TerminalAddress::parse(&id).ok().map(|address| address.institution);
    let report = match call.read(body).await.map_err(unreadable).and_then(|bytes| json_of(&bytes)) {
        Ok(object) => read_report(object),
        // Nothing that follows on the connection can be trusted.
        Err(refusal) => return closing(call.refuse_as_problem(&refusal)),
    };
    let taken = report.and_then(|report| {
        at_terminal(&mut call, &id, |tenant, address, moment| {
            let institution = &mut tenant.institution;
            let before = institution.events.last();
            let reported = institution.act(&address.terminal, moment.now, |terminal, around| terminal.report(report, moment.now, around));
            if let Some(Err(error)) = reported {
                return Err(refusal_with(ErrorId::ReportRefused, error.0));
            }
            let changed = institution.events.last() > before;
            let phase = terminal_of(institution, &address.terminal).phase(&institution.campaign, moment.now);
            Ok(Accepted { accepted: true, changed, phase })
        })
    });
    match taken {
        Ok(accepted) => call.answer_json(&accepted, Text::new("報告を受け付けました。", "The report was taken.")),
        Err(refusal) => call.refuse_as_problem(&refusal),
    }
}

/// `GET /delivery/v1/terminals/{id}/results`.
pub async fn results(State(app): State<Arc<App>>, InPath(id): InPath<String>, request: Request) -> Response {
    let (mut call, _) = Call::begin(app, "results", request);
    let shown = at_terminal(&mut call, &id, |tenant, address, moment| Ok(results_of(&tenant.institution, &address.terminal, moment.now)));
    match shown {
        Ok(results) => call.answer_json(&results, Text::new("配信実績を表示しました。", "The delivery results were shown.")),
        Err(refusal) => call.refuse_as_problem(&refusal),
    }
}

/// The delivery results of a terminal that exists.
fn results_of(institution: &Institution, terminal: &TerminalId, now: Timestamp) -> Results {
    let terminal = terminal_of(institution, terminal);
    let components = terminal.components().map(|(component, software)| {
        let package = institution.campaign.package(component);
        ComponentResult {
            component,
            title: component.title(),
            installed: software.installed.clone(),
            distributed: package.map(|package| package.version.clone()),
            delivered: software.is_delivered(package),
            mock: MockComponent { running: software.running.clone(), restart_pending: software.is_pending() },
        }
    });
    let components: Vec<_> = components.collect();
    let note = Text::new(
        "mock の項目はこの模擬環境だけのものです。実際の配信実績に、実行中の版や再起動待ちは表示されません。",
        "What stands under `mock` is this mock's own: real delivery results show neither the running version nor a pending restart.",
    );
    Results {
        terminal: address_of(institution, terminal),
        campaign: institution.campaign.id.clone(),
        at: now,
        completed: components.iter().all(|component| component.delivered),
        components,
        mock: MockResults { note, restart_pending: terminal.is_pending(), phase: terminal.phase(&institution.campaign, now) },
    }
}

/// Identifies who asks about a terminal and does something there.
pub(super) fn at_terminal<T>(
    call: &mut Call,
    id: &str,
    act: impl FnOnce(&mut Tenant, &TerminalAddress, Moment) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let address = TerminalAddress::parse(id).map_err(|error| {
        let Text { ja, en } = error.text();
        refusal_with(ErrorId::MalformedRequest, Text::new(format!("URL の端末: {ja}。"), format!("The terminal in the URL: {en}.")))
    })?;
    let who = identify(call, Some((&address.institution, Some(&address.terminal))), TokenRule::Optional)?;
    certificate_if_required(call)?;
    admitted(call, who, |tenant, moment| act(tenant, &address, moment))
}

fn poll(institution: &Institution, address: &TerminalAddress, manual: bool, now: Timestamp, poll_after: Period) -> PollAnswer {
    let campaign = &institution.campaign;
    let windows = campaign.windows(&institution.readings);
    let (window, next) = (open_window(&windows, now), next_window(&windows, now));
    let offered = (window.is_some() || manual) && !campaign.suspended;
    let wanted = terminal_of(institution, &address.terminal).wanted(campaign);
    let packages: Vec<_> = wanted.filter(|_| offered).map(|package| offer(&campaign.id, package, address)).collect();
    PollAnswer {
        update: (!packages.is_empty()).then(|| Update { campaign: campaign.id.clone(), packages }),
        window: WindowState {
            state: if window.is_some() { "open" } else { "closed" },
            until: window.and_then(|window| window.end),
            next_opening: next.filter(|_| window.is_none()).map(|window| window.start),
        },
        poll_after,
    }
}

fn offer(campaign: &CampaignId, package: &Package, address: &TerminalAddress) -> Offer {
    Offer {
        component: package.component,
        version: package.version.clone(),
        size: package.size,
        sha256: package.sha256.clone(),
        url: format!("/delivery/v1/packages/{campaign}/{}/{}?terminal={address}", package.component, package.version),
        restart_required: package.restart_required,
    }
}

fn json_of(bytes: &[u8]) -> Result<Value, Refusal> {
    document::json(bytes).map_err(|detail| refusal_with(ErrorId::MalformedRequest, detail))
}

fn read_report(value: Value) -> Result<Report, Refusal> {
    if !value.is_object() {
        let detail = Text::new("JSON オブジェクトが必要です。", "A JSON object was expected.");
        return Err(refusal_with(ErrorId::MalformedRequest, detail));
    }
    serde_json::from_value(value).map_err(|error| {
        let said = error.to_string();
        refusal_with(ErrorId::MalformedRequest, Text::new(in_japanese(&said), format!("The report: {said}.")))
    })
}

fn terminal_of<'a>(institution: &'a Institution, id: &TerminalId) -> &'a Terminal {
    institution.terminals.get(id).expect("admission or the caller found the terminal")
}

fn address_of(institution: &Institution, terminal: &Terminal) -> String {
    TerminalAddress { institution: institution.code.clone(), terminal: terminal.id.clone() }.to_string()
}
