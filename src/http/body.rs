//! Reads a request's body within its limits.

use std::error::Error;
use std::time::Duration;

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

/// How much of a body that is too large is read and thrown away, so that a client that writes before it reads still gets its answer.
const DISCARDED: usize = 16 * 1024 * 1024;
/// How long that may take.
const DISCARDING: Duration = Duration::from_secs(5);

/// The whole body.
///
/// # Errors
/// Too large, too late, or broken off.
pub async fn read(mut body: Body, headers: &HeaderMap, limits: BodyLimits) -> Result<Bytes, BodyFault> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|value| value.parse::<u64>().ok());
    let whole = tokio::time::timeout(limits.timeout, Limited::new(&mut body, limits.max).collect()).await;
    let collected = whole.map_err(|_| {
        let seconds = limits.timeout.as_secs();
        let announced = announced.map_or_else(|| "-".to_owned(), |length| length.to_string());
        BodyFault::Late(Text::new(
            format!("Content-Length は {announced} で、{seconds} 秒以内に全体が届きませんでした。"),
            format!("Content-Length is {announced}; the whole body did not come within {seconds} s."),
        ))
    })?;
    match collected {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if is_length_limit(error.as_ref()) => {
            // Whatever this ends with, the answer is the same.
            let _ = tokio::time::timeout(DISCARDING, Limited::new(body, DISCARDED).collect()).await;
            Err(BodyFault::TooLarge(Text::new(
                format!("上限は {} バイトです。", limits.max),
                format!("At most {} bytes are read.", limits.max),
            )))
        }
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
