//! Drug information (YZK) and health check-ups (TKK): requests and what a client can read.

use std::collections::BTreeSet;

use encoding_rs::SHIFT_JIS;
use onshi_mock::wire::message::{CHECKUPS, Content, DRUGS, Element};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::request_files::{FileResponse, element, message, value};
use crate::support::{Clinic, Mock, frozen, template};

const NOW: &str = "2026-01-20T10:00:00+09:00";
const NOVEMBER: &str = "2026-11-29T05:52:00+09:00";

/// A request as a client in use writes it: Shift_JIS, indented, without a line feed at its end.
fn case(category: &str) -> Vec<u8> {
    let text = format!(
        r#"<?xml version="1.0" encoding="Shift_JIS" standalone="no"?>
<XmlMsg>
  <MessageHeader>
    <MedicalInstitutionCode>9910000018</MedicalInstitutionCode>
    <InsurerNumber>01990019</InsurerNumber>
    <InsuranceCardSymbol>11010206</InsuranceCardSymbol>
    <InsuredPersonIdentificationNumber>1241</InsuredPersonIdentificationNumber>
    <BranchNumber>01</BranchNumber>
    <ArbitraryFileIdentifier>770010</ArbitraryFileIdentifier>
  </MessageHeader>
  <MessageBody>
    <StartDate>202601</StartDate>
    <EndDate>202611</EndDate>
    <FileCategory>{category}</FileCategory>
    <PrDiInfClassification>1</PrDiInfClassification>
    <MedicalTreatmentFlag>1</MedicalTreatmentFlag>
  </MessageBody>
</XmlMsg>"#
    );
    SHIFT_JIS.encode(&text).0.into_owned()
}

/// A person's number on a card of the symbol 11010206.
const CONSENTING: &str = "1241";
const REFUSING: &str = "1242";
const WITHOUT_HISTORY: &str = "1245";

/// A request about the person of a number, with these elements in its body.
pub(crate) fn about(code: &str, number: &str, body: &str) -> String {
    let header = element("InsurerNumber", "01990019")
        + &element("InsuranceCardSymbol", "11010206")
        + &element("InsuredPersonIdentificationNumber", number)
        + &element("BranchNumber", "01")
        + &element("ArbitraryFileIdentifier", "m &amp; 1");
    message(code, &header, body)
}

fn category(category: &str) -> String {
    element("FileCategory", category)
}

/// Every text of the elements of a name.
fn values<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    text.split(&*open).skip(1).map(|rest| rest.split_once(&*close).unwrap().0).collect()
}

/// The months that are told, in whichever block.
fn months(text: &str) -> BTreeSet<&str> {
    ["MeTrMonth", "ShPrMonth", "CzDiMonth"].iter().flat_map(|name| values(text, name)).collect()
}

impl Clinic<'_> {
    async fn drugs(&self, number: &str, body: &str) -> FileResponse {
        self.file("YZKsiquc01req_1.xml", about(&self.code, number, body)).await
    }

    async fn checkups(&self, number: &str, body: &str) -> FileResponse {
        self.file("TKKsiquc01req_1.xml", about(&self.code, number, body)).await
    }
}

