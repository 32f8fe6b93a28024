//! Errors that an institution replaces, field by field, and what profiles and liberties leave as it
//! is.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::request_files::{DATE, check, info_of, message, text, value};
use crate::support::{Clinic, Mock, SEARCH, frozen, inquiry, template};
use crate::wire::raw::Raw;

const NOW: &str = "2026-01-20T10:00:00+09:00";

async fn patch(clinic: &Clinic<'_>, change: Value) {
    clinic.change(change).await;
}

async fn ask(mock: &Mock, body: String) -> (StatusCode, String) {
    let response = mock.backend(Method::POST, SEARCH).header("content-type", "application/xml").body(body).send().await.unwrap();
    (response.status(), text(&response.bytes().await.unwrap()))
}

#[tokio::test]
async fn one_field_of_a_replacement_is_given_and_taken_back_by_itself() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, NOW).await;
    patch(&clinic, json!({"errors": {"restart_required": {"code": "REAL1"}}})).await;
    patch(&clinic, json!({"errors": {"restart_required": {"message": {"ja": "文言", "en": "words"}}}})).await;
    let both = clinic.check().await;
    assert_eq!((both.error_code(), both.error_message()), (&json!("REAL1"), "文言"));
    patch(&clinic, json!({"errors": {"restart_required": {"code": null}}})).await;
    let words = clinic.check().await;
    words.expect_error("MOCK0501E");
    assert!(words.error_message().starts_with("文言"), "{}", words.error_message());
    patch(&clinic, json!({"error_profile": "bare"})).await;
    assert!(mock.backend(Method::POST, SEARCH).json(&clinic.inquiry()).send().await.unwrap().text().await.unwrap().contains("文言"));
    patch(&clinic, json!({"errors": {"restart_required": null}, "error_profile": "envelope"})).await;
    assert!(!clinic.check().await.error_message().contains("文言"));
}

#[tokio::test]
async fn every_wrong_field_of_a_replacement_is_named_where_it_is_made_and_where_it_is_changed() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, NOW).await;
    for (change, pointer) in [
        (json!({"restart_required": {"code": 501}}), "/errors/restart_required/code"),
        (json!({"restart_required": {"code": "ＭＯＣＫ"}}), "/errors/restart_required/code"),
        (json!({"restart_required": {"status": 600}}), "/errors/restart_required/status"),
        (json!({"restart_required": {"status": "500"}}), "/errors/restart_required/status"),
        (json!({"restart_required": {"status": -1}}), "/errors/restart_required/status"),
        (json!({"restart_required": {"message": {"ja": "", "en": "x"}}}), "/errors/restart_required/message/ja"),
        (json!({"restart_required": {"message": {"ja": "x", "en": "\u{7f}"}}}), "/errors/restart_required/message/en"),
        (json!({"restart_required": {"message": "x"}}), "/errors/restart_required/message"),
        (json!({"restart_required": {"words": "x"}}), "/errors/restart_required/words"),
        (json!({"restart_required": {"layer": "Header"}}), "/errors/restart_required/layer"),
        (json!({"restart_required": {"remedy": {"ja": "改\n行", "en": "x"}}}), "/errors/restart_required/remedy/ja"),
        (json!({"restart_required": {"remedy": {"ja": "x", "en": "a".repeat(1001)}}}), "/errors/restart_required/remedy/en"),
        (json!({"malformed_request": {"message": {"ja": "{phone}", "en": "x"}}}), "/errors/malformed_request/message/ja"),
    ] {
        let made = json!({"template": template::PENDING, "errors": change});
        for (method, path, body) in [
            (Method::PATCH, format!("/v1/institutions/{clinic}"), json!({"errors": change})),
            (Method::POST, "/v1/institutions".to_owned(), made),
        ] {
            mock.call(method.clone(), &path, body).expect_unprocessable(pointer).await;
        }
    }
    let problem = clinic.change(json!({"errors": {"no_such_error": {}}})).expect_problem(StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(problem["pointer"].as_str().unwrap().starts_with("/errors"), "{problem}");
    clinic.check().await.note("nothing has changed").expect_error("MOCK0501E");
}

#[tokio::test]
async fn a_wrong_second_change_leaves_the_first_undone() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, NOW).await;
    let change = json!({"error_profile": "http", "seed": 9, "readings": {"excluded": "never"}});
    clinic.change(change).expect_problem(StatusCode::UNPROCESSABLE_ENTITY).await;
    assert_eq!(clinic.check().await.status, StatusCode::OK, "still the envelope");
}

#[tokio::test]
async fn words_with_marks_in_braces_and_in_markup_come_whole() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, NOW).await;
    let words = "<b>&\"再起動\"</b> 😀";
    patch(&clinic, json!({"errors": {"restart_required": {"code": "R1", "message": {"ja": words, "en": "x"}}}})).await;
    assert_eq!(clinic.check().await.error_message(), words);
    let (_, answer) = ask(&mock, check(&clinic.code, "f")).await;
    assert_eq!(value(&answer, "ErrorMessage"), Some("&lt;b&gt;&amp;\"再起動\"&lt;/b&gt; 😀"));
    let screen = clinic.get("/terminals/T1/screen").await;
    assert!(!screen.as_str().unwrap().contains("<b>&"), "the page escapes it");
}

