//! The reading of request bodies within their limits, and the headers of a response to a body that
//! could not be read.

use std::error::Error;
use std::pin::pin;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::header::{ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, EXPECT};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use futures_util::FutureExt as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::domain::text::Text;
use crate::listener::BodyLimits;

/// Why a body could not be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The body is compressed.
    #[error("{}", .0.en)]
    Encoded(Text),
    /// The body is larger than allowed.
    #[error("{}", .0.en)]
    TooLarge(Text),
    /// The body was not complete in time.
    #[error("{}", .0.en)]
    Timeout(Text),
    /// The connection or its framing failed.
    #[error("{}", .0.en)]
    Incomplete(Text),
}

/// The maximum number of bytes of a refused body that are read and discarded. Some clients write
/// their whole body before they read, and would otherwise not get the response.
const MAX_DISCARDED_BYTES: usize = 16 * 1024 * 1024;
/// The time limit for discarding a body.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);

/// Reads the whole body.
///
/// # Errors
/// The body is compressed, too large, too late, or incomplete.
pub async fn read(mut body: Body, headers: &HeaderMap, limits: BodyLimits) -> Result<Bytes, BodyError> {
    if let Some(coding) = coding(headers) {
        Box::pin(discard(body, headers)).await;
        return Err(BodyError::Encoded(Text::new(
            format!("Content-Encoding が「{coding}」です。圧縮していない本文（Content-Encoding なし）が必要です。"),
            format!("Content-Encoding is `{coding}`; a body that is not compressed, without Content-Encoding, was expected."),
        )));
    }
    if body.size_hint().lower() > limits.max as u64 {
        Box::pin(discard(body, headers)).await;
        return Err(too_large(limits));
    }
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|value| value.parse::<u64>().ok());
    // Nearly every body arrives together with its header, so no timer is needed for it.
    let whole = {
        let mut collecting = pin!(Limited::new(&mut body, limits.max).collect());
        match collecting.as_mut().now_or_never() {
            Some(whole) => Ok(whole),
            None => tokio::time::timeout(limits.timeout, collecting).await,
        }
    };
    let collected = whole.map_err(|_| {
        let seconds = limits.timeout.as_secs();
        let announced = announced.map_or_else(|| "-".to_owned(), |length| length.to_string());
        BodyError::Timeout(Text::new(
            format!("Content-Length は {announced} で、{seconds} 秒以内に全体が届きませんでした。"),
            format!("Content-Length is {announced}; the whole body did not come within {seconds} s."),
        ))
    })?;
    match collected {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if is_length_limit(error.as_ref()) => {
            Box::pin(discard(body, headers)).await;
            Err(too_large(limits))
        }
        Err(error) => Err(BodyError::Incomplete(Text::new(
            format!("本文を最後まで受け取れませんでした（{error}）。"),
            format!("The body broke off ({error})."),
        ))),
    }
}

/// The maximum number of characters of a header value in a response.
const MAX_SHOWN: usize = 40;

/// Returns the content coding of a compressed body; `None` if the body is not compressed.
fn coding(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(CONTENT_ENCODING).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let mut coded = values.filter(|value| !value.split(',').all(|one| matches!(one.trim().to_ascii_lowercase().as_str(), "" | "identity")));
    coded.next().map(|value| value.trim().chars().take(MAX_SHOWN).collect())
}

/// Makes the connection close after the response, since the rest of it cannot be trusted. A
/// response 415 names the content coding that is accepted (RFC 9110, section 15.5.16).
pub fn with_connection_close(mut response: Response) -> Response {
    if response.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE {
        response.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn too_large(limits: BodyLimits) -> BodyError {
    BodyError::TooLarge(Text::new(format!("上限は {} バイトです。", limits.max), format!("At most {} bytes are read.", limits.max)))
}

/// Reads and discards the body, so that a client that writes before it reads gets its response. A
/// body with `Expect: 100-continue` is not read: the client sends nothing before `100 Continue`,
/// and hyper would send that as soon as the body is polled.
async fn discard(body: Body, headers: &HeaderMap) {
    if headers.contains_key(EXPECT) {
        return;
    }
    let mut body = Limited::new(body, MAX_DISCARDED_BYTES);
    let discarded = async { while let Some(Ok(_)) = body.frame().await {} };
    // The response is the same, whatever the result.
    let _ = tokio::time::timeout(DISCARD_TIMEOUT, discarded).await;
}

/// Whether the error is due to the size limit. axum wraps the error of the limit in its own.
fn is_length_limit<'a>(error: &'a (dyn Error + 'static)) -> bool {
    let source = |error: &&'a (dyn Error + 'static)| (*error).source();
    std::iter::successors(Some(error), source).any(|error| error.is::<LengthLimitError>())
}