#[tokio::test]
async fn requests_of_a_client_in_use_are_answered_at_a_clock_of_january_and_at_one_of_november() {
    let mock = Mock::start().await;
    for (mode, now, first, last, least) in [("frozen", NOW, "202601", "202601", 1), ("running", NOVEMBER, "202601", "202611", 11)] {
        mock.institution(template::UP_TO_DATE).put("/clock", json!({"mode": mode, "now": now})).await;
        let drugs = mock.institution(template::UP_TO_DATE).file("YZKsiquc01req_022611290552770010.xml", case("2")).await;
        assert_eq!(drugs.name, "YZKsiquc01res_022611290552770010.xml");
        let text = drugs.text();
        assert!(text.contains("<ResultCode>1</ResultCode>") && text.contains("<ArbitraryFileIdentifier>770010</ArbitraryFileIdentifier>"));
        let person =
            "<QuaInf><Name>同意　全子</Name><KanaName>ﾄﾞｳｲ ｾﾞﾝｺ</KanaName><Birth>19770717</Birth><AdmGendCode>2</AdmGendCode></QuaInf>";
        assert!(text.contains(person), "{text}");
        for block in ["<MessageBody><MeTrMonthInf>", "<ShPrInf><ShPrMonthInf>", "<CzDiInf><CzDiMonthInf>"] {
            assert!(text.contains(block), "{now}: {block}");
        }
        let told = months(&text);
        assert!(told.len() >= least && *told.first().unwrap() >= first && *told.last().unwrap() <= last, "{now}: {told:?}");
        assert!(!text.contains("MeTrInf>"), "no treatment in category 2");

        let both = mock.institution(template::UP_TO_DATE).file("YZKsiquc01req_042611290552770010.xml", case("4")).await.text();
        assert!(both.contains("<MeTrInfs><MeTrInf><SinInfCd>") && values(&both, "DrugC").len() == values(&text, "DrugC").len(), "{both}");
        let pdf = mock.institution(template::UP_TO_DATE).file("YZKsiquc01req_032611290552770010.xml", case("3")).await;
        assert_eq!(pdf.name, "YZKsiquc01res_032611290552770010.pdf");
        assert!(
            assert_contains_months(&pdf, "模擬アムロジピン")
                && assert_contains_months(&pdf, "再診料")
                && assert_contains_months(&pdf, "架空"),
            "drugs and treatment"
        );
    }
}

/// Whether a PDF has a text: its content has the hexadecimal digits of UTF-16.
fn assert_contains_months(pdf: &FileResponse, text: &str) -> bool {
    let digits: String = text.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
    pdf.bytes.starts_with(b"%PDF-") && pdf.bytes.windows(digits.len()).any(|window| window == digits.as_bytes())
}

#[tokio::test]
async fn three_persons_have_a_history_of_eighteen_months_at_a_clock_that_runs() {
    let mock = Mock::start().await;
    mock.institution(template::UP_TO_DATE).put("/clock", json!({"mode": "running", "now": NOVEMBER})).await;
    for number in [CONSENTING, "1243", "1244"] {
        let text = mock.institution(template::UP_TO_DATE).drugs(number, &category("4")).await.text();
        let told = months(&text);
        let number_of = |month: &str| month[..4].parse::<u32>().unwrap() * 12 + month[4..].parse::<u32>().unwrap();
        let numbers: Vec<u32> = told.iter().map(|month| number_of(month)).collect();
        let (first, last) = (numbers.iter().min().unwrap(), numbers.iter().max().unwrap());
        assert!(told.len() >= 6 && last - first >= 17, "{number}: eighteen months from first to last: {told:?}");
        assert!(values(&text, "PrIsOrg").contains(&"1") && values(&text, "PrIsOrg").contains(&"2"), "{number}: own ones and others");
        let institutions: BTreeSet<_> = ["MeTrDiHCd", "PrlsHCd"].iter().flat_map(|name| values(&text, name)).collect();
        assert!(institutions.len() >= 4, "{number}: {institutions:?}");
        let checkups = mock.institution(template::UP_TO_DATE).checkups(number, &category("2")).await.text();
        assert_eq!(values(&checkups, "EffectiveTime").len(), 2, "{number}");
    }
    let text = mock.institution(template::UP_TO_DATE).drugs(CONSENTING, &category("2")).await.text();
    assert!(months(&text).len() >= 18, "{:?}", months(&text));
}

/// The names of elements that hold a text.
fn names(elements: &[Element], found: &mut BTreeSet<&'static str>) {
    for element in elements {
        match &element.content {
            Content::Text(_) => drop(found.insert(element.name)),
            Content::Group { elements, .. } | Content::List { elements, .. } => names(elements, found),
        }
    }
}

