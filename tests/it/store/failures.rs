//! A store that fails: readiness turns red, callers get a clear 503, nothing acknowledged is lost,
//! and it recovers without a restart.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use onshi_mock::store::Target;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::server::program::Program;
use crate::store::postgres::Cluster;
use crate::support::eventually::eventually;
use crate::support::{Mock, TOKEN, template, trusting};

/// Waits until `/readyz` answers with a status, and gives what it says.
pub(crate) async fn readiness(client: &Client, control: &str, status: StatusCode) -> String {
    eventually(&format!("readiness {status}"), async || {
        let response = client.get(format!("{control}/readyz")).send().await.unwrap();
        let (now, said) = (response.status(), response.text().await.unwrap());
        if now == status { Ok(said) } else { Err((now, said)) }
    })
    .await
}

#[tokio::test]
async fn a_read_only_file_is_told_and_what_it_has_is_there_when_it_may_be_written_again() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("state.db");
    let options = ["--store", "sqlite:state.db", "--control-token", TOKEN];
    let program = Program::start(dir.path(), &options);
    let client = trusting(&std::fs::read_to_string(dir.path().join("certs/ca.pem")).unwrap()).build().unwrap();
    assert_eq!(rename(&client, &program.url("control"), "9910000018", "acknowledged").await.0, StatusCode::OK);
    program.stop();
    let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o444);
    // Root writes everywhere, unless it gives up that right.
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    let under: &[&str] = if root { &["setpriv", "--bounding-set", "-dac_override"] } else { &["env"] };
    let refused = crate::server::program::output_under(dir.path(), under, &options);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && said.contains("読み取り専用") && said.contains("read-only"), "{said}");
    mode(0o644);
    let program = Program::start(dir.path(), &options);
    let institution = format!("{}/v1/institutions/9910000018", program.url("control"));
    let institution: Value = client.get(institution).bearer_auth(TOKEN).send().await.unwrap().json().await.unwrap();
    assert_eq!(institution["name"]["en"], "acknowledged");
}

async fn rename(client: &Client, control: &str, code: &str, name: &str) -> (StatusCode, Value) {
    let name = json!({"name": {"ja": name, "en": name}});
    let response = client.patch(format!("{control}/v1/institutions/{code}")).bearer_auth(TOKEN).json(&name).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

pub(crate) fn check_problem(problem: &Value) {
    assert_eq!(problem["status"], 503, "{problem}");
    for field in ["type", "detail", "detail_en", "remedy", "remedy_en"] {
        assert!(!problem[field].as_str().unwrap_or_default().is_empty(), "no {field}: {problem}");
    }
}

#[tokio::test]
async fn a_lost_postgresql_is_told_and_recovered_from_without_a_restart() {
    let mut cluster = Cluster::start().await;
    let url = cluster.database("failing").await;
    let mut mock = Mock::start_with(|config| config.store = Target::Postgres(url)).await;
    let (client, control) = (mock.client.clone(), format!("https://{}", mock.control));
    let clinic = mock.clinic(template::PENDING, "2026-01-20T09:00:00+09:00").await;
    assert_eq!(rename(&client, &control, &clinic.code, "acknowledged").await.0, StatusCode::OK);
    cluster.stop();
    let said = readiness(&client, &control, StatusCode::SERVICE_UNAVAILABLE).await;
    assert!(said.contains("データベース"), "{said}");
    let (status, problem) = rename(&client, &control, &clinic.code, "not acknowledged").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    check_problem(&problem);
    clinic.check().await.expect_error("MOCK0009E");
    cluster.start_again().await;
    readiness(&client, &control, StatusCode::OK).await;
    let institution = clinic.show().await;
    assert_eq!(institution["name"]["en"], "acknowledged");
    clinic.check().await.note("the state of before").expect_error("MOCK0501E");
    mock.stop().await;
}

#[tokio::test]
async fn a_file_that_may_not_grow_is_told_and_recovered_from_without_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    // As on a full disk, writing fails from some size on; whoever ignores the signal sees the
    // error.
    let program = Program::start_under(
        dir.path(),
        &["sh", "-c", "trap '' XFSZ; ulimit -S -f 1024; exec \"$0\" \"$@\""],
        &["--store", "sqlite:state.db", "--control-token", TOKEN],
    );
    let client = trusting(&std::fs::read_to_string(dir.path().join("certs/ca.pem")).unwrap()).build().unwrap();
    let control = program.url("control");
    let mut acknowledged = Vec::new();
    let problem = loop {
        let create = client.post(format!("{control}/v1/institutions")).bearer_auth(TOKEN).json(&json!({"template": template::UP_TO_DATE}));
        let response = create.send().await.unwrap();
        let (status, body): (_, Value) = (response.status(), response.json().await.unwrap());
        if status != StatusCode::CREATED {
            break body;
        }
        acknowledged.push(body["code"].as_str().unwrap().to_owned());
        assert!(acknowledged.len() < 5_000, "the file grew beyond its limit");
    };
    check_problem(&problem);
    readiness(&client, &control, StatusCode::SERVICE_UNAVAILABLE).await;
    let lifted = Command::new("prlimit").args(["--fsize=unlimited", "--pid", &program.id().to_string()]).stdout(Stdio::null()).status();
    assert!(lifted.unwrap().success());
    readiness(&client, &control, StatusCode::OK).await;
    for code in &acknowledged {
        let there = client.get(format!("{control}/v1/institutions/{code}")).bearer_auth(TOKEN).send().await.unwrap();
        assert_eq!(there.status(), StatusCode::OK, "{code} was acknowledged");
    }
    assert_eq!(rename(&client, &control, &acknowledged[0], "again").await.0, StatusCode::OK);
}
