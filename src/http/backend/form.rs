//! The form of a check's request and response: JSON or XML.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;

use crate::app::check::Target;
use crate::domain::text::Text;
use crate::http::negotiation::{APPLICATION_XML, JSON, TEXT_XML, preferred};
use crate::wire::charset;
use crate::wire::document::Document;

/// The form of a check's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Xml,
}

impl Form {
    /// Returns the form of a body: XML if the `Content-Type` says so, or if there is none and the
    /// body starts like XML; else JSON.
    pub(super) fn of_body(headers: &HeaderMap, body: &[u8]) -> Self {
        let begins_like_xml = || body.trim_ascii_start().starts_with(b"<") || body.starts_with(b"\xEF\xBB\xBF<");
        match headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default()) {
            Some(content_type) if is_xml(content_type) => Self::Xml,
            Some(content_type) if !content_type.trim().is_empty() => Self::Json,
            _ if begins_like_xml() => Self::Xml,
            _ => Self::Json,
        }
    }

    /// Returns the form of the response: the one that `Accept` prefers, or else the form of the
    /// request's body.
    pub(super) fn of_answer(headers: &HeaderMap, of_body: Self) -> Self {
        let mut forms = [(JSON, Self::Json), (APPLICATION_XML, Self::Xml), (TEXT_XML, Self::Xml)];
        if of_body == Self::Xml {
            forms.rotate_left(1);
        }
        preferred(headers, &forms)
    }

    /// Reads a body of this form.
    ///
    /// # Errors
    /// The body is not of this form.
    pub(super) fn read<'a>(self, headers: &HeaderMap, body: &'a [u8]) -> Result<Document<'a>, Text> {
        match self {
            Self::Json => Document::json(body),
            Self::Xml => Document::xml(&charset::decode(body, charset_of(headers))?),
        }
    }

    /// Returns the target that a response of this form is written for.
    pub(super) fn target(self) -> Target {
        match self {
            Self::Json => Target::Json,
            Self::Xml => Target::Xml,
        }
    }
}

/// Returns the `charset` of the `Content-Type`.
fn charset_of(headers: &HeaderMap) -> Option<&str> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let charset = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    charset.map(|(_, label)| label.trim().trim_matches('"'))
}

fn is_xml(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    ["application/xml", "text/xml"].iter().any(|xml| essence.eq_ignore_ascii_case(xml))
}
