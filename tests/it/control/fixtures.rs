//! Fixtures by content: put over the control API, all or nothing, in force at once, after a
//! restart, and at every server of a store.

use onshi_mock::fixtures::FILES;
use onshi_mock::store::Target;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::server::program::Program;
use crate::store::postgres::Cluster;
use crate::support::eventually::eventually;
use crate::support::{Mock, TOKEN, template, trusting};

const PATH: &str = "/v1/fixtures";
const OWN: &str = "title = { ja = \"自前\", en = \"Our own\" }\nteaches = { ja = \"拒否\", en = \"The refusal\" }\nsource = \"N5\"\n\
                   clock = { mode = \"frozen\", now = \"2026-01-20T09:00:00+09:00\" }\nterminals.T1 = { starts = \"pending\", polling = false }\n";

/// A file of the compiled-in ones with one text replaced, as a body.
fn with(file: &str, old: &str, new: &str) -> Value {
    let (_, text) = FILES.into_iter().find(|(name, _)| *name == file).unwrap();
    assert!(text.contains(old), "{file} has no {old}");
    json!({"files": {file: text.replacen(old, new, 1)}})
}

/// The code of the error at the institution that waits for its restart.
async fn code_at(mock: &Mock) -> String {
    mock.institution(template::PENDING).check().await.error_code().as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_put_is_in_force_at_once_and_can_be_taken_back() {
    let mock = Mock::start().await;
    let before = mock.get(PATH).await;
    assert!(!mock.get("/openapi.json").await.to_string().contains("OFFICIAL1"));
    assert_eq!((&before["origin"], &before["put"]), (&json!("compiled_in"), &Value::Null));
    assert_eq!(before["files"]["errors.toml"], FILES[3].1, "as it was read");
    assert_eq!(code_at(&mock).await, "MOCK0501E");
    let put = mock.put(PATH, with("errors.toml", "MOCK0501E", "OFFICIAL1")).await;
    assert_eq!((&put["origin"], &put["warnings"]), (&json!("put"), &json!([])));
    assert!(put["put"].is_string());
    assert_eq!(code_at(&mock).await, "OFFICIAL1");
    assert!(mock.get("/openapi.json").await.to_string().contains("OFFICIAL1"), "the description, too");
    assert_eq!(mock.get(PATH).await["files"], put["files"]);
    mock.put(PATH, json!({"files": put["files"]})).await;
    assert_eq!(code_at(&mock).await, "OFFICIAL1", "what is shown can be put");
    mock.put(PATH, json!({"files": {}})).await;
    assert_eq!(code_at(&mock).await, "MOCK0501E", "what is left out is compiled in");
    mock.put(PATH, with("errors.toml", "MOCK0501E", "OFFICIAL1")).await;
    mock.delete(PATH).await;
    assert_eq!(code_at(&mock).await, "MOCK0501E");
    assert_eq!(mock.get(PATH).await["origin"], "compiled_in");
}

#[tokio::test]
async fn what_is_in_memory_is_known_there_after_others_were_put() {
    let mock = Mock::start().await;
    mock.put(PATH, json!({"files": {}})).await;
    let clinic = mock.clinic(template::UPDATE_AVAILABLE, "2026-01-19T12:00:00+09:00").await;
    clinic.check().await;
    clinic.advance("2026-01-19T19:00:00+09:00").await;
    assert_eq!(clinic.last_entry().await["at"], "2026-01-19T12:00:00+09:00", "when it came, not when it was written");
    let metrics = mock.client.get(format!("https://{}/metrics", mock.control)).bearer_auth(TOKEN).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(!metrics.contains("onshi_mock_institutions_in_memory 0\n"), "{metrics}");
}

#[tokio::test]
async fn a_scenario_and_an_institution_that_were_put_can_be_used_and_one_that_was_changed_stays() {
    let mock = Mock::start().await;
    let changed = "/v1/institutions/9910000018";
    mock.patch(changed, json!({"name": {"ja": "変更済み", "en": "changed"}})).await;
    let mut body = with("institutions.toml", "code = \"9910000075\"", "code = \"9910000992\"");
    body["files"]["scenarios/our-own.toml"] = json!(OWN);
    let own = body["files"]["institutions.toml"].as_str().unwrap().replace("模擬クリニック", "置換クリニック");
    body["files"]["institutions.toml"] = json!(own);
    mock.put(PATH, body).await;
    assert_eq!(mock.get(changed).await["name"]["ja"], "変更済み");
    let name = mock.institution(template::PENDING).show().await["name"]["ja"].to_string();
    assert!(name.contains("置換クリニック"), "{name}");
    mock.institution(template::UPDATE_AVAILABLE).show().expect_problem(StatusCode::NOT_FOUND).await;
    let listed = mock.get("/v1/institutions").await.to_string();
    assert!(listed.contains("9910000992") && !listed.contains("9910000075"), "{listed}");
    let clinic = mock.clinic_with(json!({"template": "9910000992", "scenario": "our-own"})).await;
    clinic.check().await.expect_error("MOCK0501E");
}

#[tokio::test]
async fn what_is_wrong_is_named_by_file_and_line_and_nothing_changes() {
    let mock = Mock::start().await;
    let mut two = with("institutions.toml", "polling = false", "poling = false");
    two["files"]["errors.toml"] = with("errors.toml", "MOCK0501E", "OFFICIAL1")["files"]["errors.toml"].take();
    two["files"]["chaos.toml"] = json!("profile = 3");
    let problem = mock.put(PATH, two).expect_problem_kind(StatusCode::UNPROCESSABLE_ENTITY, "fixtures").await;
    let findings = problem["findings"].as_array().unwrap();
    assert_eq!((&findings[0]["file"], &findings[0]["line"]), (&json!("institutions.toml"), &json!(11)));
    assert!(findings[0]["message"].as_str().unwrap().contains("unknown field `poling`, expected one of"), "{problem}");
    assert_eq!((&findings[1]["file"], &findings[1]["line"]), (&json!("chaos.toml"), &json!(1)));
    assert_eq!(code_at(&mock).await, "MOCK0501E", "not even the file that was right");
    for name in ["../errors.toml", "/etc/passwd", "scenarios/../errors.toml", "scenarios/A.toml", "scenarios/.toml", "errors.TOML", ""] {
        let problem = mock.put(PATH, json!({"files": {name: OWN}})).expect_problem(StatusCode::UNPROCESSABLE_ENTITY).await;
        assert!(problem["findings"][0]["message"].as_str().unwrap().contains("no fixture file has this name"), "{problem}");
    }
    let wants = format!("{OWN}[wants]\nrules = [\"no-such-rule\"]\n");
    let problem = mock.put(PATH, json!({"files": {"scenarios/own.toml": wants}})).expect_problem(StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(problem["findings"][0]["message"].as_str().unwrap().contains("no-such-rule"), "{problem}");
    mock.put(PATH, json!({"files": {"errors.toml": "#".repeat(2 * 1024 * 1024)}})).expect_problem(StatusCode::PAYLOAD_TOO_LARGE).await;
    mock.put(PATH, json!({"dir": "/fixtures"})).expect_unprocessable("/dir").await;
    assert_eq!(mock.get(PATH).await["origin"], "compiled_in");
}

#[tokio::test]
async fn what_was_put_outlives_a_killed_server() {
    let dir = tempfile::tempdir().unwrap();
    let start = || Program::start(dir.path(), &["--control-token", TOKEN]);
    let program = start();
    let client = trusting(&std::fs::read_to_string(dir.path().join("certs/ca.pem")).unwrap()).build().unwrap();
    let at = |program: &Program| format!("{}{PATH}", program.url("control"));
    let body = with("errors.toml", "MOCK0501E", "OFFICIAL1");
    let put = client.put(at(&program)).bearer_auth(TOKEN).json(&body).send().await.unwrap();
    assert_eq!(put.status(), 200);
    // Dropped: killed.
    drop(program);
    let program = start();
    let shown: Value = client.get(at(&program)).bearer_auth(TOKEN).send().await.unwrap().json().await.unwrap();
    assert_eq!((&shown["origin"], &shown["files"]["errors.toml"]), (&json!("put"), &body["files"]["errors.toml"]));
}

#[cfg_attr(windows, ignore = "the cluster is made from Debian's packages")]
#[tokio::test]
async fn what_is_put_at_one_server_comes_into_force_at_the_others() {
    let cluster = Cluster::start().await;
    let url = cluster.database("fixtures").await;
    let start = || Mock::start_with(|config| config.store = Target::Postgres(url.clone()));
    let (a, b) = (start().await, start().await);
    let comes = async |mock: &Mock, code: &str| {
        eventually(code, async || {
            let in_force = code_at(mock).await;
            if in_force == code { Ok(()) } else { Err(in_force) }
        })
        .await;
    };
    a.put(PATH, with("errors.toml", "MOCK0501E", "OFFICIAL1")).await;
    comes(&b, "OFFICIAL1").await;
    b.put(PATH, with("errors.toml", "MOCK0501E", "OFFICIAL2")).await;
    comes(&a, "OFFICIAL2").await;
    a.delete(PATH).await;
    comes(&b, "MOCK0501E").await;
}
