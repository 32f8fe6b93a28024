//! The check over XML: on the same path as JSON, in both character sets.

use encoding_rs::SHIFT_JIS;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::support::request_files::{DATE, card, check, element, info, message, plain, text, value};
use crate::support::{Mock, SEARCH, template};

const NOW: &str = "2026-01-20T10:00:00+09:00";

async fn post(mock: &Mock, content_type: &str, accept: Option<&str>, body: impl Into<Vec<u8>>) -> Response {
    let mut request = mock.backend(Method::POST, SEARCH).body(body.into());
    if !content_type.is_empty() {
        request = request.header("content-type", content_type);
    }
    if let Some(accept) = accept {
        request = request.header("accept", accept);
    }
    request.send().await.unwrap()
}

async fn read(response: Response) -> (StatusCode, String, Vec<u8>) {
    let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
    (response.status(), content_type, response.bytes().await.unwrap().to_vec())
}

#[tokio::test]
async fn an_xml_body_gets_xml_and_accept_decides_where_it_says_something() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let (xml, json) = (check(&clinic.code, "f1"), clinic.inquiry().to_string());
    for (content_type, accept, body, answered) in [
        ("application/xml", None, &xml, "application/xml;charset=UTF-8"),
        ("text/xml; charset=utf-8", None, &xml, "application/xml;charset=UTF-8"),
        ("", None, &xml, "application/xml;charset=UTF-8"),
        ("application/xml", Some("application/json"), &xml, "application/json;charset=UTF-8"),
        ("application/json", Some("application/xml"), &json, "application/xml;charset=UTF-8"),
        ("application/json", Some("application/json, application/xml"), &json, "application/json;charset=UTF-8"),
        ("application/json;charset=UTF-8", Some("*/*"), &json, "application/json;charset=UTF-8"),
        ("", None, &json, "application/json;charset=UTF-8"),
    ] {
        let (status, got, bytes) = read(post(&mock, content_type, accept, body.as_str()).await).await;
        assert_eq!((status, got.as_str()), (StatusCode::OK, answered), "{content_type} {accept:?}");
        assert!(String::from_utf8(bytes).unwrap().contains("模擬　太郎"), "{content_type} {accept:?}");
    }
}

#[tokio::test]
async fn xml_says_the_same_as_json() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let (_, _, xml) = read(post(&mock, "application/xml", None, check(&clinic.code, "file-1")).await).await;
    let json = clinic.check().await.body;
    let result = &json["XmlMsg"]["MessageBody"]["ResultList"][0]["ResultOfQualificationConfirmation"];
    let xml = text(&xml);
    let mut compared = 0;
    for part in [&json["XmlMsg"]["MessageHeader"], result] {
        for (name, told) in part.as_object().unwrap().iter().filter(|(_, told)| told.is_string()) {
            let (_, list) = xml.split_once("<ResultList>").unwrap();
            let from = if part == result { list } else { xml.as_str() };
            assert_eq!(value(from, name), told.as_str(), "{name}");
            compared += 1;
        }
    }
    assert!(compared > 20, "{compared}");
}

#[tokio::test]
async fn requests_come_in_either_character_set_and_answers_in_the_terminals() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let utf8 = message(&clinic.code, DATE, &info(&card("06990014", "試－２４", "３０５", "02"), "20121103", "0"));
    let declared = utf8.replace("UTF-8", "Shift_JIS");
    let sjis = SHIFT_JIS.encode(&declared).0.into_owned();
    for encoding in ["utf-8", "shift_jis"] {
        clinic.set_terminal(json!({"encoding": encoding})).await;
        for (content_type, body) in [
            ("application/xml", utf8.clone().into_bytes()),
            ("application/xml", sjis.clone()),
            ("application/xml;charset=Shift_JIS", sjis.clone()),
        ] {
            let (_, answered, bytes) = read(post(&mock, content_type, None, body).await).await;
            let answer = text(&bytes);
            let (label, id) = if encoding == "utf-8" { ("UTF-8", "0") } else { ("Shift_JIS", "1") };
            assert_eq!(answered, format!("application/xml;charset={label}"));
            assert!(answer.starts_with(&format!("<?xml version=\"1.0\" encoding=\"{label}\" standalone=\"no\"?>")), "{answer}");
            assert_eq!((value(&answer, "CharacterCodeIdentifier"), value(&answer, "Name")), (Some(id), Some("模擬　花子")));
        }
        let login = mock.receipt_computer().login(json!({"id": clinic.code})).await;
        assert_eq!(login.body["result"]["linkSysCharCd"], if encoding == "utf-8" { "0" } else { "1" });
        assert_eq!(clinic.check().await.body["XmlMsg"]["MessageHeader"]["CharacterCodeIdentifier"], "0", "JSON is always UTF-8");
    }
}

