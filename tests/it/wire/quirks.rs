//! What clients in the wild send wrong: each gets a whole answer that says what happened, and the
//! server serves the next client.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{LOGIN, Mock, SEARCH, inquiry, template};
use crate::wire::raw::{Raw, RawAnswer, post};

const MALFORMED: &str = "MOCK0001E";
const CODE: &str = "/XmlMsg/MessageHeader/MedicalInstitutionCode";

/// An answer to broken bytes: whole, in Japanese, and the connection closes behind it.
fn assert_refusal(answer: &RawAnswer, status: u16, code: &str, words: &str) {
    let (got, message) = answer.error();
    assert_eq!((answer.status, got.as_str()), (status, code), "{message}");
    assert!(message.contains(words), "no {words} in {message}");
    assert_eq!(answer.headers["connection"], "close");
    assert!(answer.headers.contains_key("x-onshi-journal") && answer.headers.contains_key("x-onshi-mock"));
}

async fn stray(mock: &Mock) -> Value {
    mock.get("/v1/journal?limit=1").await["entries"][0].clone()
}

#[tokio::test]
async fn a_content_length_in_utf16_units_cuts_the_body_and_the_answer_says_so() {
    let mock = Mock::start().await;
    let mut met = [false, false];
    for length in 4..=16 {
        let mut body = inquiry("9910000018");
        body["XmlMsg"]["MessageHeader"]["ZZZ"] = json!("医".repeat(length));
        let body = body.to_string();
        let units = body.encode_utf16().count();
        let inside = !body.is_char_boundary(units);
        met[usize::from(inside)] = true;
        let mut raw = Raw::backend(&mock).await;
        raw.search(units, body.as_bytes()).await;
        let answer = raw.answer().await;
        assert_refusal(&answer, 400, MALFORMED, if inside { "文字の途中" } else { "JSON の途中" });
        assert_refusal(&answer, 400, MALFORMED, &format!("{units} バイト"));
        assert_refusal(&answer, 400, MALFORMED, "Content-Length は文字数ではなく UTF-8 のバイト数");
        assert_eq!(stray(&mock).await["id"], answer.headers["x-onshi-journal"], "and so does the journal");
        mock.institution(template::UP_TO_DATE).check().await.note("the next client is served").expect_qualified();
    }
    assert_eq!(met, [true, true], "the cut fell between characters and inside one");
}

#[tokio::test]
async fn a_body_shorter_than_its_content_length_is_answered_when_the_client_ends() {
    let mock = Mock::start().await;
    let mut raw = Raw::backend(&mock).await;
    let body = inquiry("9910000018").to_string();
    raw.search(body.len() + 40, body.as_bytes()).await;
    raw.end().await;
    assert_refusal(&raw.answer().await, 400, MALFORMED, "本文を最後まで受け取れませんでした");
}

#[tokio::test]
async fn a_body_that_never_comes_whole_is_answered_after_the_time_limit() {
    let mock = Mock::start_with(|config| config.body.timeout = Duration::from_millis(200)).await;
    let mut raw = Raw::backend(&mock).await;
    let body = inquiry("9910000018").to_string();
    raw.search(body.len() + 40, body.as_bytes()).await;
    let answer = raw.answer().await;
    assert_refusal(&answer, 408, "MOCK0002E", &format!("Content-Length は {}", body.len() + 40));
    mock.institution(template::UP_TO_DATE).check().await.expect_qualified();
}

#[tokio::test]
async fn bytes_that_are_no_json_object_are_named() {
    let mock = Mock::start().await;
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(200), close.repeat(200)).into_bytes();
    for (body, words) in [
        (b"{\"XmlMsg\": \"\x96\xcd\x8b\x5b\"}".to_vec(), "12 バイト目が UTF-8 ではありません"),
        (b"\xff\xfe{\0}\0".to_vec(), "0 バイト目が UTF-8 ではありません"),
        (Vec::new(), "本文が空です"),
        (b" \r\n".to_vec(), "本文が空です"),
        (b"\xef\xbb\xbf".to_vec(), "本文が空です"),
        (b"hello".to_vec(), "JSON として読めません（1行1列）"),
        (b"<XmlMsg/>".to_vec(), "本文が XML または HTML です"),
        (b"{} {}".to_vec(), "JSON として読めません"),
        (b"{\"XmlMsg\": {\"a\": 1,}}".to_vec(), "JSON として読めません"),
        (deep("[", "]"), "JSON として読めません"),
        (deep("{\"a\":", "}"), "JSON として読めません"),
    ] {
        let mut raw = Raw::backend(&mock).await;
        raw.search(body.len(), &body).await;
        assert_refusal(&raw.answer().await, 400, MALFORMED, words);
    }
}