#[tokio::test]
async fn each_element_is_told_of_the_person_who_consented_and_numbers_are_numbers() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let drugs = clinic.drugs(CONSENTING, &category("4")).await.text();
    let checkups = clinic.checkups(CONSENTING, &category("2")).await.text();
    for (elements, text) in [(DRUGS, &drugs), (CHECKUPS, &checkups)] {
        let mut all = BTreeSet::new();
        names(elements, &mut all);
        let missing: Vec<_> = all.into_iter().filter(|name| values(text, name).is_empty()).collect();
        assert_eq!(missing, ["MessageContents"]);
    }
    for name in
        ["DiOrg", "ShPrOrg", "CzDiOrg", "InOut", "ShPrCl", "CzPrCl", "MeTrIdCl", "ShUsageCl", "CzUsageCl", "Times", "Qua1", "ShQua1"]
    {
        assert!(values(&drugs, name).iter().all(|text| text.parse::<f64>().is_ok()), "{name}: {:?}", values(&drugs, name));
    }
    for name in ["PrIsOrg", "ShPrIsOrg", "CzPrIsOrg"] {
        assert!(values(&drugs, name).iter().all(|text| ["1", "2"].contains(text)));
    }
    let codes = values(&drugs, "DrugC").into_iter().chain(values(&drugs, "SinInfCd"));
    assert!(codes.into_iter().all(|code| code.len() == 9 && code.bytes().all(|byte| byte.is_ascii_digit())));
    assert!(values(&checkups, "ItemCode").iter().all(|code| code.len() == 17));
    for part in drugs.split("<MeTrMonthInf>").skip(1) {
        let month = value(part, "MeTrMonth").unwrap();
        assert!(values(part.split("</MeTrMonthInf>").next().unwrap(), "DiDate").iter().all(|day| day.starts_with(month)), "{part}");
    }
}

#[tokio::test]
async fn every_institution_meets_prescriptions_of_its_own() {
    let mock = Mock::start().await;
    for code in ["9910000018", "9940000018"] {
        let clinic = mock.institution(code);
        clinic.freeze_at(NOW).await;
        let text = clinic.drugs(CONSENTING, &category("2")).await.text();
        for part in text.split("<CzDiMonthInf>").skip(1) {
            let prescriber = value(part, "CzPrlsHCd").or(value(part, "CzMeTrDiHCd")).unwrap();
            assert_eq!(value(part, "CzPrIsOrg"), Some(if prescriber == code { "1" } else { "2" }), "{part}");
        }
        assert!(values(&text, "CzPrIsOrg").contains(&"1") && values(&text, "CzPrIsOrg").contains(&"2"));
    }
}

#[tokio::test]
async fn the_months_asked_for_are_the_months_told() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let told = async |first: &str, last: &str| {
        let bounds = [("StartDate", first), ("EndDate", last)].into_iter().filter(|(_, text)| !text.is_empty());
        let body: String = bounds.map(|(name, text)| element(name, text)).collect::<String>() + &category("2");
        let text = clinic.drugs(CONSENTING, &body).await.text();
        assert_eq!(value(&text, "ResultCode"), Some("1"), "{text}");
        (months(&text).into_iter().map(str::to_owned).collect::<Vec<_>>(), text)
    };
    assert_eq!(told("202511", "202511").await.0, ["202511"]);
    assert_eq!(told("202511", "202601").await.0, ["202511", "202512", "202601"]);
    assert_eq!(told("202511", "").await.0, ["202511", "202512", "202601"]);
    let until = told("", "202408").await.0;
    assert!(until.len() >= 2 && until.iter().all(|month| month.as_str() <= "202408"), "{until:?}");
    let all = told("", "").await.0;
    assert_eq!((all.first().map(String::as_str), all.last().map(String::as_str)), (Some("202407"), Some("202601")));
    let (none, text) = told("202602", "202612").await;
    assert!(none.is_empty() && text.contains("<MessageBody></MessageBody>"), "the future: {text}");

    assert_eq!(told("20251115", "20251231").await.0, ["202511", "202512"], "the day is passed over");
    let notes = clinic.last_entry().await["notes"].to_string();
    assert!(
        notes.contains("/XmlMsg/MessageBody/StartDate") && notes.contains("20251115") && notes.contains("MessageBody/EndDate"),
        "{notes}"
    );
}

