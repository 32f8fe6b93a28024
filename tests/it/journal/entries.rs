//! What a journal entry holds: request and answer without their secrets, who asked, for whom, and
//! what the terminal was at.

use encoding_rs::SHIFT_JIS;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::request_files::{DATE, card, check, info, message};
use crate::support::{Clinic, LOGIN, Mock, SEARCH, inquiry, template};

const NOW: &str = "2026-01-20T10:00:00+09:00";

/// A check of the plainest person with some fields of the card written differently.
fn written(code: &str, fields: Value) -> Value {
    let mut asked = inquiry(code);
    let info = asked.pointer_mut("/XmlMsg/MessageBody/QualificationConfirmSearchInfo").unwrap();
    for (name, value) in fields.as_object().unwrap() {
        info[name] = value.clone();
    }
    asked
}

async fn search(clinic: &Clinic<'_>, asked: &Value) -> Value {
    clinic.mock.receipt_computer().search(asked).await;
    clinic.last_entry().await
}

#[tokio::test]
async fn an_entry_holds_the_request_and_the_answer_and_what_the_terminal_was_at() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, NOW).await;
    let refused = mock.send(mock.backend(Method::POST, SEARCH).header("user-agent", "receipt/1.0").json(&clinic.inquiry())).await;
    let entry = clinic.last_entry().await;
    assert_eq!(entry["id"], refused.journal);
    assert_eq!((&entry["phase"], &entry["error_profile"], &entry["at"]), (&json!("pending"), &json!("envelope"), &json!(NOW)));
    assert!(entry["wall"].is_string() && entry["session"].is_null(), "no token was presented");
    let (request, answer) = (&entry["request"], &entry["answer"]);
    let read = |message: &Value| serde_json::from_str::<Value>(message["body"].as_str().unwrap()).unwrap();
    assert_eq!((read(request), read(answer)), (clinic.inquiry(), refused.body));
    assert_eq!((&request["headers"]["user-agent"], &request["truncated"]), (&json!("receipt/1.0"), &json!(false)));
    assert_eq!(answer["headers"]["content-type"], "application/json;charset=UTF-8");
    assert_eq!(request["bytes"], clinic.inquiry().to_string().len());
    clinic.restart().await;
    clinic.check().await;
    let after = clinic.last_entry().await;
    assert_eq!(
        (&after["phase"], &after["error_profile"]),
        (&json!("up_to_date"), &Value::Null),
        "an entry of a check that worked has no profile"
    );
    assert_eq!(after["inquiry"], entry["inquiry"], "the same patient's check was repeated");
}

#[tokio::test]
async fn a_refused_check_names_the_profile_in_which_its_error_surfaced() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, NOW).await;
    for profile in ["bare", "http", "silent"] {
        clinic.change(json!({"error_profile": profile})).await;
        let sent = mock.backend(Method::POST, SEARCH).json(&clinic.inquiry()).send().await;
        assert_eq!(sent.is_err(), profile == "silent");
        let entry = clinic.last_entry().await;
        assert_eq!((&entry["error_profile"], entry["answer"].is_null()), (&json!(profile), profile == "silent"));
    }
}

#[tokio::test]
async fn the_same_patient_has_the_same_pseudonym_whatever_the_width_and_the_surface() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let plain = search(&clinic, &clinic.inquiry()).await["inquiry"].clone();
    assert_eq!(plain.as_str().unwrap().len(), 16);
    for same in [
        json!({"InsuredIdentificationNumber": "１００１", "InsuredCardSymbol": "１１０１０２０３"}),
        json!({"InsuredBranchNumber": "99", "InsurerNumber": " 1990019"}),
    ] {
        assert_eq!(search(&clinic, &written(&clinic.code, same.clone())).await["inquiry"], plain, "{same}");
    }
    for other in [json!({"Birthdate": "19800518"}), json!({"InsuredIdentificationNumber": "1002"}), json!({"InsuredCardSymbol": "1"})] {
        assert_ne!(search(&clinic, &written(&clinic.code, other.clone())).await["inquiry"], plain, "{other}");
    }
    clinic.file("OQSsiquc01req_1.xml", check(&clinic.code, "f")).await;
    assert_eq!(clinic.last_entry().await["inquiry"], plain, "a request file");
    clinic.present(json!({"person": "valid"})).await;
    let card = clinic.last_entry().await;
    assert_eq!((&card["inquiry"], &card["phase"]), (&plain, &json!("up_to_date")), "the patient's card");
    assert!(card["answer"]["body"].as_str().unwrap().contains("模擬　太郎"), "the face result");
    assert!(search(&clinic, &written(&clinic.code, json!({"Birthdate": "1980"}))).await["inquiry"].is_null());
}