#[tokio::test]
async fn a_character_that_shift_jis_lacks_is_replaced_and_journalled() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    clinic.set_terminal(json!({"encoding": "shift_jis"})).await;
    let echoed = format!("{DATE}{}", element("ArbitraryFileIdentifier", "𠮷¥−A"));
    let (_, _, bytes) = read(post(&mock, "application/xml", None, message(&clinic.code, &echoed, &plain())).await).await;
    assert_eq!(value(&text(&bytes), "ArbitraryFileIdentifier"), Some("〓〓〓A"));
    let notes = clinic.last_entry().await["notes"].to_string();
    for c in ["U+20BB7", "U+00A5", "U+2212"] {
        assert!(notes.contains(c), "{c}: {notes}");
    }
    clinic.set_terminal(json!({"encoding": "utf-8"})).await;
    let (_, _, bytes) = read(post(&mock, "application/xml", None, message(&clinic.code, &echoed, &plain())).await).await;
    assert_eq!(value(&text(&bytes), "ArbitraryFileIdentifier"), Some("𠮷¥−A"));
}

#[tokio::test]
async fn the_file_identifier_comes_back_byte_for_byte() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    for written in ["plain-1", " a b ", "&quot;x&#38;y&quot;", "<![CDATA[a<b]]>", "&lt;&amp;&gt;", "'\"", "全角　ｱ"] {
        let (_, _, bytes) = read(post(&mock, "application/xml", None, check(&clinic.code, written)).await).await;
        assert!(text(&bytes).contains(&element("ArbitraryFileIdentifier", written)), "{written}: {}", text(&bytes));
    }
}

#[tokio::test]
async fn what_is_no_xml_that_can_be_read_is_refused_with_its_place() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let deep = format!("{}{}", "<a>".repeat(40), "</a>".repeat(40));
    let bomb = "<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><XmlMsg>&b;</XmlMsg>";
    let sjis = SHIFT_JIS.encode("<?xml version=\"1.0\" encoding=\"UTF-8\"?><XmlMsg>表示</XmlMsg>").0.into_owned();
    for (body, said) in [
        (bomb.as_bytes().to_vec(), "1行1列：DTD"),
        (b"<XmlMsg>&xxe;</XmlMsg>".to_vec(), "1行9列：実体参照 &amp;xxe;"),
        (deep.into_bytes(), "深すぎます"),
        (b"<XmlMsg>\n<a></XmlMsg>".to_vec(), "2行4列"),
        (b"<XmlMsg>".to_vec(), "途中で終わって"),
        (sjis, "Shift_JIS としては読めます"),
        (b"<?xml version='1.0' encoding='EUC-JP'?><XmlMsg/>".to_vec(), "EUC-JP"),
    ] {
        let (status, content_type, bytes) = read(post(&mock, "application/xml", None, body).await).await;
        assert_eq!((status, content_type.as_str()), (StatusCode::BAD_REQUEST, "application/xml;charset=UTF-8"), "{said}");
        let answer = text(&bytes);
        assert_eq!(value(&answer, "ErrorCode"), Some("MOCK0001E"));
        assert!(answer.contains(said), "{said}: {answer}");
    }
    let (status, _, bytes) = read(post(&mock, "application/json", None, check(&clinic.code, "f")).await).await;
    let refused: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(refused["XmlMsg"]["MessageHeader"]["ErrorMessage"].as_str().unwrap().contains("application/xml"), "{refused}");
}

#[tokio::test]
async fn a_wrong_element_is_named_by_its_path() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let twice = message(&clinic.code, DATE, &plain().replace("<Birthdate>19800517</Birthdate>", "<Birthdate>1980</Birthdate>"));
    let (status, _, bytes) = read(post(&mock, "application/xml", None, twice).await).await;
    let answer = text(&bytes);
    assert_eq!((status, value(&answer, "SegmentOfResult")), (StatusCode::OK, Some("9")));
    assert!(answer.contains("/XmlMsg/MessageBody/QualificationConfirmSearchInfo/Birthdate"), "{answer}");
}