#[tokio::test]
async fn a_byte_order_mark_is_forgiven() {
    let mock = Mock::start().await;
    let body = format!("\u{feff}{}", inquiry("9910000018"));
    let answer = mock.send(mock.backend(Method::POST, SEARCH).body(body)).await;
    answer.expect_qualified();
    let body = "\u{feff}{\"user\": \"9910000018\"}";
    let answer = mock.send(mock.backend(Method::POST, LOGIN).body(body)).await;
    assert_eq!(answer.status, StatusCode::OK, "at the login too: {}", answer.body);
}

#[tokio::test]
async fn a_body_of_ten_megabytes_is_refused_readably_with_and_without_its_length() {
    let mock = Mock::start().await;
    let body = vec![b' '; 10 * 1024 * 1024];
    let mut raw = Raw::backend(&mock).await;
    raw.search(body.len(), &body).await;
    assert_refusal(&raw.answer().await, 413, "MOCK0003E", "上限は 1048576 バイトです");

    let mut raw = Raw::backend(&mock).await;
    raw.write(format!("POST {SEARCH} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n", body.len()).as_bytes())
        .await;
    raw.write(&body).await;
    raw.write(b"\r\n0\r\n\r\n").await;
    assert_refusal(&raw.answer().await, 413, "MOCK0003E", "上限は 1048576 バイトです");
    mock.institution(template::UP_TO_DATE).check().await.expect_qualified();
}

#[tokio::test]
async fn a_body_at_the_limit_is_read_and_one_byte_more_is_not() {
    let mock = Mock::start_with(|config| config.body.max = 2048).await;
    let text = inquiry("9910000018").to_string();
    for (length, status) in [(2048, StatusCode::OK), (2049, StatusCode::PAYLOAD_TOO_LARGE)] {
        let body = format!("{text}{}", " ".repeat(length - text.len()));
        assert_eq!(mock.send(mock.backend(Method::POST, SEARCH).body(body)).await.status, status);
    }
}

#[tokio::test]
async fn an_institution_code_that_is_missing_or_mistyped_is_named() {
    let mock = Mock::start().await;
    for (code, words) in [
        (None, "がありません"),
        (Some(json!("")), "がありません"),
        (Some(json!(null)), "null です"),
        (Some(json!(true)), "true です"),
        (Some(json!(9_910_000_018_u64)), "9910000018 です"),
        (Some(json!(["9910000018"])), "[\"9910000018\"] です"),
        (Some(json!("991000001")), "「991000001」"),
        (Some(json!("9910000019")), "チェックディジット（末尾）が 8"),
        (Some(json!("9920000018")), "3桁目"),
        (Some(json!("９９１００００018")), "10桁の医療機関コード"),
        (Some(json!(" 9910000018")), "10桁の医療機関コード"),
        (Some(json!("9".repeat(300))), "長すぎます"),
    ] {
        let mut body = inquiry("9910000018");
        let header = body["XmlMsg"]["MessageHeader"].as_object_mut().unwrap();
        header.remove("MedicalInstitutionCode");
        header.extend(code.clone().map(|code| ("MedicalInstitutionCode".to_owned(), code)));
        let refused = mock.receipt_computer().search(&body).await;
        assert_eq!((refused.status, refused.error_code()), (StatusCode::OK, &json!(MALFORMED)), "{code:?}");
        let message = refused.error_message();
        assert!(message.contains(CODE) && message.contains(words), "{code:?}: {message}");
        assert_eq!(stray(&mock).await["id"], refused.journal);
    }
}

