//! Pictures of the client's screen, each attached to an observation: PNG or JPEG, told by the
//! content and stored without metadata.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::HeaderName;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::request::Parts;
use axum::response::{IntoResponse, NoContent, Response};
use bytes::Bytes;
use serde_json::json;

use super::input::{InstitutionPath, bad_path, no_institution, path_parameter_text};
use crate::domain::ids::InstitutionCode;
use crate::domain::observation::Observation;
use crate::domain::screenshot::{MAX_SCREENSHOT_SIZE, MAX_SCREENSHOTS, PictureFormat, ScreenshotError};
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::body;
use crate::http::openapi::{DescribedInput, Operation};
use crate::http::problem::Problem;
use crate::listener::BodyLimits;
use crate::store::ScreenshotChange;
use crate::wire::picture::{PictureError, format_of, without_metadata};

/// The headers of a picture: a browser that opens it as a page shows nothing else.
const HEADERS: [(HeaderName, &str); 3] =
    [(CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"), (X_CONTENT_TYPE_OPTIONS, "nosniff"), (CACHE_CONTROL, "no-store")];

/// The institution and the number of the observation in the path. They may not exist.
pub struct ObservationPath(InstitutionCode, u64);

impl DescribedInput for ObservationPath {
    fn describe(operation: &mut Operation<'_>) {
        InstitutionPath::describe(operation);
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ObservationPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let InstitutionPath(code) = InstitutionPath::from_request_parts(parts, state).await?;
        let number = path_parameter_text(parts, state, "number").await?.parse();
        let number = number.map_err(|_| bad_path(Text::new("観察の番号ではありません", "this is no number of an observation")))?;
        Ok(Self(code, number))
    }
}

/// A picture as a request body, which may be larger than other bodies, without its metadata.
pub struct PictureInput(PictureFormat, Bytes);

impl DescribedInput for PictureInput {
    fn describe(operation: &mut Operation<'_>) {
        operation.request_body_content(pictures());
        [400, 408, 413, 415, 422].into_iter().for_each(|status| operation.problem(status));
    }
}

impl FromRequest<Arc<App>> for PictureInput {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let limits = BodyLimits { max: MAX_SCREENSHOT_SIZE, ..app.body };
        let bytes = body::read(body, &parts.headers, limits).await?;
        let (format, picture) = without_metadata(&bytes)?;
        Ok(Self(format, picture.into()))
    }
}

/// Adds what the signature of the request handler does not say.
pub fn describe_screenshot(operation: &mut Operation<'_>) {
    operation.response_content(200, "The picture, without metadata.", pictures());
}

fn pictures() -> serde_json::Value {
    let picture = json!({ "schema": { "type": "string", "format": "binary" } });
    PictureFormat::ALL.iter().map(|format| (format.name().to_owned(), picture.clone())).collect()
}

/// `PUT …/observations/{number}/screenshot`.
///
/// # Errors
/// No such institution or observation, no PNG or JPEG, a picture that is too large, an observation
/// that has one, or too many in the institution.
pub async fn attach_screenshot(
    State(app): State<Arc<App>>,
    ObservationPath(code, number): ObservationPath,
    PictureInput(format, picture): PictureInput,
) -> Result<Json<Observation>, Problem> {
    let attached = app.institutions.update_with_screenshot(&code, |tenant, _| {
        let observations = &mut tenant.institution.observations;
        match observations.attach(number, format, picture.len() as u64) {
            Ok(attached) => {
                let attached = attached.clone();
                let change = ScreenshotChange::Add { number, evicted: observations.evicted(), body: picture.clone() };
                (Ok(attached), Some(change))
            }
            Err(error) => (Err(problem(error, &code, number)), None),
        }
    });
    attached.await?.ok_or_else(|| no_institution(&code))?.map(Json)
}

/// `GET …/observations/{number}/screenshot`.
///
/// # Errors
/// No such institution, observation or picture.
pub async fn read_screenshot(State(app): State<Arc<App>>, ObservationPath(code, number): ObservationPath) -> Result<Response, Problem> {
    let found = app.institutions.read(&code, |tenant, _| tenant.institution.observations.find(number).map(Observation::has_screenshot));
    let has_screenshot =
        found.await?.ok_or_else(|| no_institution(&code))?.ok_or_else(|| problem(ScreenshotError::NoObservation, &code, number))?;
    let picture = if has_screenshot { app.institutions.store().screenshot(code.as_str(), number).await? } else { None };
    let picture = picture.ok_or_else(|| problem(ScreenshotError::Nothing, &code, number))?;
    let format = format_of(&picture).map_or("application/octet-stream", PictureFormat::name);
    Ok((HEADERS, [(CONTENT_TYPE, format)], picture).into_response())
}

/// `DELETE …/observations/{number}/screenshot`: deletes the picture, and records that; 204.
///
/// # Errors
/// No such institution, observation or picture.
pub async fn delete_screenshot(State(app): State<Arc<App>>, ObservationPath(code, number): ObservationPath) -> Result<NoContent, Problem> {
    let deleted = app.institutions.update_with_screenshot(&code, |tenant, moment| {
        match tenant.institution.observations.detach(number, moment.wall) {
            Ok(()) => (Ok(NoContent), Some(ScreenshotChange::Remove(number))),
            Err(error) => (Err(problem(error, &code, number)), None),
        }
    });
    deleted.await?.ok_or_else(|| no_institution(&code))?
}

fn problem(error: ScreenshotError, code: &InstitutionCode, number: u64) -> Problem {
    match error {
        ScreenshotError::NoObservation => Problem::not_found(Text::new(
            format!("医療機関 {code} に観察 {number} はありません。"),
            format!("Institution {code} has no observation {number}."),
        ))
        .remedy(Text::new("GET …/observations で一覧を確認してください", "See GET …/observations")),
        ScreenshotError::Nothing => {
            let ja = format!("観察 {number} に画像はありません。添付されていないか、削除されました。");
            Problem::not_found(Text::new(ja, format!("Observation {number} has no picture: none was attached, or it was deleted.")))
        }
        ScreenshotError::Taken => Problem::conflict(Text::new(
            format!("観察 {number} には、すでに画像を添付しました（削除した場合も、添付し直せません）。"),
            format!("A picture was attached to observation {number} before; another cannot take its place, even if it was deleted."),
        ))
        .remedy(Text::new("新しい観察を記録して、それに添付してください", "Record another observation, and attach the picture to that")),
        ScreenshotError::Full => Problem::conflict(Text::new(
            format!("医療機関 {code} には画像がすでに {MAX_SCREENSHOTS} 枚あります。"),
            format!("Institution {code} has {MAX_SCREENSHOTS} pictures already."),
        ))
        .remedy(Text::new("不要な画像を削除してください", "Delete a picture that is not needed")),
    }
}

impl From<PictureError> for Problem {
    fn from(error: PictureError) -> Self {
        let (ja, en) = match error {
            PictureError::OtherFormat => ("PNG でも JPEG でもありません。", "This is neither PNG nor JPEG."),
            PictureError::Malformed => ("画像が途中で切れているか、壊れています。", "The picture is truncated or malformed."),
        };
        let known: Vec<&str> = PictureFormat::ALL.iter().map(|format| format.name()).collect();
        Self::field("", Text::new(ja, en)).expected(known.join(", "))
    }
}
