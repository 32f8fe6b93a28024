//! `GET /delivery/v1/terminals/{id}/results`: the delivery results (配信実績) as staff see them, with
//! additions of the mock that no real tool shows.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::delivery::{describe_delivery, read_delivery};
use super::finish::finish_json;
use super::incoming_request::IncomingRequest;
use super::url::BackendPath;
use crate::domain::campaign::Component;
use crate::domain::ids::{CampaignId, TerminalAddress, Version};
use crate::domain::institution::Institution;
use crate::domain::japan;
use crate::domain::operation::Operation;
use crate::domain::terminal::{Phase, Terminal};
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::openapi;

/// Delivery results (配信実績). Staff see the installed versions; the running versions are an addition
/// of the mock.
#[derive(Serialize, JsonSchema)]
struct Results {
    terminal: String,
    campaign: CampaignId,
    #[serde(serialize_with = "japan::serialize")]
    at: Timestamp,
    /// Whether every component of the campaign is installed, as the real tool shows it.
    completed: bool,
    components: Vec<ComponentResult>,
    /// Values that the real tool does not show.
    mock: MockResults,
}

#[derive(Serialize, JsonSchema)]
struct ComponentResult {
    component: Component,
    title: Text,
    installed: Version,
    distributed: Option<Version>,
    delivered: bool,
    mock: MockComponent,
}

#[derive(Serialize, JsonSchema)]
struct MockComponent {
    running: Version,
    restart_pending: bool,
}

#[derive(Serialize, JsonSchema)]
struct MockResults {
    note: Text,
    restart_pending: bool,
    phase: Phase,
}

/// Adds what the signature of the request handler does not say.
pub fn describe(operation: &mut openapi::Operation<'_>) {
    operation.response::<Results>(200);
    describe_delivery(operation);
}

/// `GET /delivery/v1/terminals/{id}/results`.
pub async fn results(State(app): State<Arc<App>>, BackendPath(id): BackendPath<String>, request: Request) -> Response {
    let incoming = IncomingRequest::without_body(&app, Operation::Results, request);
    let shown =
        read_delivery(&app, &incoming, &id, |admitted| Ok(results_of(admitted.institution(), admitted.terminal, admitted.moment.now)))
            .await;
    finish_json(&app, incoming, shown, |_| Text::new("配信実績を表示しました。", "The delivery results were shown.")).await
}

fn results_of(institution: &Institution, terminal: &Terminal, now: Timestamp) -> Results {
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
        "mock の項目はonshi-mock だけのものです。実際の配信実績に、実行中のバージョンや再起動待ちは表示されません。",
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

fn address_of(institution: &Institution, terminal: &Terminal) -> String {
    TerminalAddress { institution: institution.code.clone(), terminal: terminal.id.clone() }.to_string()
}