#[tokio::test]
async fn days_after_the_institutions_today_are_not_told() {
    let mock = Mock::start().await;
    let drug = json!([{"code": "990000001", "name": "模擬", "quantity": "1", "times": 1, "class": 21}]);
    let record = |date: &str| json!({"kind": "claim", "date": date, "organization": "medical", "in_out": "out", "drugs": drug});
    let checkup = |date: &str| {
        let items = json!([{"code": "9Z001000000000001", "name": "身長", "data_type": "PQ", "value": "170", "unit": "cm"}]);
        json!({"date": date, "items": items})
    };
    let person =
        with_history(json!(["2026-01-19", "2026-01-20", "2026-01-21"].map(record)), json!(["2026-01-20", "2026-01-21"].map(checkup)));
    let input = json!({"template": template::UP_TO_DATE, "persons": [person]});
    // Just before midnight in Japan, and at it.
    for (now, days) in
        [("2026-01-20T23:59:59+09:00", vec!["20260119", "20260120"]), ("2026-01-20T15:00:00Z", vec!["20260119", "20260120", "20260121"])]
    {
        let mut input = input.clone();
        input["clock"] = frozen(now);
        let clinic = mock.clinic_with(input).await;
        let drugs = clinic.drugs("1241", &category("2")).await.text();
        assert_eq!(values(&drugs, "DiDate"), days, "{now}");
        let checkups = clinic.checkups("1241", &category("2")).await.text();
        assert_eq!(values(&checkups, "EffectiveTime"), days[1..], "{now}");
    }
}

/// A person of one's own under the number 1241.
fn with_history(drug_history: Value, checkups: Value) -> Value {
    json!({
        "id": "own", "name": "試験　花子", "name_kana": "ｼｹﾝ ﾊﾅｺ", "sex": "female", "birthdate": "1991-02-03",
        "consents": {"pharmacists": "given", "specific_health_checkups": "given"},
        "qualifications": [{
            "card": "01", "insurer_number": "01990019", "insurer_name": "架空健康保険組合", "symbol": "11010206", "number": "1241", "branch": "01",
            "from": "2020-04-01"}],
        "drug_history": drug_history, "checkups": checkups})
}

#[tokio::test]
async fn persons_of_ones_own_have_a_history_of_ones_own() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let record = json!({
        "kind": "electronic_dispensing", "date": "today-3", "prescribed": "today-4", "repeat": {"every": 30, "times": 2},
        "organization": "pharmacy", "institution": {"code": "9940008011", "name": "試験薬局"}, "prescriber": {"name": "試験医院"}, "in_out": "out",
        "drugs": [{"code": "990000001", "name": "模擬の薬", "quantity": "0.5", "unit": "錠", "times": 14, "class": 21}]});
    let put = json!({"persons": [with_history(json!([record]), json!([]))]});
    let shown = clinic.put("/persons", put).await;
    assert_eq!(shown["persons"][0]["drug_history"][0]["repeat"]["times"], 2);
    assert_eq!(clinic.put("/persons", shown.clone()).await, shown, "what is shown can be put");
    let text = clinic.drugs("1241", &category("2")).await.text();
    assert_eq!(values(&text, "CzDiDate"), ["20251218", "20260117"]);
    assert_eq!(values(&text, "CzPrDate"), ["20251217", "20260116"]);
    assert_eq!(values(&text, "CzPrlsHCd"), [clinic.code.as_str(), clinic.code.as_str()], "without a code it is whoever asks");
    assert_eq!(
        (value(&text, "CzPrlsHNm"), value(&text, "CzDrugN"), value(&text, "CzQua1")),
        (Some("試験医院"), Some("模擬の薬"), Some("0.5"))
    );

    let wrong = async |change: &dyn Fn(&mut Value)| {
        let mut persons = shown.clone();
        change(&mut persons["persons"][0]["drug_history"][0]);
        let problem = clinic.put("/persons", persons).expect_problem(StatusCode::UNPROCESSABLE_ENTITY).await;
        problem["pointer"].as_str().unwrap().to_owned()
    };
    let at = |field: &str| format!("/persons/0/drug_history/0/{field}");
    assert_eq!(wrong(&|record| record["drugs"] = json!([])).await, at("drugs"));
    assert_eq!(wrong(&|record| record["drugs"][0]["code"] = json!("99000000")).await, at("drugs/0/code"));
    assert_eq!(wrong(&|record| record["drugs"][0]["quantity"] = json!("one")).await, at("drugs/0/quantity"));
    assert_eq!(wrong(&|record| record["drugs"][0]["name"] = json!("x".repeat(201))).await, at("drugs/0/name"));
    assert_eq!(wrong(&|record| record["repeat"]["times"] = json!(61)).await, at("repeat/times"));
    assert_eq!(wrong(&|record| record["institution"]["code"] = json!("9940008012")).await, at("institution/code"));
    assert_eq!(wrong(&|record| record["kind"] = json!("paper")).await, at("kind"));
}

