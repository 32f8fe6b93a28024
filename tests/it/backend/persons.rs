//! Persons of an institution's own, in place of the fixtures'.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::request_files::{DATE, card, element, info, message, value};
use crate::support::{Clinic, Mock, frozen, inquiry, template};

/// One person whose card is that of the plainest one of docs/persons.md, under another insurer.
fn hanako() -> Value {
    json!({
        "id": "hanako", "name": "試験　花子", "name_kana": "ｼｹﾝ ﾊﾅｺ", "sex": "female", "birthdate": "1991-02-03",
        "qualifications": [{
            "card": "01", "insurer_number": "06990022", "insurer_name": "架空健康保険組合", "symbol": "77", "number": "7001", "branch": "01",
            "from": "2020-04-01", "expires": "today+100"}]})
}

fn hanakos_inquiry(code: &str) -> Value {
    let mut asked = inquiry(code);
    asked["XmlMsg"]["MessageBody"]["QualificationConfirmSearchInfo"] = json!({
        "InsurerNumber": "06990022", "InsuredCardSymbol": "77", "InsuredIdentificationNumber": "7001", "InsuredBranchNumber": "01",
        "Birthdate": "19910203", "LimitApplicationCertificateRelatedConsFlg": "0"});
    asked
}

async fn validity_of_hanako(clinic: &Clinic<'_>) -> Value {
    clinic.mock.receipt_computer().search(&hanakos_inquiry(&clinic.code)).await.validity().clone()
}

#[tokio::test]
async fn an_institution_with_persons_of_its_own_knows_them_and_nobody_else() {
    let mock = Mock::start().await;
    let clinic = mock.clinic_with(json!({"template": template::UP_TO_DATE, "persons": [hanako()]})).await;
    assert_eq!(validity_of_hanako(&clinic).await, "1");
    clinic.check().await.note("the fixtures' persons are unknown here").expect_validity("4");
    assert_eq!(validity_of_hanako(&mock.institution(template::UP_TO_DATE)).await, "4", "and hers elsewhere");
    let shown = clinic.show().await;
    assert_eq!(shown["own_persons"], true);
}

#[tokio::test]
async fn what_is_shown_can_be_put_and_null_or_delete_goes_back_to_the_fixtures() {
    let mock = Mock::start().await;
    let clinic = mock.institution(template::UP_TO_DATE);
    let of_fixtures = clinic.get("/persons").await;
    assert!(of_fixtures["persons"].as_array().unwrap().len() > 40);
    assert_eq!(clinic.put("/persons", of_fixtures.clone()).await, of_fixtures);
    clinic.check().await.expect_qualified();
    let put = clinic.put("/persons", json!({"persons": [hanako()]})).await;
    assert_eq!(put["persons"][0]["qualifications"][0]["expires"], "today+100");
    clinic.check().await.expect_validity("4");
    assert_eq!(clinic.put("/persons", json!({"persons": null})).await, of_fixtures);
    clinic.check().await.expect_qualified();
    clinic.put("/persons", json!({"persons": []})).await;
    clinic.check().await.expect_validity("4");
    clinic.delete("/persons").await;
    clinic.check().await.expect_qualified();
}

#[tokio::test]
async fn dates_of_own_persons_move_with_the_institutions_today_and_a_reset_brings_them_back() {
    let mock = Mock::start().await;
    let mut hanako = hanako();
    hanako["qualifications"][0]["lost"] = json!("2026-02-01");
    let clock = frozen("2026-01-20T09:00:00+09:00");
    let clinic = mock.clinic_with(json!({"template": template::UP_TO_DATE, "clock": clock, "persons": [hanako]})).await;
    clinic.put("/persons", json!({"persons": []})).await;
    assert_eq!(validity_of_hanako(&clinic).await, "4");
    clinic.reset().await;
    assert_eq!(validity_of_hanako(&clinic).await, "1");
}

#[tokio::test]
async fn each_mistake_in_a_person_is_named_by_its_place() {
    let mock = Mock::start().await;
    let put = async |change: &dyn Fn(&mut Value)| {
        let mut persons = json!([hanako()]);
        change(&mut persons);
        let problem = mock
            .institution(template::UP_TO_DATE)
            .put("/persons", json!({"persons": persons}))
            .expect_problem(StatusCode::UNPROCESSABLE_ENTITY)
            .await;
        (problem["pointer"].as_str().unwrap().to_owned(), problem["detail_en"].as_str().unwrap().to_owned())
    };
    let digit = put(&|persons| persons[0]["qualifications"][0]["insurer_number"] = json!("06990023")).await;
    assert_eq!(digit.0, "/persons/0/qualifications/0/insurer_number");
    assert!(digit.1.contains("the last digit would be 2"), "{}", digit.1);
    assert_eq!(put(&|persons| persons[0]["nam"] = json!("x")).await.0, "/persons/0/nam");
    assert_eq!(put(&|persons| persons[0]["name"] = json!("")).await.0, "/persons/0/name");
    assert_eq!(put(&|persons| persons[0]["name"] = json!("a\u{0}b")).await.0, "/persons/0/name");
    assert_eq!(put(&|persons| persons[0]["birthdate"] = json!("0001-01-01")).await.0, "/persons/0/birthdate");
    assert_eq!(put(&|persons| persons[0]["qualifications"][0]["from"] = json!("tomorrow")).await.0, "/persons/0/qualifications/0/from");
    assert_eq!(
        put(&|persons| persons[0]["qualifications"][0]["unregistered"] = json!(true)).await.0,
        "/persons/0/qualifications/0/unregistered"
    );
    assert_eq!(put(&|persons| persons.as_array_mut().unwrap().push(hanako())).await.0, "/persons/1/id");
    let many: Vec<Value> = (0..201).map(|_| hanako()).collect();
    assert_eq!(put(&|persons| *persons = json!(many)).await.0, "/persons");
    mock.institution(template::UP_TO_DATE).put("/persons", json!({})).expect_unprocessable("/persons").await;
    mock.post("/v1/institutions", json!({"template": template::UP_TO_DATE, "persons": {}})).expect_unprocessable("/persons").await;
}

#[tokio::test]
async fn a_card_at_the_reader_and_bulk_checks_look_up_own_persons() {
    let mock = Mock::start().await;
    let clinic = mock.clinic_with(json!({"template": template::UP_TO_DATE, "persons": [hanako()]})).await;
    let seen = clinic.present(json!({"person": "hanako"})).await;
    assert_eq!(seen["outcome"]["kind"], "face_result", "{seen}");
    assert!(seen["file"]["text"].as_str().unwrap().contains("試験　花子"));
    let unknown = clinic.present(json!({"person": "valid"})).expect_problem(StatusCode::UNPROCESSABLE_ENTITY).await;
    assert_eq!(unknown["expected"], "hanako (試験　花子)");

    clinic.set_terminal(json!({"linkage": {"bulk_time": "PT0S"}})).await;
    let asked = info(&card("06990022", "77", "7001", "01"), "19910203", "0");
    let taken = clinic.file("OQSmuquc01req_1.xml", message(&clinic.code, DATE, &asked)).await.text();
    let number = element("ReceptionNumber", value(&taken, "ReceptionNumber").unwrap());
    let answer_text = clinic.file("OQSmuquc02req_1.xml", message(&clinic.code, "", &number)).await.text();
    assert_eq!((value(&answer_text, "Name"), value(&answer_text, "QualificationValidity")), (Some("試験　花子"), Some("1")));
}