#[tokio::test]
async fn each_element_that_is_missing_or_mistyped_is_named_by_its_pointer() {
    let mock = Mock::start().await;
    let (header, info) = ("/XmlMsg/MessageHeader", "/XmlMsg/MessageBody/QualificationConfirmSearchInfo");
    let required = [
        ("", "XmlMsg"),
        ("/XmlMsg", "MessageHeader"),
        ("/XmlMsg", "MessageBody"),
        ("/XmlMsg/MessageBody", "QualificationConfirmSearchInfo"),
        (header, "QualificationConfirmationDate"),
        (info, "InsurerNumber"),
        (info, "InsuredIdentificationNumber"),
        (info, "Birthdate"),
    ];
    let optional = [
        (header, "ArbitraryFileIdentifier"),
        (info, "InsuredCardSymbol"),
        (info, "InsuredBranchNumber"),
        (info, "LimitApplicationCertificateRelatedConsFlg"),
        (info, "ArbitraryIdentifier"),
    ];
    let mut faults: Vec<(&str, &str, Value)> = Vec::new();
    for (parent, name) in required.into_iter().chain(optional) {
        faults.extend([json!(7), json!(true), json!(null), json!([])].map(|wrong| (parent, name, wrong)));
    }
    for date in ["2026-01-20", "20260230", "2026012", "２０２６０１２０", "00000000", "令和80120", " ", "17991231", "22010101"] {
        faults.push((header, "QualificationConfirmationDate", json!(date)));
        faults.push((info, "Birthdate", json!(date)));
    }
    faults.push((info, "LimitApplicationCertificateRelatedConsFlg", json!("2")));
    faults.push((info, "InsurerNumber", json!("9".repeat(201))));
    let mut cases: Vec<(Value, String, String)> = Vec::new();
    for (parent, name) in required {
        let mut body = inquiry("9910000018");
        body.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name);
        cases.push((body, format!("{parent}/{name}"), "missing".to_owned()));
    }
    for (parent, name, wrong) in faults {
        let mut body = inquiry("9910000018");
        body.pointer_mut(parent).unwrap()[name] = wrong.clone();
        cases.push((body, format!("{parent}/{name}"), wrong.to_string()));
    }
    for (body, pointer, what) in cases {
        let refused = mock.receipt_computer().search(&body).await;
        assert_eq!((refused.status, refused.error_code()), (StatusCode::OK, &json!(MALFORMED)), "{pointer}: {what}");
        assert!(refused.error_message().contains(&pointer), "{pointer}: {what}: {}", refused.error_message());
    }
    for (form, body) in [("application/json", r#"{"xmlmsg":{}}"#), ("application/xml", "<xmlmsg><MessageHeader/></xmlmsg>")] {
        let refused = mock
            .send(mock.backend(Method::POST, SEARCH).header("content-type", form).header("accept", "application/json").body(body))
            .await;
        let said = refused.error_message();
        assert!(said.contains("最上位の要素が xmlmsg です。XmlMsg が必要です"), "{form}: {said}");
    }
    for (parent, name, edge) in [(info, "Birthdate", "18000101"), (header, "QualificationConfirmationDate", "22001231")] {
        let mut body = inquiry("9910000018");
        body.pointer_mut(parent).unwrap()[name] = json!(edge);
        let answered = mock.receipt_computer().search(&body).await;
        assert_eq!((answered.status, answered.error_code()), (StatusCode::OK, &Value::Null), "{name} {edge}");
    }
}

#[tokio::test]
async fn a_malformed_request_is_journalled_with_the_institution_that_it_names() {
    let mock = Mock::start().await;
    let mut body = inquiry("9910000018");
    body["XmlMsg"]["MessageBody"]["QualificationConfirmSearchInfo"]["Birthdate"] = json!("1980/5/17");
    let refused = mock.receipt_computer().search(&body).await;
    let entry = mock.institution(template::UP_TO_DATE).last_entry().await;
    assert_eq!((&entry["id"], &entry["error"]["id"]), (&json!(refused.journal), &json!("malformed_request")));
    assert!(entry["why"]["ja"].as_str().unwrap().contains("Birthdate"), "{entry}");
}

#[tokio::test]
async fn a_login_that_is_no_json_object_is_named_and_broken_bytes_close_the_connection() {
    let mock = Mock::start().await;
    for body in ["", "x", "{\"user\": \"医", "{\"user\": "] {
        let mut raw = Raw::backend(&mock).await;
        raw.write(&post(LOGIN, body.len(), "", body.as_bytes())).await;
        let answer = raw.answer().await;
        assert_eq!((answer.status, answer.headers["connection"].as_str()), (400, "close"), "{body}");
        assert_eq!(answer.json()["status"], MALFORMED, "{body}");
        assert!(answer.json()["msg"].as_str().unwrap().contains("要求を読み取れません"), "{body}");
    }
    for body in ["[]", "null", "\"x\"", "7"] {
        let refused = mock.send(mock.backend(Method::POST, LOGIN).body(body)).await;
        assert_eq!((refused.status, &refused.body["status"]), (StatusCode::BAD_REQUEST, &json!(MALFORMED)), "{body}");
    }
}

#[tokio::test]
async fn an_element_that_is_none_of_the_requests_is_passed_over_and_the_journal_names_it() {
    let mock = Mock::start().await;
    let mut body = inquiry("9910000018");
    body["XmlMsg"]["MessageBody"]["QualificationConfirmSearchInfo"]["InsuredCardSymbl"] = json!("1");
    body["XmlMsg"]["MessageHeader"]["ArbitraryFileIdentifer"] = json!("1");
    let answer = mock.receipt_computer().search(&body).await;
    answer.expect_qualified();
    let notes = mock.institution(template::UP_TO_DATE).last_entry().await["notes"].to_string();
    for pointer in ["/XmlMsg/MessageBody/QualificationConfirmSearchInfo/InsuredCardSymbl", "/XmlMsg/MessageHeader/ArbitraryFileIdentifer"] {
        assert!(notes.contains(&format!("{pointer} を無視しました")), "{notes}");
    }
}
