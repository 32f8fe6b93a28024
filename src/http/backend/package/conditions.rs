//! Whether a request's conditions hold, in the order of RFC 9110, section 13.2.2. A package has a strong tag and no date: conditions by date
//! are passed over, and `If-Range` with a date never holds.

use axum::http::header::{IF_MATCH, IF_RANGE, RANGE};
use axum::http::{HeaderMap, Method};
use headers::{ETag, HeaderMapExt, IfMatch, IfNoneMatch, IfRange};

/// What the conditions come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ConditionResult {
    /// Answer, with the range that counts.
    Proceed { range: Option<String> },
    /// 304.
    NotModified,
    /// 412.
    Failed,
}

/// Judges a request for the package with this strong tag.
pub(super) fn judge(method: &Method, headers: &HeaderMap, etag: &str) -> ConditionResult {
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

/// The one Range header; several are as good as none.
fn range(headers: &HeaderMap) -> Option<String> {
    let mut given = headers.get_all(RANGE).iter();
    let only = given.next().filter(|_| given.next().is_none());
    only.and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// Whether the digest is to be told: unless `Want-Repr-Digest` says that SHA-256 is not acceptable (RFC 9530, section 4).
pub(super) fn wants_digest(headers: &HeaderMap) -> bool {
    let given = headers.get_all("want-repr-digest").iter().filter_map(|value| value.to_str().ok());
    let members = given.flat_map(|value| value.split(','));
    // Of a key that is given twice, the last counts (RFC 9651, section 3.2).
    let mut weights = members.filter_map(|member| member.trim().split_once('=')).filter(|(algorithm, _)| *algorithm == "sha-256");
    let last = weights.next_back();
    last.is_none_or(|(_, weight)| weight.split(';').next() != Some("0"))
}
