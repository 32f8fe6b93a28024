//! The evaluation of a request's conditions, in the order of RFC 9110, section 13.2.2. A package
//! has a strong tag and no date: conditions on a date are ignored, and `If-Range` with a date never
//! holds.

use axum::http::header::{IF_MATCH, IF_RANGE, RANGE};
use axum::http::{HeaderMap, Method};
use headers::{ETag, HeaderMapExt, IfMatch, IfNoneMatch, IfRange};

/// The result of the conditions.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ConditionResult {
    /// Send the package, or the range if one is given.
    Proceed { range: Option<String> },
    /// Respond with 304.
    NotModified,
    /// Respond with 412.
    Failed,
}

/// Evaluates the conditions for the package with this strong tag.
pub(super) fn evaluate(method: &Method, headers: &HeaderMap, etag: &str) -> ConditionResult {
    let Ok(tag) = etag.parse::<ETag>() else {
        return ConditionResult::Proceed { range: None };
    };
    let matches = headers.typed_get::<IfMatch>().is_some_and(|condition| condition.precondition_passes(&tag));
    if headers.contains_key(IF_MATCH) && !matches {
        return ConditionResult::Failed;
    }
    if headers.typed_get::<IfNoneMatch>().is_some_and(|condition| !condition.precondition_passes(&tag)) {
        return ConditionResult::NotModified;
    }
    let same = headers.typed_get::<IfRange>().is_some_and(|condition| !condition.is_modified(Some(&tag), None));
    let counts = method == Method::GET && (same || !headers.contains_key(IF_RANGE));
    ConditionResult::Proceed { range: range(headers).filter(|_| counts) }
}

/// Returns the `Range` header; `None` if there are several.
fn range(headers: &HeaderMap) -> Option<String> {
    let mut given = headers.get_all(RANGE).iter();
    let only = given.next().filter(|_| given.next().is_none());
    only.and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// Whether to send the digest: always, unless `Want-Repr-Digest` says that SHA-256 is not
/// acceptable (RFC 9530, section 4).
pub(super) fn wants_digest(headers: &HeaderMap) -> bool {
    let given = headers.get_all("want-repr-digest").iter().filter_map(|value| value.to_str().ok());
    let members = given.flat_map(|value| value.split(','));
    // If a key is given twice, the last one counts (RFC 9651, section 3.2).
    let mut weights = members.filter_map(|member| member.trim().split_once('=')).filter(|(algorithm, _)| *algorithm == "sha-256");
    let last = weights.next_back();
    last.is_none_or(|(_, weight)| weight.split(';').next() != Some("0"))
}
