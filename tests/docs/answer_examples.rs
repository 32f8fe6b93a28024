//! The examples of answers in the API's description: taken from the running program (`UPDATE_DOCS=1
//! cargo test --test docs answer_examples`, then build anew).

use std::path::PathBuf;

use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde_json::{Map, Value, json};

use crate::openapi::{operations, resolved, with_examples, written};
use crate::support::{Mock, SEARCH, TOKEN, inquiry, trusting};

/// The institution that is asked.
const CODE: &str = "9911000017";
/// How much of a list and of a text is shown.
const MAX_ITEMS: usize = 2;
const MAX_CHARACTERS: usize = 160;

/// Media types that examples are shown of.
const SHOWN: [&str; 2] = ["application/json", "text/plain"];
/// What has an example of its own, is a document of its own, or cannot be shown in a few lines.
pub(crate) const WITHOUT: [&str; 7] =
    ["metrics", "openapi", "restore_snapshot", "read_events", "file", "attach_screenshot", "read_screenshot"];

#[tokio::test]
async fn the_examples_come_from_the_running_program() {
    if std::env::var_os("UPDATE_DOCS").is_none() {
        return;
    }
    let mock = Mock::start().await;
    mock.backend(Method::GET, "/nowhere").send().await.unwrap();
    trusting(&Mock::start().await.ca_pem).build().unwrap().get(format!("https://{}/", mock.backend)).send().await.unwrap_err();
    let document = written(None);
    let (mut examples, mut failed) = (Map::new(), Vec::new());
    for (path, method, object) in operations(&document) {
        let id = object["operationId"].as_str().unwrap();
        if !WITHOUT.contains(&id)
            && method != "delete"
            && let Some(answers) = answers(&mock, &document, (path, method, object), &mut failed).await
        {
            examples.insert(id.to_owned(), answers);
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/http/openapi/examples.json");
    std::fs::write(file, format!("{:#}\n", Value::Object(examples))).unwrap();
}

/// What an operation answers on a stage of its own, by status and media type.
async fn answers(mock: &Mock, document: &Value, (path, method, object): (&str, &str, &Value), failed: &mut Vec<String>) -> Option<Value> {
    let id = object["operationId"].as_str().unwrap();
    prepare_institution(mock, matches!(id, "reports" | "download" | "install")).await;
    match id {
        "reports" => drop(mock.institution(CODE).set_terminal(json!({"driver": "external"})).await),
        "read_scenario" => drop(mock.put(&format!("/v1/institutions/{CODE}/scenario"), json!({"id": "happy-morning"})).await),
        _ => {}
    }
    let is_control = document["paths"][path]["servers"][0]["url"] == "https://127.0.0.1:8444";
    let path = with_examples(document, path, object).replace("9910000075", CODE).replace("/faults/f1", "/faults/busy");
    let host = if is_control { mock.control } else { mock.backend };
    let mut request = mock.client.request(Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(), format!("https://{host}{path}"));
    request = if is_control {
        request.bearer_auth(TOKEN)
    } else {
        request.header("authorization", mock.login(json!({"userId": format!("{CODE}-T1")})).await)
    };
    let example = object["requestBody"]["content"]["application/json"].as_object().map(|body| {
        let schema = resolved(document, &body["schema"]);
        schema["examples"][0].to_string().replace("9910000018", CODE)
    });
    if let Some(example) = example.filter(|example| example != "null") {
        request = request.header(CONTENT_TYPE, "application/json").body(example);
    }
    let answer = request.header(ACCEPT, "application/json").send().await.unwrap();
    let (status, media_type) = (answer.status(), answer.headers().get(CONTENT_TYPE)?.to_str().unwrap().split(';').next()?.to_owned());
    let text = answer.text().await.unwrap();
    let text = text.replace(&mock.control.to_string(), "127.0.0.1:8444").replace(&mock.backend.to_string(), "127.0.0.1:8443");
    if !status.is_success() {
        failed.push(format!("{method} {path}: {status} {text}"));
        return None;
    }
    let shown = SHOWN.contains(&&*media_type).then(|| serde_json::from_str(&text).unwrap_or(Value::String(text)))?;
    Some(json!({status.as_str(): {media_type: short(shown, "")}}))
}

/// An institution the morning after, whose terminal is pending, or the evening before: with a
/// fault, an observation, and a check that was refused.
async fn prepare_institution(mock: &Mock, is_early: bool) {
    mock.institution(CODE).remove().outcome().await;
    mock.delete("/v1/fixtures").outcome().await;
    let clock = json!({"mode": "frozen", "now": "2026-01-19T19:00:00+09:00"});
    mock.clinic_with(json!({"template": "9910000075", "code": CODE, "clock": clock, "seed": 7})).await;
    if !is_early {
        mock.institution(CODE).advance("2026-01-20T08:55:00+09:00").await;
    }
    let of = |path: &str| format!("/v1/institutions/{CODE}/{path}");
    let fault = json!({"id": "busy", "operation": "search", "nth": 9, "kind": "status", "status": 503, "retry_after": "PT30S"});
    mock.post(&of("faults"), fault).await;
    mock.post(&of("observations"), json!({"kind": "message_shown", "text": "再起動してください"})).await;
    mock.backend(Method::POST, SEARCH).json(&inquiry(CODE)).send().await.unwrap();
}

/// As much of it as is worth showing, and nothing that differs from run to run.
fn short(value: Value, name: &str) -> Value {
    match value {
        Value::Array(items) => items.into_iter().take(MAX_ITEMS).map(|item| short(item, name)).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, field)| (name.clone(), short(field, &name))).collect::<Map<_, _>>().into(),
        Value::String(_) if matches!(name, "wall" | "not_after") => json!("2026-01-20T08:55:00.123+09:00"),
        Value::String(text) if text.starts_with(&onshi_mock::clock::wall().strftime("%Y-%m-").to_string()) => {
            json!("2026-01-20T08:55:00+09:00")
        }
        Value::String(text) if name == "code" && text.len() == 32 => json!("00112233445566778899aabbccddeeff"),
        Value::String(text) if text.starts_with("/signin#") => json!("/signin#00112233445566778899aabbccddeeff"),
        Value::String(_) if name == "peer" => json!("192.168.0.20:50312"),
        Value::String(_) if name == "sha256" => json!("39ed6c36ae82d2d0487fa9e2abe65466c17d75a07b8b2b9d62bcd808e3e12994"),
        Value::String(_) if ["password", "Token", "pem", "base64", "session", "inquiry"].iter().any(|part| name.contains(part)) => {
            json!("…")
        }
        Value::String(text) if text.len() == 36 && text.matches('-').count() == 4 => json!("019bd8a3-7c20-7c3f-a1b2-3c4d5e6f7081"),
        Value::String(text) if text.chars().count() > MAX_CHARACTERS => {
            Value::String(text.chars().take(MAX_CHARACTERS).chain("…".chars()).collect())
        }
        value => value,
    }
}
