//! `GET /notices/v1`: what an institution has been told so far (N10), for a client to show. The protocol is the mock's own.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::{Call, refusal_with};
use super::identity::{TokenRule, UNIDENTIFIED, admitted, identify};
use super::url::InQuery;
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
    let (mut call, _) = Call::begin(app, Operation::Notices, request);
    match list(&mut call, query.institution.as_deref()).await {
        Ok(listing) => {
            call.answer_json(&listing, Text::new("公開済みのお知らせを一覧しました。", "The notices published so far were listed."))
        }
        Err(refusal) => call.refuse_as_problem(&refusal).await,
    }
}

async fn list(call: &mut Call, institution: Option<&str>) -> Result<Listing, Refusal> {
    let in_request = institution.map(InstitutionCode::parse).transpose().map_err(|error| {
        let Text { ja, en } = error.text();
        refusal_with(ErrorId::MalformedRequest, Text::new(format!("institution: {ja}。"), format!("institution: {en}.")))
    })?;
    let who = identify(call, in_request.as_ref().map(|code| (code, None)), TokenRule::Optional)?;
    admitted(call, who, |tenant, moment| {
        let campaign = &tenant.institution.campaign;
        let published = campaign.notices.iter().filter(|notice| notice.published <= moment.now);
        Ok(Listing { notices: published.map(|notice| Listed { campaign: campaign.id.clone(), notice: notice.clone() }).collect() })
    })
    .await
}