#[tokio::test]
async fn no_value_of_a_login_and_no_token_is_kept() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let fields = json!({"userId": clinic.code, "password": "pässw0rd-of-theirs", "more": {"pin": "sécret-pin"}});
    let granted = mock.send(mock.backend(Method::POST, LOGIN).header("cookie", "chocolate=chip").json(&fields)).await;
    let token = granted.id_token();
    let checked = mock.backend(Method::POST, SEARCH).header("authorization", token).header("x-api-key", "k3y-of-theirs");
    mock.send(checked.json(&clinic.inquiry())).await;
    mock.receipt_computer().with_token("a-foreign-t0ken").search(&clinic.inquiry()).await;
    let again = clinic.login().await;
    clinic.check_with(&again).await;
    clinic.check_with(token).await;
    let entries = clinic.journal().await;
    let text = serde_json::to_string(&entries).unwrap();
    let secrets: Vec<&str> =
        granted.body["result"].as_object().unwrap().values().filter_map(Value::as_str).filter(|v| v.len() > 1).collect();
    assert_eq!(secrets.len(), 3);
    for secret in [&["pässw0rd-of-theirs", "sécret-pin", "chocolate", "k3y-of-theirs", "a-foreign-t0ken", &again], &*secrets].concat() {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    let login = &entries[0];
    assert_eq!(login["operation"], "login");
    let body = |message: &str| serde_json::from_str::<Value>(login[message]["body"].as_str().unwrap()).unwrap();
    assert_eq!(body("request"), json!({"userId": "[redacted]", "password": "[redacted]", "more": {"pin": "[redacted]"}}));
    assert_eq!(body("answer")["result"]["idToken"], "[redacted]");
    let checks: Vec<_> =
        entries.iter().filter(|entry| entry["operation"] == "search").map(|entry| entry["session"].as_str().unwrap()).collect();
    assert_eq!(checks[0], checks[3], "the same token");
    assert!(checks[0] != checks[1] && checks[0] != checks[2] && checks[1] != checks[2], "{checks:?}");
    assert_eq!(entries[1]["request"]["headers"]["authorization"], "[redacted]");
}

#[tokio::test]
async fn a_login_that_cannot_be_read_is_kept_without_its_body() {
    let mock = Mock::start().await;
    let sent = mock.backend(Method::POST, LOGIN).header("content-type", "application/json").body("{\"password\": \"pässw0rd");
    mock.send(sent).await;
    let stray = mock.get("/v1/journal?limit=1").await["entries"][0].clone();
    assert_eq!((&stray["request"]["body"], &stray["operation"]), (&json!("[redacted]"), &json!("login")));
}

#[tokio::test]
async fn xml_in_shift_jis_is_kept_as_text() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    clinic.set_terminal(json!({"encoding": "shift_jis"})).await;
    let utf8 =
        message(&clinic.code, DATE, &info(&card("06990014", "試－２４", "３０５", "02"), "20121103", "0")).replace("UTF-8", "Shift_JIS");
    let sjis = SHIFT_JIS.encode(&utf8).0.into_owned();
    let length = sjis.len();
    mock.backend(Method::POST, SEARCH).header("content-type", "application/xml").body(sjis).send().await.unwrap();
    let entry = clinic.last_entry().await;
    assert_eq!((&entry["request"]["body"], &entry["request"]["bytes"]), (&json!(utf8), &json!(length)));
    assert!(entry["answer"]["body"].as_str().unwrap().contains("模擬　花子"), "{entry}");
}

#[tokio::test]
async fn bytes_that_are_no_text_are_counted_only_and_long_bodies_are_cut() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::EXTERNAL, "2026-01-19T21:00:00+09:00").await;
    let poll = clinic.poll("").await.body;
    let url = poll["update"]["packages"][0]["url"].as_str().unwrap();
    let part = mock.backend(Method::GET, url).header("range", "bytes=0-9").send().await.unwrap();
    assert_eq!((part.status(), part.bytes().await.unwrap().len()), (StatusCode::PARTIAL_CONTENT, 10));
    let entry = clinic.last_entry().await;
    assert_eq!((&entry["operation"], &entry["answer"]["body"]), (&json!("package"), &Value::Null));
    assert_eq!(
        (&entry["answer"]["headers"]["content-range"], &entry["request"]["headers"]["range"]),
        (&json!("bytes 0-9/12000000"), &json!("bytes=0-9"))
    );

    let padded = format!("{}{}", clinic.inquiry(), " ".repeat(100_000));
    mock.send(mock.backend(Method::POST, SEARCH).header("content-type", "application/json").body(padded)).await;
    let request = clinic.last_entry().await["request"].clone();
    assert_eq!((request["body"].as_str().unwrap().len(), &request["truncated"]), (16 * 1024, &json!(true)));
    assert!(request["bytes"].as_u64().unwrap() > 100_000);
}

#[tokio::test]
async fn what_fits_no_route_and_no_institution_is_kept_with_its_headers() {
    let mock = Mock::start().await;
    let lost = mock
        .send(mock.backend(Method::PUT, "/oqs/nowhere").header("authorization", "t0ken").header("x-client", "lost").json(&json!({})))
        .await;
    let unknown = mock.receipt_computer().check("9919999996").await;
    let strays = mock.get("/v1/journal").await["entries"].clone();
    assert_eq!((&strays[0]["id"], &strays[0]["path"], &strays[0]["method"]), (&json!(lost.journal), &json!("/oqs/nowhere"), &json!("PUT")));
    assert_eq!((&strays[0]["request"]["headers"]["x-client"], &strays[0]["institution"]), (&json!("lost"), &Value::Null));
    assert_eq!((&strays[1]["id"], &strays[1]["error"]["id"]), (&json!(unknown.journal), &json!("identity_unknown")));
    assert!(strays[1]["inquiry"].is_string() && strays[1]["request"]["body"].is_string());
}
