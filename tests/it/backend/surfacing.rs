//! How errors surface and what answers do to a client that relies on too much: profiles, other
//! codes and words, liberties.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::request_files::{check, text, value};
use crate::support::{Mock, SEARCH, frozen, inquiry, template, trusting};

const NOW: &str = "2026-01-20T10:00:00+09:00";

#[tokio::test]
async fn an_error_surfaces_in_the_institutions_profile() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, NOW).await;
    let envelope = clinic.check().await;
    assert_eq!((envelope.status, envelope.body["XmlMsg"]["MessageBody"]["ProcessingResultStatus"].as_str()), (StatusCode::OK, Some("2")));

    clinic.set_profile("http").await;
    let http = clinic.check().await;
    assert_eq!(http.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(http.body["XmlMsg"]["MessageHeader"]["ErrorCode"], "MOCK0501E");
    clinic.change(json!({"errors": {"restart_required": {"status": 500}}})).await;
    assert_eq!(clinic.check().await.status, StatusCode::INTERNAL_SERVER_ERROR);

    clinic.set_profile("bare").await;
    let bare = mock.backend(Method::POST, SEARCH).json(&clinic.inquiry()).send().await.unwrap();
    assert_eq!(bare.status(), StatusCode::OK);
    let bare: Value = bare.json().await.unwrap();
    assert_eq!(bare["XmlMsg"]["MessageHeader"]["ErrorCode"], "MOCK0501E");
    assert!(bare["XmlMsg"]["MessageBody"].is_null(), "{bare}");
}

#[tokio::test]
async fn a_silent_error_closes_the_connection_and_over_http2_resets_the_stream_alone() {
    let mock = Mock::start().await;
    let pending = mock.clinic_with(json!({"template": template::PENDING, "error_profile": "silent", "clock": frozen(NOW)})).await;
    let fine = mock.clinic(template::UP_TO_DATE, NOW).await;
    let url = format!("https://{}{SEARCH}", mock.backend);
    for http2 in [false, true] {
        let builder = trusting(&mock.ca_pem);
        let client = if http2 { builder.http2_prior_knowledge() } else { builder.http1_only() }.build().unwrap();
        let ask = |code: &str| client.post(&url).json(&inquiry(code)).send();
        assert!(ask(&pending.code).await.is_err(), "http2: {http2}");
        assert_eq!(ask(&fine.code).await.unwrap().status(), StatusCode::OK);
        let entry = pending.last_entry().await;
        assert_eq!((entry["outcome"].as_str(), entry["error"]["code"].as_str()), (Some("refused"), Some("MOCK0501E")));
        assert!(entry["status"].is_null(), "there was no answer: {entry}");
    }
}

#[tokio::test]
async fn an_institution_replaces_code_words_and_layer_and_takes_them_back() {
    let mock = Mock::start().await;
    let errors =
        json!({"restart_required": {"code": "REAL1234E", "layer": "body", "message": {"ja": "端末を再起動してください", "en": "Restart"}}});
    let clinic = mock.clinic_with(json!({"template": template::PENDING, "errors": errors, "clock": frozen(NOW)})).await;
    let answer = clinic.check().await.body;
    let (header, body) = (&answer["XmlMsg"]["MessageHeader"], &answer["XmlMsg"]["MessageBody"]);
    assert_eq!((header["SegmentOfResult"].as_str(), header["ErrorCode"].as_str()), (Some("1"), None));
    assert_eq!(body["ProcessingResultStatus"], "2");
    assert_eq!(body["ProcessingResultCode"], "REAL1234E");
    assert_eq!(body["ProcessingResultMessage"], "端末を再起動してください", "what is the user's own bears no label");
    let shown = clinic.show().await;
    assert_eq!(shown["errors"]["restart_required"]["code"], "REAL1234E");
    let screen = clinic.get("/terminals/T1/screen").await;
    assert!(screen.as_str().unwrap().contains("REAL1234E"));

    clinic.change(json!({"errors": {"restart_required": null}})).await;
    clinic.check().await.expect_error("MOCK0501E");
}

