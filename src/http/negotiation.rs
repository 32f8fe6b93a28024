//! The choice between several forms of a response by `Accept` (RFC 9110, section 12.5.1).

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use headers_accept::Accept;
use mediatype::MediaType;
use mediatype::names::{APPLICATION, EVENT_STREAM, HTML, JSON as JSON_NAME, PLAIN, PROBLEM, TEXT, XML};

/// `application/json`.
pub(super) const JSON: MediaType<'_> = MediaType::new(APPLICATION, JSON_NAME);
/// `application/problem+json`.
pub(super) const PROBLEM_JSON: MediaType<'_> = MediaType::from_parts(APPLICATION, PROBLEM, Some(JSON_NAME), &[]);
/// `application/xml`.
pub(super) const APPLICATION_XML: MediaType<'_> = MediaType::new(APPLICATION, XML);
/// `text/xml`.
pub(super) const TEXT_XML: MediaType<'_> = MediaType::new(TEXT, XML);
/// `text/html`.
pub(super) const TEXT_HTML: MediaType<'_> = MediaType::new(TEXT, HTML);
/// `text/plain`.
pub(super) const TEXT_PLAIN: MediaType<'_> = MediaType::new(TEXT, PLAIN);
/// `text/event-stream`.
pub(super) const TEXT_EVENT_STREAM: MediaType<'_> = MediaType::new(TEXT, EVENT_STREAM);

/// The lowest preference, added for all media types, so that one which `Accept` does not name is
/// preferred to one that it excludes by `q=0`.
const ANY_AT_LOWEST_PREFERENCE: &str = "*/*;q=0.001";

/// Returns the form that the client prefers: by q-value, then by the order in `Accept`, then by the
/// order of `forms`. Returns the first of `forms` if the client names none of them, excludes them
/// all, or sends an unreadable `Accept`.
pub(super) fn preferred<F: Copy>(headers: &HeaderMap, forms: &[(MediaType<'static>, F)]) -> F {
    let form_of = |chosen: &MediaType<'_>| forms.iter().find(|(media_type, _)| media_type == chosen).map(|(_, form)| *form);
    let values = || headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    // Nearly every client names one form or none, so that case is handled without allocations.
    let mut few = values();
    match (few.next(), few.next()) {
        (None, _) => return forms[0].1,
        (Some(only), None) => {
            if let Some((_, form)) = forms.iter().find(|(media_type, _)| is_just(media_type, only)) {
                return *form;
            }
        }
        _ => {}
    }
    let accept = values().chain([ANY_AT_LOWEST_PREFERENCE]).collect::<Vec<_>>().join(",").parse::<Accept>().ok();
    let chosen = accept.as_ref().and_then(|accept| accept.negotiate(forms.iter().map(|(media_type, _)| media_type)));
    chosen.and_then(form_of).unwrap_or(forms[0].1)
}

/// Whether a value of `Accept` consists of exactly this media type.
fn is_just(media_type: &MediaType<'_>, value: &str) -> bool {
    let named = value.split_once('/').is_some_and(|(ty, subty)| {
        ty.eq_ignore_ascii_case(media_type.ty.as_str()) && subty.eq_ignore_ascii_case(media_type.subty.as_str())
    });
    named && media_type.suffix.is_none()
}

#[cfg(test)]
mod tests {
    use super::{APPLICATION_XML, JSON, TEXT_HTML, TEXT_XML, preferred};
    use axum::http::header::ACCEPT;
    use axum::http::{HeaderMap, HeaderValue};

    fn choose(values: &[&str]) -> &'static str {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ACCEPT, HeaderValue::from_str(value).expect("a value of a header"));
        }
        preferred(&headers, &[(JSON, "json"), (APPLICATION_XML, "xml"), (TEXT_XML, "xml"), (TEXT_HTML, "html")])
    }

    #[test]
    fn the_best_q_value_wins_then_the_order_of_accept_then_ours() {
        for (accept, form) in [
            ("application/xml;q=0.5, application/json", "json"),
            ("application/json;q=0.5, text/xml", "xml"),
            ("application/json;q=0.5,text/xml;q=0.50,text/html;q=0.501", "html"),
            ("application/xml, application/json", "xml"),
            ("application/json, application/xml", "json"),
            ("TEXT/HTML", "html"),
            ("text/html;level=1, text/html;q=0.7, application/json;q=0.8", "json"),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "html"),
            ("text/*", "xml"),
            ("text/*;q=0.3, text/html;q=0.2, */*;q=0.1", "xml"),
        ] {
            assert_eq!(choose(&[accept]), form, "{accept}");
        }
        assert_eq!(choose(&["text/csv", "application/xml"]), "xml", "over several lines");
    }

    #[test]
    fn wildcards_and_what_says_nothing_leave_the_first() {
        for accept in ["*/*", "application/*", "image/png", "", "*; q=.2", "text/html;q=0", "no media type, text/html"] {
            assert_eq!(choose(&[accept]), "json", "{accept}");
        }
        assert_eq!(choose(&[]), "json");
    }

    #[test]
    fn what_has_q_0_is_not_sent_where_another_form_is_left() {
        assert_eq!(choose(&["application/json;q=0"]), "xml");
        assert_eq!(choose(&["application/json;q=0.000, */*"]), "xml");
        assert_eq!(choose(&["application/*;q=0, text/xml;q=0"]), "html");
        assert_eq!(choose(&["application/*;q=0, text/*;q=0"]), "json", "something has to be sent");
    }
}
