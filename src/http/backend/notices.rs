//! `GET /notices/v1`: what an institution has been told so far (N10), for a client to show. The protocol is the mock's own.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::delivery::access;
use super::finish::finish_json;
use super::identity::{TokenRule, UNIDENTIFIED, identify};
use super::incoming_request::Received;
use super::url::InQuery;
use crate::app::access::Visited;
use crate::domain::campaign::Notice;
use crate::domain::catalogue::ErrorId;
use crate::domain::check::Refusal;
use crate::domain::ids::{CampaignId, InstitutionCode};
use crate::domain::operation::Operation;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::openapi;

/// `?institution=`: who asks, where neither certificate nor token says (lenient only).
#[derive(Deserialize, JsonSchema)]
pub struct NoticesQuery {
    institution: Option<String>,
}

/// What was told so far.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NoticeListing")]
struct Listing {
    notices: Vec<Listed>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ListedNotice")]
struct Listed {
    campaign: CampaignId,
    #[serde(flatten)]
    notice: Notice,
}

/// What its signature does not say.
pub fn describe(operation: &mut openapi::Operation<'_>) {
    operation.answers::<Listing>(200);
    operation.refuses_with(UNIDENTIFIED);
}

/// Handles one request for notices.
pub async fn notices(State(app): State<Arc<App>>, InQuery(query): InQuery<NoticesQuery>, request: Request) -> Response {
    let received = Received::head(&app, Operation::Notices, request);
    let listed = list(&app, &received, query.institution.as_deref()).await;
    let why = |_: &Listing| Text::new("公開済みのお知らせを一覧しました。", "The notices published so far were listed.");
    finish_json(&app, received, listed, why).await
}

async fn list(app: &App, received: &Received, institution: Option<&str>) -> Visited<Listing> {
    let in_request = match institution.map(InstitutionCode::parse).transpose() {
        Ok(in_request) => in_request,
        Err(error) => {
            let Text { ja, en } = error.text();
            let detail = Text::new(format!("institution: {ja}。"), format!("institution: {en}."));
            return Visited::refused(None, Refusal::quoting(ErrorId::MalformedRequest, detail));
        }
    };
    let caller = match identify(app, received, in_request.as_ref().map(|code| (code, None)), TokenRule::Optional) {
        Ok(caller) => caller,
        Err(unidentified) => return unidentified.visited(),
    };
    let access = access(received, &caller);
    let listed = access.read(&app.institutions, |at| {
        let campaign = &at.institution().campaign;
        let published = campaign.notices.iter().filter(|notice| notice.published <= at.moment.now);
        Ok(Listing { notices: published.map(|notice| Listed { campaign: campaign.id.clone(), notice: notice.clone() }).collect() })
    });
    listed.await
}
