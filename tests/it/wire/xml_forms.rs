//! The form of a check: how a request says its character set, what is refused at which limit, and
//! what a lost character leaves behind.

use encoding_rs::SHIFT_JIS;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::request_files::{DATE, check, element, info_of, message, plain, text, value};
use crate::support::{Mock, SEARCH, template};

const NOW: &str = "2026-01-20T10:00:00+09:00";

async fn ask(mock: &Mock, content_type: &str, body: impl Into<Vec<u8>>) -> (StatusCode, Vec<u8>) {
    let request = mock.backend(Method::POST, SEARCH).header("content-type", content_type).body(body.into());
    let response = request.send().await.unwrap();
    (response.status(), response.bytes().await.unwrap().to_vec())
}

fn in_shift_jis(text: &str) -> Vec<u8> {
    let (bytes, _, unmappable) = SHIFT_JIS.encode(text);
    assert!(!unmappable);
    bytes.into_owned()
}

#[tokio::test]
async fn the_charset_parameter_is_read_however_it_is_spelt() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let undeclared = check(&clinic.code, "識別").replace(" encoding=\"UTF-8\"", "");
    let bytes = in_shift_jis(&undeclared);
    for charset in [
        "charset=Shift_JIS",
        "charset=shift_jis",
        "charset=\"Shift_JIS\"",
        "Charset=Shift_JIS",
        "CHARSET=Windows-31J",
        "x=y; charset=cp932",
    ] {
        let (status, bytes) = ask(&mock, &format!("application/xml; {charset}"), bytes.clone()).await;
        let answer = text(&bytes);
        assert_eq!((status, value(&answer, "ArbitraryFileIdentifier")), (StatusCode::OK, Some("識別")), "{charset}: {answer}");
    }
    let (status, answer) = ask(&mock, "application/xml", bytes).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "nothing says Shift_JIS");
    assert!(text(&answer).contains("Shift_JIS としては読めます"));
}

#[tokio::test]
async fn the_transports_charset_outranks_the_declaration_and_a_contradiction_is_refused() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let said_utf8 = in_shift_jis(&check(&clinic.code, "識別"));
    let (status, answer) = ask(&mock, "application/xml;charset=Shift_JIS", said_utf8.clone()).await;
    assert_eq!((status, value(&text(&answer), "ArbitraryFileIdentifier")), (StatusCode::OK, Some("識別")));
    let declared = in_shift_jis(&check(&clinic.code, "識別").replace("UTF-8", "Shift_JIS"));
    for (content_type, body) in
        [("application/xml", said_utf8), ("application/xml;charset=UTF-8", declared.clone()), ("application/xml;charset=EUC-JP", declared)]
    {
        let (status, answer) = ask(&mock, content_type, body).await;
        assert_eq!((status, value(&text(&answer), "ErrorCode")), (StatusCode::BAD_REQUEST, Some("MOCK0001E")), "{content_type}");
    }
}

#[tokio::test]
async fn thirty_two_levels_are_read_and_thirty_three_are_not() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    // XmlMsg and MessageBody are the first two.
    for (levels, status) in [(32, StatusCode::OK), (33, StatusCode::BAD_REQUEST)] {
        let inner = levels - 2;
        let deep = format!("{}{}", "<a>".repeat(inner), "</a>".repeat(inner));
        let (got, answer) = ask(&mock, "application/xml", message(&clinic.code, DATE, &(plain() + &deep))).await;
        assert_eq!(got, status, "{levels}: {}", text(&answer));
    }
}

#[tokio::test]
async fn a_byte_order_mark_and_line_ends_do_no_harm_and_utf16_is_refused() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let spread = check(&clinic.code, "f-1").replace("><", ">\r\n  <");
    let (status, answer) = ask(&mock, "application/xml", format!("\u{feff}{spread}\r\n")).await;
    let answer = text(&answer);
    assert_eq!((status, value(&answer, "QualificationValidity")), (StatusCode::OK, Some("1")), "{answer}");
    let utf16: Vec<u8> = format!("\u{feff}{spread}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (status, answer) = ask(&mock, "application/xml", utf16).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(text(&answer).contains("UTF-16"), "{}", text(&answer));
}

#[tokio::test]
async fn a_person_whose_name_shift_jis_lacks_is_told_with_a_mark_and_a_note() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let asked = message(&clinic.code, DATE, &info_of("not-in-shift-jis", "0"));
    clinic.set_terminal(json!({"encoding": "shift_jis"})).await;
    let (_, answer) = ask(&mock, "application/xml", asked.clone()).await;
    assert_eq!(value(&text(&answer), "Name"), Some("〓田　模子"));
    assert!(clinic.last_entry().await["notes"].to_string().contains("U+20BB7"));
    let (_, answer) = ask(&mock, "application/xml", message(&clinic.code, DATE, &info_of("only-in-cp932", "0"))).await;
    assert_eq!(value(&text(&answer), "Name"), Some("髙﨑　模男"), "CP932 has more than Shift_JIS");
    assert!(!clinic.last_entry().await["notes"].to_string().contains("U+"));

    clinic.set_terminal(json!({"encoding": "utf-8"})).await;
    let (_, answer) = ask(&mock, "application/xml", asked).await;
    assert_eq!(value(&text(&answer), "Name"), Some("𠮷田　模子"));
    assert!(!clinic.last_entry().await["notes"].to_string().contains("U+"));
}