#[tokio::test]
async fn a_person_level_error_is_the_same_in_every_profile() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let asked = |code: &str| message(code, DATE, &info_of("refused", "0"));
    let (_, envelope) = ask(&mock, asked(&clinic.code)).await;
    assert_eq!((value(&envelope, "SegmentOfResult"), value(&envelope, "ProcessingResultCode")), (Some("1"), Some("MOCK0801E")));
    for profile in ["bare", "http", "silent"] {
        clinic.set_profile(profile).await;
        assert_eq!(ask(&mock, asked(&clinic.code)).await, (StatusCode::OK, envelope.clone()), "{profile}");
    }
}

#[tokio::test]
async fn a_profile_is_the_institutions_own_and_a_reset_takes_it_back() {
    let mock = Mock::start().await;
    let [quiet, loud] = [mock.clinic(template::PENDING, NOW).await, mock.clinic(template::PENDING, NOW).await];
    quiet.set_profile("http").await;
    assert_eq!(quiet.check().await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(loud.check().await.status, StatusCode::OK);
    quiet.reset().await;
    assert_eq!(quiet.check().await.status, StatusCode::OK, "as its template has it");
}

#[tokio::test]
async fn a_silent_connection_ends_without_a_byte() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, NOW).await;
    clinic.set_profile("silent").await;
    let body = clinic.inquiry().to_string();
    let mut connection = Raw::backend(&mock).await;
    connection.search(body.len(), body.as_bytes()).await;
    assert_eq!(connection.until_gone().await, "");
}

#[tokio::test]
async fn over_http2_the_same_connection_carries_the_next_request() {
    let mock = Mock::start().await;
    let [pending, fine] = [mock.clinic(template::PENDING, NOW).await, mock.clinic(template::UP_TO_DATE, NOW).await];
    pending.set_profile("silent").await;
    let client = crate::support::trusting(&mock.ca_pem).http2_prior_knowledge().pool_max_idle_per_host(1).build().unwrap();
    let url = format!("https://{}{SEARCH}", mock.backend);
    let ask = |code: &str| client.post(&url).json(&inquiry(code)).send();
    assert_eq!(ask(&fine.code).await.unwrap().status(), StatusCode::OK);
    let (refused, answered) = tokio::join!(ask(&pending.code), ask(&fine.code));
    let refused = refused.unwrap_err();
    assert!(
        std::error::Error::source(&refused).is_some_and(|source| format!("{source:?}").contains("Reset")),
        "a stream's reset: {refused:?}"
    );
    assert_eq!(answered.unwrap().status(), StatusCode::OK, "beside it another stream is answered");
    assert_eq!(ask(&fine.code).await.unwrap().status(), StatusCode::OK);
}

/// The names of the result's elements in the order in which JSON has them.
fn order(body: &str) -> Vec<&str> {
    let (_, result) = body.split_once("\"ResultOfQualificationConfirmation\":{").unwrap();
    result.split("\":\"").filter_map(|part| part.rsplit('"').next()).collect()
}

#[tokio::test]
async fn json_takes_the_same_liberties() {
    let mock = Mock::start().await;
    let mut bodies = Vec::new();
    for (order, seed) in [(Value::Null, 1), (json!("shuffled"), 1), (json!("shuffled"), 2)] {
        let clock = frozen(NOW);
        let terminals = json!({"T1": {"element_order": order}});
        let clinic =
            mock.clinic_with(json!({"template": template::UP_TO_DATE, "clock": clock, "terminals": terminals, "seed": seed})).await;
        let asked = mock.backend(Method::POST, SEARCH).json(&clinic.inquiry());
        bodies.push(asked.send().await.unwrap().text().await.unwrap());
    }
    let [plain, one, other] = &bodies[..] else { unreachable!() };
    assert!(order(plain) != order(one) && order(one) != order(other), "{one}");
    assert_eq!(plain.len(), one.len(), "nothing is lost");

    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    patch(&clinic, json!({"wire": {"unknown_elements": true, "insurer_number_padding": "zeros"}})).await;
    let answer = clinic.check().await.body;
    let (header, body) = (&answer["XmlMsg"]["MessageHeader"], &answer["XmlMsg"]["MessageBody"]);
    assert!(header["OnshiMockUnknownElement"].is_string() && body["OnshiMockUnknownElement"].is_string());
    patch(&clinic, json!({"wire": {"unknown_elements": null, "insurer_number_padding": null}})).await;
    assert!(clinic.check().await.body["XmlMsg"]["MessageHeader"]["OnshiMockUnknownElement"].is_null(), "taken back");
}
