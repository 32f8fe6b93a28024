//! What is no XML is refused on both surfaces, with what is wrong and where; what terminals really
//! write stays accepted.

use encoding_rs::SHIFT_JIS;
use reqwest::{Method, StatusCode};

use crate::support::request_files::{DATE, check, element, message, plain, text, value};
use crate::support::{Mock, SEARCH, template};

const NOW: &str = "2026-01-20T10:00:00+09:00";
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>";

/// What is put in the place of what of a request, and what is said of it in Japanese and English.
const CASES: [(&str, &str, &str, &str); 13] = [
    ("<?xml ", " <?xml ", "1行2列：「<?xml」は使えません", "Line 1, column 2: `<?xml` is not allowed"),
    ("<?xml ", "<?xml version=\"1.0\"?><?xml ", "1行22列：「<?xml」は使えません", "Line 1, column 22: `<?xml`"),
    ("<MessageBody>", "<?XML x?><MessageBody>", "「<?XML」は使えません", "`<?XML` is not allowed"),
    ("<MessageBody>", "<!-- a ---><MessageBody>", "コメントの中に「--」は使えません", "`--` is not allowed within a comment"),
    ("<MessageBody>", "<MessageBody a=1>", "引用符（\" か '）が必要ですが、「1」があります", "a quotation mark"),
    ("<MessageBody>", "<MessageBody a=\"<\">", "属性値に「<」は使えません", "in the value of an attribute"),
    ("<MessageBody>", "<MessageBody a=\"1\"b=\"2\">", "空白か「>」が必要ですが、「b」があります", "white space or `>` was expected"),
    ("<MessageBody>", "<MessageBody a=\"1\" a=\"2\">", "属性 a が2つあります", "two attributes a"),
    (" version=\"1.0\"", "", "1行7列：XML 宣言が version で始まっていません", "Line 1, column 7: the XML declaration"),
    ("\"no\"", "\"maybe\"", "1行50列：XML 宣言の standalone の値が正しくありません", "Line 1, column 50: the standalone"),
    ("<MessageBody>", "<MessageBody><1a/>", "名前が必要ですが、「1」があります", "a name, which begins with a letter"),
    ("<MessageBody>", "<MessageBody><x:a/>", "接頭辞 x の名前空間が宣言されていません", "no namespace is declared for the prefix x"),
    ("</XmlMsg>", "</XmlMsg><XmlMsg></XmlMsg>", "最上位の要素は1つだけです", "one outermost element only"),
];

#[tokio::test]
async fn what_is_no_xml_is_refused_on_both_surfaces() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let request = check(&clinic.code, "f");
    assert!(request.starts_with(DECLARATION), "as the cases have it: {request}");
    for (number, (part, instead, ja, en)) in CASES.into_iter().enumerate() {
        let wrong = request.replacen(part, instead, 1);
        assert_ne!(wrong, request, "{instead}");
        let err = clinic.file(&format!("OQSsiquc01req_{number}.xml"), wrong.as_str()).await;
        let said = err.text();
        assert_eq!(err.name, format!("OQSsiquc01req_{number}.err"), "{instead}: {said}");
        assert!(said.contains("MOCK0001E") && said.contains(ja) && said.contains(en), "{instead}: {said}");
        let (status, answer) = search(&mock, wrong.into()).await;
        assert_eq!((status, value(&answer, "ErrorCode")), (StatusCode::BAD_REQUEST, Some("MOCK0001E")), "{instead}: {answer}");
        let said = value(&answer, "ErrorMessage").unwrap().replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        assert!(said.contains(ja), "{instead}: {said}");
    }
}

#[tokio::test]
async fn what_is_xml_is_accepted_on_both_surfaces() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let request = message(&clinic.code, &format!("{DATE}{}", element("ArbitraryFileIdentifier", "①髙㈱～")), &plain());
    let shift_jis = request.replace("UTF-8", "Shift_JIS");
    let dressed = request.replace("<XmlMsg>", "<!-- a - b --><?b c?>\r\n<XmlMsg xmlns=\"urn:a\" xmlns:b='urn:b' b:c='>' >");
    for body in [
        request.clone().into_bytes(),
        format!("\u{FEFF}{request}").into_bytes(),
        request.replace(DECLARATION, "").into_bytes(),
        SHIFT_JIS.encode(&shift_jis).0.into_owned(),
        dressed.into_bytes(),
    ] {
        let shown = String::from_utf8_lossy(&body).into_owned();
        let (status, answer) = search(&mock, body.clone()).await;
        assert_eq!((status, value(&answer, "ArbitraryFileIdentifier")), (StatusCode::OK, Some("①髙㈱～")), "{shown}: {answer}");
        let answer = clinic.file("OQSsiquc01req_1.xml", body).await;
        assert_eq!(answer.name, "OQSsiquc01res_1.xml", "{shown}");
        assert_eq!(value(&answer.text(), "ArbitraryFileIdentifier"), Some("①髙㈱～"), "{shown}");
    }
}

async fn search(mock: &Mock, body: Vec<u8>) -> (StatusCode, String) {
    let response = mock.backend(Method::POST, SEARCH).header("content-type", "application/xml").body(body).send().await.unwrap();
    (response.status(), text(&response.bytes().await.unwrap()))
}