#[tokio::test]
async fn a_login_says_the_character_set_of_its_terminal_and_json_stays_utf8() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    for (encoding, id) in [("utf-8", "0"), ("shift_jis", "1")] {
        clinic.set_terminal(json!({"encoding": encoding})).await;
        let login = mock.receipt_computer().login(json!({"userId": clinic.code})).await;
        assert_eq!(login.body["result"]["linkSysCharCd"], id);
        let answer = clinic.check().await;
        assert_eq!(answer.body["XmlMsg"]["MessageHeader"]["CharacterCodeIdentifier"], "0", "JSON is UTF-8");
    }
}

#[tokio::test]
async fn a_refusal_has_the_terminals_character_set_and_the_askers_form() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, NOW).await;
    clinic.set_terminal(json!({"encoding": "shift_jis"})).await;
    let (status, answer) = ask(&mock, "application/xml", check(&clinic.code, "f")).await;
    let answer = text(&answer);
    assert_eq!(
        (status, value(&answer, "ErrorCode"), value(&answer, "CharacterCodeIdentifier")),
        (StatusCode::OK, Some("MOCK0501E"), Some("1"))
    );
    clinic.set_profile("http").await;
    let (status, answer) = ask(&mock, "application/xml", check(&clinic.code, "f")).await;
    assert_eq!((status, value(&text(&answer), "ErrorCode")), (StatusCode::SERVICE_UNAVAILABLE, Some("MOCK0501E")));
    clinic.set_profile("bare").await;
    let (_, answer) = ask(&mock, "application/xml", check(&clinic.code, "f")).await;
    assert!(!text(&answer).contains("MessageBody"));
    clinic.set_profile("silent").await;
    let request = mock.backend(Method::POST, SEARCH).header("content-type", "application/xml").body(check(&clinic.code, "f"));
    assert!(request.send().await.is_err());
}

#[tokio::test]
async fn an_identifier_in_character_references_survives_a_set_that_lacks_the_character() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    clinic.set_terminal(json!({"encoding": "shift_jis"})).await;
    for written in ["&#x20BB7;", "&#134071;-&quot;1&quot;", "a\r\nb", "a\tb"] {
        let (_, answer) = ask(&mock, "application/xml", check(&clinic.code, written)).await;
        assert!(text(&answer).contains(&element("ArbitraryFileIdentifier", written)), "{written}: {}", text(&answer));
    }
    let (_, answer) =
        ask(&mock, "application/xml", check(&clinic.code, "x").replace("<ArbitraryFileIdentifier>", "<ArbitraryFileIdentifier a=\"1\">"))
            .await;
    assert!(text(&answer).contains(&element("ArbitraryFileIdentifier", "x")), "without attributes");
}

#[tokio::test]
async fn the_same_elements_are_wrong_in_xml_and_in_json() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let said = |answer: &str| value(answer, "ErrorMessage").unwrap_or_default().to_owned();
    for (from, to) in [
        (element("MedicalInstitutionCode", &clinic.code), String::new()),
        (element("MedicalInstitutionCode", &clinic.code), element("MedicalInstitutionCode", "true")),
        (DATE.to_owned(), element("QualificationConfirmationDate", "20261340")),
        (element("InsurerNumber", "01990019"), String::new()),
        (element("LimitApplicationCertificateRelatedConsFlg", "0"), element("LimitApplicationCertificateRelatedConsFlg", "2")),
        (plain(), plain() + &plain()),
        (plain(), element("QualificationConfirmSearchInfo", "text")),
    ] {
        let body = check(&clinic.code, "file-1").replace(&from, &to);
        let (status, answer) = ask(&mock, "application/xml", body).await;
        let answer = text(&answer);
        assert_eq!((status, value(&answer, "ErrorCode")), (StatusCode::OK, Some("MOCK0001E")), "{to}: {answer}");
        assert!(said(&answer).contains("/XmlMsg/Message"), "{to}: {answer}");
    }
    let mut json = clinic.inquiry();
    json["XmlMsg"]["MessageHeader"]["MedicalInstitutionCode"] = Value::Bool(true);
    mock.receipt_computer().search(&json).await.expect_error("MOCK0001E");
}

#[tokio::test]
async fn a_refusal_before_the_check_has_the_terminals_character_set_too() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    clinic.set_terminal(json!({"encoding": "shift_jis"})).await;
    let foreign = mock.backend(Method::POST, SEARCH).header("authorization", "not-ours");
    for (request, body, error) in [
        (foreign, check(&clinic.code, "f"), "MOCK0203E"),
        (mock.backend(Method::POST, SEARCH), check(&clinic.code, "f").replace("19800517", "1980"), "MOCK0001E"),
    ] {
        let response = request.header("content-type", "application/xml").body(body).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/xml;charset=Shift_JIS", "{error}");
        let answer = text(&response.bytes().await.unwrap());
        assert_eq!((value(&answer, "ErrorCode"), value(&answer, "CharacterCodeIdentifier")), (Some(error), Some("1")), "{answer}");
    }
    let (_, unreadable) = ask(&mock, "application/xml", "<XmlMsg>").await;
    assert!(text(&unreadable).contains("encoding=\"UTF-8\""), "nobody knows whose it is");
}
