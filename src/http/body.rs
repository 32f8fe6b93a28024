//! Reads a request's body within its limits.

use std::error::Error;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::app::BodyLimits;
use crate::domain::text::Text;

/// Why a body could not be read.
#[derive(Debug, PartialEq, Eq)]
pub enum BodyFault {
    /// More bytes than allowed.
    TooLarge(Text),
    /// It did not come whole in time.
    Late(Text),
    /// The connection or its framing broke.
    Broken(Text),
}

/// The whole body.
///
/// # Errors
/// Too large, too late, or broken off.
pub async fn read(body: Body, headers: &HeaderMap, limits: BodyLimits) -> Result<Bytes, BodyFault> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|value| value.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limits.max as u64) {
        return Err(too_large(limits));
    }
    let whole = tokio::time::timeout(limits.timeout, Limited::new(body, limits.max).collect()).await;
    let collected = whole.map_err(|_| {
        let seconds = limits.timeout.as_secs();
        BodyFault::Late(Text::new(
            format!(
                "Content-Length は {} で、{seconds} 秒以内に全体が届きませんでした。",
                announced.map_or("なし".to_owned(), |n| n.to_string())
            ),
            format!(
                "Content-Length is {}; the whole body did not come within {seconds} s.",
                announced.map_or("absent".to_owned(), |n| n.to_string())
            ),
        ))
    })?;
    match collected {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if is_length_limit(error.as_ref()) => Err(too_large(limits)),
        Err(error) => Err(BodyFault::Broken(Text::new(
            format!("本文を最後まで受け取れませんでした（{error}）。"),
            format!("The body broke off ({error})."),
        ))),
    }
}

/// axum wraps the limit's error in its own.
fn is_length_limit<'a>(error: &'a (dyn Error + 'static)) -> bool {
    let source = |error: &&'a (dyn Error + 'static)| (*error).source();
    std::iter::successors(Some(error), source).any(|error| error.is::<LengthLimitError>())
}

fn too_large(limits: BodyLimits) -> BodyFault {
    BodyFault::TooLarge(Text::new(format!("上限は {} バイトです。", limits.max), format!("At most {} bytes are read.", limits.max)))
}
