//! The samples of docs/answer-samples.md: the same request over the web API and in a linkage
//! folder, and of each answer the elements by which a client tells what it is.

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::support::request_files::{DATE, card, info, info_of, message};
use crate::support::{Mock, SEARCH, frozen, template};

const NOW: &str = "2026-01-20T08:55:00+09:00";

/// The elements that tell what an answer is, and those that a screen has to show of it.
const DECISIVE: [&str; 9] = [
    "SegmentOfResult",
    "ErrorCode",
    "ErrorMessage",
    "ProcessingResultStatus",
    "ProcessingResultCode",
    "ProcessingResultMessage",
    "QualificationValidity",
    "DisqualificationDate",
    "ReasonOfLoss",
];

/// The brackets around them.
const FRAME: [&str; 8] = [
    r#"{"XmlMsg":{"MessageHeader":{"#,
    r#"},"MessageBody":{"#,
    "<XmlMsg>",
    "</XmlMsg>",
    "<MessageHeader>",
    "</MessageHeader>",
    "<MessageBody>",
    "</MessageBody>",
];

/// What ends a message in JSON.
const JSON_END: &str = "}}}";

/// How an institution comes to give an answer, and whom it is asked about.
fn case(name: &str) -> (&'static str, Value, String) {
    let of = |person: &str| (template::UP_TO_DATE, json!({}), info_of(person, "0"));
    let pending = |settings: Value| (template::PENDING, settings, info_of("valid", "0"));
    match name {
        "in-the-body" => pending(json!({"errors": {"restart_required": {"layer": "body"}}})),
        "nobody" => (template::UP_TO_DATE, json!({}), info(&card("01990019", "99999999", "9999", "01"), "19850101", "0")),
        "not-a-message" => (template::UP_TO_DATE, json!({}), "<a>".to_owned()),
        "restart" => pending(json!({})),
        "bare" | "http" | "silent" => pending(json!({"error_profile": name})),
        "person-refused" => of("refused"),
        person => of(person),
    }
}

/// What comes back for the sample of this name, over the web API and in the folder.
pub(crate) async fn sample(mock: &Mock, name: &str) -> String {
    let (template, mut settings, asked) = case(name);
    settings["template"] = json!(template);
    settings["clock"] = frozen(NOW);
    let clinic = mock.clinic_with(settings).await;
    let request = message(&clinic.code, DATE, &asked);
    let web = mock.backend(Method::POST, SEARCH).header(CONTENT_TYPE, "application/xml").header(ACCEPT, "application/json");
    let web = over_the_web(web.body(request.clone()).send().await).await;
    let file = clinic.file("OQSsiquc01req_1.xml", request).await;
    let file = if file.name.is_empty() { "—".to_owned() } else { format!("res/{}\n{}", file.name, shortened(&file.text())) };
    clinic.remove().await;
    format!("POST …/search → {web}\nreq/OQSsiquc01req_1.xml → {file}")
}

async fn over_the_web(response: Result<Response, reqwest::Error>) -> String {
    match response {
        Ok(response) => format!("{}\n{}", response.status().as_u16(), shortened(&response.text().await.unwrap())),
        Err(_) => "—".to_owned(),
    }
}

/// A message without the elements that decide nothing; what is no message comes as it is.
fn shortened(text: &str) -> String {
    if !text.contains("XmlMsg><") && !text.starts_with(FRAME[0]) {
        return text.trim_end().to_owned();
    }
    let (mut short, mut rest) = (String::new(), text);
    while let Some(first) = rest.chars().next() {
        let kept = kept(rest);
        if kept > 0 {
            short.push_str(&rest[..kept]);
        } else if !short.is_empty() && !short.ends_with('…') {
            short.push('…');
        }
        rest = &rest[kept.max(first.len_utf8())..];
    }
    short
}

/// How many bytes at the beginning of this are to be kept.
fn kept(rest: &str) -> usize {
    if rest == JSON_END {
        return rest.len();
    }
    if let Some(frame) = FRAME.iter().find(|frame| rest.starts_with(**frame)) {
        return frame.len();
    }
    let ends = DECISIVE.iter().filter_map(|name| {
        let (begin, end) =
            if rest.starts_with('<') { (format!("<{name}>"), format!("</{name}>")) } else { (format!("\"{name}\":\""), "\"".to_owned()) };
        let text = rest.strip_prefix(&begin)?;
        Some(begin.len() + text.find(&end)? + end.len())
    });
    ends.max().unwrap_or_default()
}
