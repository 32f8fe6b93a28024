//! The form of an answer is what `Accept` prefers, by its q-values, wherever there is more than one
//! form.

use reqwest::{Method, RequestBuilder};

use crate::support::request_files::check;
use crate::support::{Mock, SEARCH, TOKEN, inquiry, template};

async fn content_type(request: RequestBuilder, accept: &str) -> String {
    let request = if accept.is_empty() { request } else { request.header("accept", accept) };
    let answer = request.send().await.unwrap();
    let content_type = answer.headers()["content-type"].to_str().unwrap().to_owned();
    content_type.split(';').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_check_is_answered_in_the_form_with_the_best_q_value() {
    let mock = Mock::start().await;
    let in_json = || mock.backend(Method::POST, SEARCH).json(&inquiry("9910000018"));
    let in_xml = || mock.backend(Method::POST, SEARCH).header("content-type", "application/xml").body(check("9910000018", "f"));
    let (json, xml) = ("application/json", "application/xml");
    for (accept, of_json, of_xml) in [
        ("", json, xml),
        ("*/*", json, xml),
        ("application/*", json, xml),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", json, xml),
        ("image/png", json, xml),
        ("application/xml;q=0.5, application/json", json, json),
        ("application/json;q=0.5, application/xml", xml, xml),
        ("application/json;q=0.2, text/xml;q=0.3", xml, xml),
        ("text/xml", xml, xml),
        ("application/json;q=0", xml, xml),
        ("application/xml;q=0, text/xml;q=0, */*", json, json),
    ] {
        assert_eq!(content_type(in_json(), accept).await, of_json, "{accept}");
        assert_eq!(content_type(in_xml(), accept).await, of_xml, "{accept}");
    }
    let unreadable = mock.backend(Method::POST, SEARCH).body("x");
    assert_eq!(content_type(unreadable, "application/json;q=0.9, application/xml").await, xml, "a refusal too");
}

#[tokio::test]
async fn verdict_explanation_and_events_come_in_the_form_with_the_best_q_value() {
    let mock = Mock::start().await;
    let journal = mock.institution(template::UP_TO_DATE).check().await.journal;
    let at = |path: &str| mock.client.get(format!("https://{}/v1/institutions/9910000018/{path}", mock.control)).bearer_auth(TOKEN);
    for (path, accept, form) in [
        ("verdict", "", "application/json"),
        ("verdict", "application/xml;q=0.5, application/json", "application/json"),
        ("verdict", "application/json;q=0.5, application/xml", "application/xml"),
        ("verdict", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("verdict", "text/html;q=0, */*", "application/json"),
        (&format!("journal/{journal}"), "text/plain;q=0.5, text/html;q=0.6, application/json;q=0.1", "text/html"),
        (&format!("journal/{journal}"), "text/*;q=0.1, application/json;q=0.2", "application/json"),
        (&format!("journal/{journal}"), "application/json;q=0, text/html;q=0", "text/plain"),
        ("events", "application/json;q=0.5, text/event-stream", "text/event-stream"),
        ("events", "application/json, text/event-stream;q=0.5", "application/json"),
    ] {
        assert_eq!(content_type(at(path), accept).await, form, "{path}: {accept}");
    }
}