#[tokio::test]
async fn check_ups_come_as_a_pdf_or_as_xml_and_have_no_period() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let xml = clinic.checkups(CONSENTING, &category("2")).await;
    let text = xml.text();
    assert_eq!((xml.name.as_str(), value(&text, "ResultCode")), ("TKKsiquc01res_1.xml", Some("1")));
    let person = "<QualificationsInfo><Name>同意　全子</Name><KanasName>ﾄﾞｳｲ ｾﾞﾝｺ</KanasName><Birthday>19770717</Birthday>\
                  <AdministrativeGenderCode>2</AdministrativeGenderCode></QualificationsInfo>";
    assert!(text.contains(person) && text.contains("<ArbitraryFileIdentifier>m &amp; 1</ArbitraryFileIdentifier>"), "{text}");
    assert_eq!(values(&text, "EffectiveTime"), ["20240922", "20250922"]);
    let pdf = clinic.checkups(CONSENTING, &category("1")).await;
    assert_eq!(pdf.name, "TKKsiquc01res_1.pdf");
    assert!(assert_contains_months(&pdf, "収縮期血圧") && assert_contains_months(&pdf, "134 ｍｍＨｇ"));
    let bounded = clinic.checkups(CONSENTING, &(element("StartDate", "202509") + &category("2"))).await.text();
    assert_eq!(values(&bounded, "EffectiveTime").len(), 2, "a period is none of this request's");
    let notes = clinic.last_entry().await["notes"].to_string();
    assert!(notes.contains("/XmlMsg/MessageBody/StartDate"), "{notes}");
}

#[tokio::test]
async fn someone_without_a_history_gets_a_good_answer_without_blocks() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    for answer in [clinic.drugs(WITHOUT_HISTORY, &category("4")).await, clinic.checkups(WITHOUT_HISTORY, &category("2")).await] {
        let text = answer.text();
        assert_eq!((value(&text, "ResultCode"), value(&text, "Name")), (Some("1"), Some("履歴　無子")));
        assert!(text.contains("<MessageBody></MessageBody>"), "{text}");
    }
    let pdf = clinic.drugs(WITHOUT_HISTORY, &category("1")).await;
    assert!(pdf.name.ends_with(".pdf") && assert_contains_months(&pdf, "該当する情報はありません"));
}