#[tokio::test]
async fn a_replacement_that_makes_no_sense_names_its_place() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, NOW).await;
    let long = "長".repeat(1001);
    for (patch, pointer) in [
        (json!({"errors": {"restart_required": {"code": "MOCK 1"}}}), "/errors/restart_required/code"),
        (json!({"errors": {"restart_required": {"code": ""}}}), "/errors/restart_required/code"),
        (json!({"errors": {"restart_required": {"code": "A".repeat(33)}}}), "/errors/restart_required/code"),
        (json!({"errors": {"restart_required": {"code": "ＯＱＣ-1"}}}), "/errors/restart_required/code"),
        (json!({"errors": {"restart_required": {"status": 199}}}), "/errors/restart_required/status"),
        (json!({"errors": {"restart_required": {"message": {"ja": long, "en": "x"}}}}), "/errors/restart_required/message/ja"),
        (json!({"errors": {"restart_required": {"message": {"ja": "改\n行", "en": "x"}}}}), "/errors/restart_required/message/ja"),
        (json!({"errors": {"restart_required": {"message": {"ja": "{detail}", "en": "x"}}}}), "/errors/restart_required/message/ja"),
        (json!({"errors": {"restart_required": {"layer": "foot"}}}), "/errors/restart_required/layer"),
        (json!({"error_profile": "loud"}), "/error_profile"),
        (json!({"wire": {"shuffle": true}}), "/wire/shuffle"),
    ] {
        clinic.change(patch.clone()).expect_unprocessable(pointer).await;
    }
    clinic.check().await.note("nothing has changed").expect_error("MOCK0501E");
}

#[tokio::test]
async fn one_file_replaces_the_whole_catalogue() {
    let (_, errors) = onshi_mock::fixtures::FILES.into_iter().find(|(name, _)| *name == "errors.toml").unwrap();
    let official = errors.replace("MOCK", "REAL").replace("code = \"invented\"", "code = \"documented\"");
    let mock = Mock::start_with(|config| {
        let dir = config.certs.with_file_name("fixtures");
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(dir.join("errors.toml"), official).unwrap();
        config.fixtures = Some(dir);
    })
    .await;
    let refused = mock.institution(template::PENDING).check().await;
    refused.expect_error("REAL0501E");
    assert!(refused.error_message().ends_with("（文言は模擬の仮のものです）"), "{}", refused.error_message());
}

async fn with_liberties(mock: &Mock, wire: Value) -> String {
    asked_in_xml(mock, json!({"wire": wire})).await
}

async fn shuffled(mock: &Mock, seed: u64) -> String {
    asked_in_xml(mock, json!({"seed": seed, "terminals": {"T1": {"element_order": "shuffled"}}})).await
}

/// The answer over the web API in XML of an institution with these settings.
async fn asked_in_xml(mock: &Mock, mut settings: Value) -> String {
    settings["template"] = json!("9910000018");
    settings["clock"] = frozen(NOW);
    let clinic = mock.clinic_with(settings).await;
    let asked = check(&clinic.code, "f1")
        .replace("01990019", "  990010")
        .replace("11010203", "国")
        .replace("1001<", "1008<")
        .replace("19800517", "19590303");
    let answer = mock.backend(Method::POST, SEARCH).header("content-type", "application/xml").body(asked).send().await.unwrap();
    text(&answer.bytes().await.unwrap()).replace(&clinic.code, "CODE")
}

/// The names of a message's elements, in order.
fn names(message: &str) -> Vec<&str> {
    message.split('<').filter(|part| !part.starts_with(['/', '?'])).filter_map(|part| part.split('>').next()).collect()
}

