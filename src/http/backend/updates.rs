//! `GET /delivery/v1/terminals/{id}/updates`: a terminal polls for packages to download.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::delivery::{describe_delivery, terminal_of, update_delivery};
use super::finish::{finish_json, refuse};
use super::incoming_request::IncomingRequest;
use super::package::unavailable_refusal;
use super::url::{BackendPath, BackendQuery};
use crate::app::access::RequestContext;
use crate::domain::calendar::{next_window, open_window};
use crate::domain::campaign::{Component, Package};
use crate::domain::check::Refusal;
use crate::domain::error_catalogue::ErrorId;
use crate::domain::event::Change;
use crate::domain::ids::{CampaignId, TerminalAddress, Version};
use crate::domain::institution::Institution;
use crate::domain::japan;
use crate::domain::operation::Operation;
use crate::domain::period::Period;
use crate::domain::poll_limit::PollLimit;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::openapi;
use crate::institutions::Moment;
use crate::package::Hash;

/// `?trigger=manual`: a manual download at any time (N8).
#[derive(Deserialize, JsonSchema)]
pub struct PollQuery {
    trigger: Option<String>,
}

/// The available download, and the time of the next poll.
#[derive(Serialize, JsonSchema)]
struct PollAnswer {
    /// The update to download now; null if there is none.
    update: Option<Update>,
    /// The packages that are not available yet, because their hash is still being computed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    preparing: Vec<Preparing>,
    /// Whether distribution is suspended.
    suspended: bool,
    window: WindowState,
    poll_after: Period,
}

#[derive(Serialize, JsonSchema)]
struct Update {
    campaign: CampaignId,
    packages: Vec<Offer>,
}

#[derive(Serialize, JsonSchema)]
struct Preparing {
    component: Component,
    version: Version,
}

#[derive(Serialize, JsonSchema)]
struct Offer {
    component: Component,
    version: Version,
    size: u64,
    sha256: String,
    url: String,
    restart_required: bool,
}

#[derive(Serialize, JsonSchema)]
struct WindowState {
    state: &'static str,
    #[serde(serialize_with = "japan::serialize_option")]
    until: Option<Timestamp>,
    #[serde(serialize_with = "japan::serialize_option")]
    next_opening: Option<Timestamp>,
}

/// Adds what the signature of the request handler does not say.
pub fn describe(operation: &mut openapi::Operation<'_>) {
    operation.response::<PollAnswer>(200);
    describe_delivery(operation);
    operation.catalogue_problems(&[ErrorId::TooManyPolls, ErrorId::PackageUnavailable]);
}

/// `GET /delivery/v1/terminals/{id}/updates`.
pub async fn updates(
    State(app): State<Arc<App>>,
    BackendPath(id): BackendPath<String>,
    BackendQuery(query): BackendQuery<PollQuery>,
    request: Request,
) -> Response {
    let incoming = IncomingRequest::without_body(&app, Operation::Updates, request);
    let manual = query.trigger.as_deref() == Some("manual");
    if let Some(other) = query.trigger.filter(|_| !manual) {
        let shown: String = other.chars().take(40).collect();
        let detail =
            Text::new(format!("trigger は manual だけです（{shown}）。"), format!("trigger is `manual` or left out, not `{shown}`."));
        return refuse(&app, incoming, RequestContext::default(), &Refusal::quoting(ErrorId::MalformedRequest, detail)).await;
    }
    let polled = update_delivery(&app, &incoming, &id, |tenant, address, moment| {
        let institution = &mut tenant.institution;
        admit(institution, address, moment, app.fixtures().invented.delivery.poll_limit())?;
        institution.act(&address.terminal, moment.now, |terminal, _| {
            terminal.record_poll(manual, moment.now);
            Ok::<Vec<Change>, Refusal>(Vec::new())
        });
        let answer = poll(&app, institution, address, manual, moment.now)?;
        if answer.update.is_some() {
            institution.act(&address.terminal, moment.now, |terminal, around| {
                terminal.store_offers(around.campaign);
                Ok::<Vec<Change>, Refusal>(Vec::new())
            });
        }
        Ok(answer)
    });
    let polled = polled.await;
    finish_json(&app, incoming, polled, PollAnswer::reason).await
}

impl PollAnswer {
    /// Returns the reason for the answer.
    fn reason(&self) -> Text {
        if self.update.is_some() {
            Text::new("配信する更新があります。", "There is something to deliver.")
        } else if self.suspended {
            Text::new("配信が停止されています。", "The distribution is suspended.")
        } else if !self.preparing.is_empty() {
            Text::new("パッケージの SHA-256 を計算中です。", "The SHA-256 of a package is being computed.")
        } else if self.window.state == "closed" {
            Text::new("配信時間外です。", "The window is closed.")
        } else {
            Text::new("この端末に配信する更新はありません。", "There is nothing for this terminal.")
        }
    }
}

/// Counts the poll, by the machine's clock.
fn admit(institution: &mut Institution, address: &TerminalAddress, moment: Moment, limit: PollLimit) -> Result<(), Refusal> {
    let terminal = institution.terminals.get_mut(&address.terminal);
    let admitted = terminal.map_or(Ok(()), |terminal| terminal.polls.admit(moment.wall, limit));
    admitted.map_err(|seconds| {
        let PollLimit { polls, within } = limit;
        let detail = Text::new(
            format!("1台につき {within} に {polls} 回までです。{seconds} 秒後にもう一度問い合わせてください。"),
            format!("A terminal may poll {polls} times in {within}. Poll again in {seconds} s."),
        );
        Refusal::quoting(ErrorId::TooManyPolls, detail).with_retry_after(seconds)
    })
}

fn poll(app: &App, institution: &Institution, address: &TerminalAddress, manual: bool, now: Timestamp) -> Result<PollAnswer, Refusal> {
    let campaign = &institution.campaign;
    let windows = campaign.windows(&institution.readings);
    let (window, next) = (open_window(&windows, now), next_window(&windows, now));
    let offered = (window.is_some() || manual) && !campaign.is_halted();
    let (mut packages, mut preparing) = (Vec::new(), Vec::new());
    for package in terminal_of(institution, &address.terminal).newer_packages(campaign).filter(|_| offered) {
        match app.packages.hash(&campaign.id, package) {
            Hash::Known(sha256) => packages.push(offer(&campaign.id, package, sha256, address)),
            Hash::Computing => preparing.push(Preparing { component: package.component, version: package.version.clone() }),
            Hash::Failed(error) => return Err(unavailable_refusal(package, &error)),
        }
    }
    let fixtures = app.fixtures();
    let shape = &fixtures.invented.delivery;
    let (ready, waits) = (preparing.is_empty() && !packages.is_empty(), !preparing.is_empty());
    Ok(PollAnswer {
        update: ready.then(|| Update { campaign: campaign.id.clone(), packages }),
        preparing,
        suspended: campaign.suspended,
        window: WindowState {
            state: if window.is_some() { "open" } else { "closed" },
            until: window.and_then(|window| window.end),
            next_opening: next.filter(|_| window.is_none()).map(|window| window.start),
        },
        poll_after: if waits { shape.preparing } else { shape.poll_after },
    })
}

fn offer(campaign: &CampaignId, package: &Package, sha256: String, address: &TerminalAddress) -> Offer {
    Offer {
        component: package.component,
        version: package.version.clone(),
        size: package.size,
        sha256,
        url: format!("/delivery/v1/packages/{campaign}/{}/{}?terminal={address}", package.component, package.version),
        restart_required: package.restart_required,
    }
}
