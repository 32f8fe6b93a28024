//! `GET /notices/v1`: lists the notices published to an institution so far (N10), for a client to
//! show. The protocol is the mock's own.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::delivery::access;
use super::finish::finish_json;
use super::identity::{IDENTITY_ERRORS, TokenRule, identify};
use super::incoming_request::IncomingRequest;
use super::url::BackendQuery;
use crate::app::access::RequestOutcome;
use crate::domain::campaign::Notice;
use crate::domain::check::Refusal;
use crate::domain::error_catalogue::ErrorId;
use crate::domain::ids::{CampaignId, InstitutionCode};
use crate::domain::operation::Operation;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::openapi;

/// `?institution=`: the institution that is assumed if neither certificate nor token names one
/// (lenient login only).
#[derive(Deserialize, JsonSchema)]
pub struct NoticesQuery {
    institution: Option<String>,
}

/// The notices published so far.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NoticeListing")]
struct NoticeList {
    notices: Vec<NoticeItem>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ListedNotice")]
struct NoticeItem {
    campaign: CampaignId,
    #[serde(flatten)]
    notice: Notice,
}

/// Adds what the signature of the request handler does not say.
pub fn describe(operation: &mut openapi::Operation<'_>) {
    operation.response::<NoticeList>(200);
    operation.catalogue_problems(IDENTITY_ERRORS);
}

/// Handles one request for notices.
pub async fn notices(State(app): State<Arc<App>>, BackendQuery(query): BackendQuery<NoticesQuery>, request: Request) -> Response {
    let incoming = IncomingRequest::without_body(&app, Operation::Notices, request);
    let items = list_notices(&app, &incoming, query.institution.as_deref()).await;
    let why = |_: &NoticeList| Text::new("公開済みの通知を一覧しました。", "The notices published so far were listed.");
    finish_json(&app, incoming, items, why).await
}

async fn list_notices(app: &App, incoming: &IncomingRequest, institution: Option<&str>) -> RequestOutcome<NoticeList> {
    let in_request = match institution.map(InstitutionCode::parse).transpose() {
        Ok(in_request) => in_request,
        Err(error) => {
            let Text { ja, en } = error.text();
            let detail = Text::new(format!("institution: {ja}。"), format!("institution: {en}."));
            return RequestOutcome::refused(None, Refusal::quoting(ErrorId::MalformedRequest, detail));
        }
    };
    let caller = match identify(app, incoming, in_request.as_ref().map(|code| (code, None)), TokenRule::Optional) {
        Ok(caller) => caller,
        Err(unidentified) => return unidentified.into_outcome(),
    };
    let access = access(incoming, &caller);
    let items = access.read(&app.institutions, |admitted| {
        let campaign = &admitted.institution().campaign;
        let published = campaign.notices.iter().filter(|notice| notice.published <= admitted.moment.now);
        Ok(NoticeList { notices: published.map(|notice| NoticeItem { campaign: campaign.id.clone(), notice: notice.clone() }).collect() })
    });
    items.await
}