#[tokio::test]
async fn the_order_of_elements_is_drawn_from_the_seed() {
    let mock = Mock::start().await;
    let plain = with_liberties(&mock, json!({})).await;
    let [one, again, other] = [shuffled(&mock, 1).await, shuffled(&mock, 1).await, shuffled(&mock, 2).await];
    assert_eq!(one, again);
    let sorted = |message| {
        let mut names = names(message);
        names.sort_unstable();
        names
    };
    assert!(names(&one) != names(&plain) && names(&one) != names(&other));
    assert_eq!((sorted(&one), sorted(&other)), (sorted(&plain), sorted(&plain)), "nothing is lost");
    assert!(one.find("<MessageHeader>") < one.find("<MessageBody>"), "the header stays in front");
}

#[tokio::test]
async fn unknown_elements_and_other_padding_come_where_they_are_set() {
    let mock = Mock::start().await;
    let plain = with_liberties(&mock, json!({})).await;
    assert!(plain.contains(
        "<ResultList><ResultOfQualificationConfirmation><InsuredCardClassification>01</InsuredCardClassification><InsurerNumber>  990010<"
    ));
    let unknown = with_liberties(&mock, json!({"unknown_elements": true})).await;
    assert_eq!(unknown.matches("<OnshiMockUnknownElement>").count(), 4, "header, body, echo, result: {unknown}");
    let zeros = with_liberties(&mock, json!({"insurer_number_padding": "zeros"})).await;
    let (echo, result) = zeros.split_once("<ResultList>").unwrap();
    assert_eq!((value(echo, "InsurerNumber"), value(result, "InsurerNumber")), (Some("  990010"), Some("00990010")));
}

#[tokio::test]
async fn every_validity_and_every_segment_has_a_person() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let (persons, samples) = {
        let fixtures = onshi_mock::fixtures::Fixtures::compiled_in(jiff::civil::date(2026, 1, 20)).0.unwrap();
        (fixtures.persons, fixtures.samples)
    };
    let mut seen = Vec::new();
    for sample in samples {
        let mut info = json!({"InsurerNumber": sample.insurer_number, "InsuredIdentificationNumber": sample.number,
            "Birthdate": sample.birthdate.strftime("%Y%m%d").to_string(), "LimitApplicationCertificateRelatedConsFlg": "0"});
        for (name, text) in [("InsuredCardSymbol", &sample.symbol), ("InsuredBranchNumber", &sample.branch)] {
            if let Some(text) = text {
                info[name] = json!(text);
            }
        }
        let mut asked = clinic.inquiry();
        asked["XmlMsg"]["MessageBody"]["QualificationConfirmSearchInfo"] = info;
        let answer = mock.receipt_computer().search(&asked).await;
        let (header, body) = (&answer.body["XmlMsg"]["MessageHeader"], &answer.body["XmlMsg"]["MessageBody"]);
        seen.push((header["SegmentOfResult"].clone(), body["ProcessingResultStatus"].clone(), body["QualificationValidity"].clone()));
        let person = persons.iter().find(|person| person.name == sample.name);
        match person.map(|person| person.id.as_str()) {
            Some("processing") => assert_eq!((&header["SegmentOfResult"], &body["ResultList"]), (&json!("2"), &Value::Null)),
            Some("refused") => {
                assert_eq!((&body["ProcessingResultCode"], &header["SegmentOfResult"]), (&json!("MOCK0801E"), &json!("1")));
                assert_eq!(body["QualificationConfirmSearchInfo"]["InsuredIdentificationNumber"], json!(sample.number));
            }
            _ => assert_eq!(body["QualificationValidity"], json!(sample.validity), "{}", sample.name),
        }
    }
    for validity in ["1", "2", "3", "4", "5", "6"] {
        assert!(seen.contains(&(json!("1"), json!("1"), json!(validity))), "{validity}");
    }
    assert!(seen.contains(&(json!("2"), Value::Null, Value::Null)) && seen.contains(&(json!("1"), json!("2"), Value::Null)));
    assert_eq!(mock.clinic(template::PENDING, NOW).await.check().await.body["XmlMsg"]["MessageHeader"]["SegmentOfResult"], "9");
}
