//! `GET, HEAD /delivery/v1/packages/{campaign}/{component}/{version}`: a package's bytes, whole or one range of them.

use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, RANGE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;

use super::call::{Call, refusal_with};
use super::delivery::at_terminal;
use super::identity::{TokenRule, admitted, certificate_if_required, identify};
use super::url::{InPath, InQuery};
use crate::domain::campaign::{Campaign, Component, Package};
use crate::domain::catalogue::ErrorId;
use crate::domain::check::Refusal;
use crate::domain::ids::{CampaignId, Version};
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::problem::Problem;
use crate::journal::Outcome;
use crate::package::Content;

/// `?terminal=`: whose campaign has the package; polls put it into the URL. Left out: that of the certificate's or token's institution, else the
/// notice's.
#[derive(Deserialize)]
pub struct PackageQuery {
    terminal: Option<String>,
}

/// Handles one request for a package.
pub async fn package(
    State(app): State<Arc<App>>,
    InPath((campaign, component, version)): InPath<(String, String, String)>,
    InQuery(query): InQuery<PackageQuery>,
    request: Request,
) -> Response {
    let method = request.method().clone();
    let (mut call, _) = Call::begin(app, "package", request);
    let named = |packages: &Campaign| named(packages, &campaign, &component, &version);
    let found = match query.terminal {
        Some(terminal) => at_terminal(&mut call, &terminal, |tenant, _, _| named(&tenant.institution.campaign)),
        None => match identify(&mut call, None, TokenRule::Optional) {
            Err(refusal) if refusal.error != ErrorId::IdentityMissing => Err(refusal),
            Err(_) => certificate_if_required(&call).and_then(|()| named(&call.app.fixtures.campaign)),
            Ok(who) => admitted(&mut call, who, |tenant, _| named(&tenant.institution.campaign)),
        },
    };
    match found {
        Ok((campaign, package)) => serve(call, &method, &campaign, &package),
        Err(refusal) => call.refuse_as_problem(&refusal),
    }
}

fn named(campaign: &Campaign, id: &str, component: &str, version: &str) -> Result<(CampaignId, Package), Refusal> {
    let component = Component::ALL.into_iter().find(|known| known.name() == component);
    let package = component.and_then(|component| campaign.package(component)).filter(|_| campaign.id.as_str() == id);
    let package = package.filter(|package| Version::parse(version).is_ok_and(|version| version == package.version));
    package.map(|package| (campaign.id.clone(), package.clone())).ok_or_else(|| {
        refusal_with(
            ErrorId::UnknownPackage,
            Text::new(format!("現在のキャンペーンは {} です。", campaign.id), format!("The present campaign is {}.", campaign.id)),
        )
    })
}

fn serve(call: Call, method: &Method, campaign: &CampaignId, package: &Package) -> Response {
    let etag = format!("\"{}\"", package.sha256);
    let lists_etag = |value: &str| value.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag || tag.trim() == "*");
    if header(&call.headers, &IF_NONE_MATCH).is_some_and(lists_etag) {
        let response = with_common(StatusCode::NOT_MODIFIED.into_response(), &etag);
        return call.answer(Outcome::Answered, Text::new("変更はありません（304）。", "Not modified (304)."), response);
    }
    let current = header(&call.headers, &IF_RANGE).is_none_or(|tag| tag.trim() == etag);
    let asked = header(&call.headers, &RANGE).filter(|_| current && method == Method::GET);
    let range = match asked.map_or(Asked::Whole, |text| one_range(text, package.size)) {
        Asked::Whole => None,
        Asked::Part(range) => Some(range),
        Asked::Nothing => return unsatisfiable(call, package.size),
    };
    let (status, bytes) = match &range {
        None => (StatusCode::OK, 0..package.size),
        Some(range) => (StatusCode::PARTIAL_CONTENT, range.clone()),
    };
    let length = bytes.end - bytes.start;
    let content = Content::new(campaign, package.component, &package.version, package.size);
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        Body::from_stream(stream::iter(content.slices(bytes).map(Ok::<_, std::convert::Infallible>)))
    };
    let mut response = with_common((status, body).into_response(), &etag);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    if let Some(range) = range {
        headers.insert(CONTENT_RANGE, ascii(&format!("bytes {}-{}/{}", range.start, range.end - 1, package.size)));
    }
    let why = Text::new(format!("{length} バイトを送ります。"), format!("{length} bytes are sent."));
    call.answer(Outcome::Answered, why, response)
}

/// What a Range header asks for.
enum Asked {
    Whole,
    Part(Range<u64>),
    /// No byte of the package lies in it.
    Nothing,
}

/// One range is answered as such; several, or one that cannot be read, as the whole, as RFC 9110 allows.
fn one_range(text: &str, size: u64) -> Asked {
    let Ok(parsed) = http_range_header::parse_range_header(text) else {
        return Asked::Whole;
    };
    match parsed.validate(size).as_deref() {
        Ok([range]) => Asked::Part(*range.start()..range.end() + 1),
        Ok(_) => Asked::Whole,
        Err(_) => Asked::Nothing,
    }
}

fn unsatisfiable(call: Call, size: u64) -> Response {
    let detail = Text::new(format!("サイズは {size} バイトです。"), format!("It has {size} bytes."));
    let refusal = refusal_with(ErrorId::RangeNotSatisfiable, detail);
    let entry = call.app.fixtures.catalogue.entry(refusal.error);
    let mut response = Problem::of_catalogue(entry, &refusal.message(entry)).into_response();
    response.headers_mut().insert(CONTENT_RANGE, ascii(&format!("bytes */{size}")));
    call.refuse(&refusal, response)
}

fn with_common(mut response: Response, etag: &str) -> Response {
    let headers = response.headers_mut();
    headers.insert(ETAG, ascii(etag));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    response
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn ascii(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("hashes, numbers and units are visible ASCII")
}