#[tokio::test]
async fn an_error_is_xml_with_its_code_and_reason_also_where_a_pdf_was_asked_for() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let pending = mock.clinic(template::PENDING, NOW).await;
    let period = |first: &str, last: &str| element("StartDate", first) + &element("EndDate", last) + &category("1");
    let drugs = [
        (&clinic.code, CONSENTING, category("5"), "MOCK0001E", "\"5\" です。\"1\"、\"2\"、\"3\"、\"4\" のいずれかが必要です"),
        (&clinic.code, CONSENTING, element("PrDiInfClassification", "1"), "MOCK0001E", "FileCategory がありません。\"1\"、"),
        (&clinic.code, CONSENTING, period("202512", "202511"), "MOCK0001E", "EndDate は \"202511\" です。StartDate（202512）以降の年月"),
        (
            &clinic.code,
            CONSENTING,
            period("202513", "202601"),
            "MOCK0001E",
            "StartDate は \"202513\" です。実在する年月（1800〜2200年、YYYYMM）",
        ),
        (&clinic.code, CONSENTING, period("202511", "20260230"), "MOCK0001E", "EndDate は \"20260230\" です"),
        (&clinic.code, CONSENTING, period("2025", "202601"), "MOCK0001E", "StartDate は \"2025\" です"),
        (&clinic.code, REFUSING, category("3"), "MOCK0803E", "同意"),
        (&clinic.code, "9999", category("1"), "MOCK0802E", "該当する方がいないか、複数います"),
        (&pending.code, CONSENTING, category("1"), "MOCK0501E", "再起動"),
    ];
    for (code, number, body, error, reason) in drugs {
        let answer = mock.institution(code).drugs(number, &body).await;
        assert_refused(&answer, "YZK", error, reason);
    }
    for (code, number, body, error, reason) in [
        (&clinic.code, CONSENTING, category("3"), "MOCK0001E", "\"1\"、\"2\" のいずれかが必要です"),
        (&clinic.code, CONSENTING, element("PrDiInfClassification", "1"), "MOCK0001E", "FileCategory がありません"),
        (&clinic.code, REFUSING, category("1"), "MOCK0803E", "同意"),
        (&pending.code, CONSENTING, category("1"), "MOCK0501E", "再起動"),
    ] {
        let answer = mock.institution(code).checkups(number, &body).await;
        assert_refused(&answer, "TKK", error, reason);
    }
    pending.set_profile("silent").await;
    assert_eq!(pending.drugs(CONSENTING, &category("1")).await.status, StatusCode::NO_CONTENT);
}

fn assert_refused(answer: &FileResponse, kind: &str, error: &str, reason: &str) {
    let text = answer.text();
    assert_eq!(answer.name, format!("{kind}siquc01res_1.xml"), "{text}");
    assert_eq!(value(&text, "ResultCode"), Some("9"), "{text}");
    assert!(text.contains("<ArbitraryFileIdentifier>m &amp; 1</ArbitraryFileIdentifier>"), "{text}");
    let contents = value(&text, "MessageContents").unwrap();
    assert!(contents.starts_with(&format!("{error} ")) && contents.contains(reason), "{reason}: {contents}");
    assert!(!text.contains("<Name>") && text.contains("<MessageBody></MessageBody>"), "nothing of anyone is told: {text}");
}

#[tokio::test]
async fn what_a_patient_answers_at_the_reader_counts_for_a_day_over_what_they_always_do() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let present = async |person: &str, answer: &str| {
        let consents = json!({"pharmacists": answer, "specific_health_checkups": answer});
        clinic.present(json!({"person": person, "consents": consents})).await
    };
    let codes = async |number: &str| {
        let [drugs, checkups] = [clinic.drugs(number, &category("2")).await.text(), clinic.checkups(number, &category("2")).await.text()];
        [value(&drugs, "ResultCode").unwrap().to_owned(), value(&checkups, "ResultCode").unwrap().to_owned()]
    };
    assert_eq!((codes("1242").await, codes(CONSENTING).await), (["9", "9"].map(str::to_owned), ["1", "1"].map(str::to_owned)));
    present("consents-mixed", "given").await;
    present("consents-given", "refused").await;
    assert_eq!((codes("1242").await, codes(CONSENTING).await), (["1", "1"].map(str::to_owned), ["9", "9"].map(str::to_owned)));
    let entry = clinic.last_entry().await;
    assert!(entry["why"]["ja"].as_str().unwrap().contains("specific_health_checkups"), "{entry}");
    clinic.advance_by("PT24H").await;
    assert_eq!((codes("1242").await, codes(CONSENTING).await), (["9", "9"].map(str::to_owned), ["1", "1"].map(str::to_owned)));
}
