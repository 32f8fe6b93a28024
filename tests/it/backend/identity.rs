//! Who is asking: the terminal's certificate, the token, the request. They have to agree.

use rcgen::{CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use reqwest::{Client, Identity, StatusCode};
use serde_json::{Value, json};

use crate::support::template::PHARMACY;
use crate::support::{Clinic, Mock, ReceiptComputer, template, trusting};

const RESTART_REQUIRED: &str = "MOCK0501E";
const CONTRADICTION: &str = "MOCK0103E";
const UNKNOWN: &str = "MOCK0102E";

/// A client that presents a certificate.
pub(crate) fn presenting(mock: &Mock, certificate_pem: &str, private_key_pem: &str) -> Client {
    let identity = Identity::from_pem(format!("{private_key_pem}{certificate_pem}").as_bytes()).unwrap();
    trusting(&mock.ca_pem).identity(identity).build().unwrap()
}

/// A receipt computer that presents a terminal's certificate, made by the control surface.
pub(crate) async fn certified<'m>(clinic: &Clinic<'m>, terminal: &str) -> ReceiptComputer<'m> {
    let made = clinic.post(&format!("/terminals/{terminal}/certificate"), Value::Null).await;
    let client = presenting(clinic.mock, made["certificate_pem"].as_str().unwrap(), made["private_key_pem"].as_str().unwrap());
    clinic.mock.receipt_computer().presenting(client)
}

/// One whose certificate names a terminal of ours, but is another CA's.
pub(crate) fn certified_by_another_ca<'m>(clinic: &Clinic<'m>, terminal: &str) -> ReceiptComputer<'m> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "another CA");
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::OrganizationName, &clinic.code);
    params.distinguished_name.push(DnType::CommonName, format!("{clinic}-{terminal}"));
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    clinic.mock.receipt_computer().presenting(presenting(clinic.mock, &certificate.pem(), &key.serialize_pem()))
}

#[tokio::test]
async fn a_certificate_names_institution_and_terminal() {
    let mock = Mock::start().await;
    let t1 = certified(&mock.institution(PHARMACY), "T1").await;
    t1.check(PHARMACY).await.expect_qualified();
    assert_eq!(mock.institution(PHARMACY).last_entry().await["terminal"], "T1");
    let t2 = certified(&mock.institution(PHARMACY), "T2").await;
    t2.check(PHARMACY).await.expect_error(RESTART_REQUIRED);
    assert_eq!(mock.institution(PHARMACY).last_entry().await["terminal"], "T2");
    mock.institution(PHARMACY).check().await.note("without a certificate it is the default terminal").expect_qualified();
}

#[tokio::test]
async fn a_login_may_name_the_terminal_in_a_field_of_its_own() {
    let mock = Mock::start().await;
    let token = mock.login(json!({"userId": PHARMACY, "terminal": "T2"})).await;
    mock.receipt_computer().with_token(&token).check(PHARMACY).await.expect_error(RESTART_REQUIRED);
}

#[tokio::test]
async fn a_login_with_a_certificate_gives_a_token_that_names_the_terminal() {
    let mock = Mock::start().await;
    let t2 = certified(&mock.institution(PHARMACY), "T2").await;
    let granted = t2.login(json!({"anything": "at all"})).await;
    assert_eq!(granted.status, StatusCode::OK);
    let result = granted.body["result"].as_object().unwrap();
    assert_eq!(result.keys().collect::<Vec<_>>(), ["accessToken", "idToken", "linkSysCharCd", "refreshToken"]);
    assert!(result.values().all(|value| value.as_str().is_some_and(|text| !text.is_empty())));
    let entry = mock.institution(PHARMACY).last_entry().await;
    assert_eq!((&entry["operation"], &entry["terminal"], &entry["outcome"]), (&json!("login"), &json!("T2"), &json!("answered")));
    let token = result["idToken"].as_str().unwrap();
    mock.receipt_computer()
        .with_token(token)
        .check(PHARMACY)
        .await
        .note("the token alone, as real clients search")
        .expect_error(RESTART_REQUIRED);
}

#[tokio::test]
async fn a_login_names_institution_and_terminal_in_any_field() {
    let mock = Mock::start().await;
    for (fields, code) in [
        (json!({"userId": PHARMACY, "password": "x"}), &json!(null)),
        (json!({"whatever": "9940000018-T1"}), &json!(null)),
        (json!({"a": 1, "b": null, "c": ["x"], "z": "9940000018-T2"}), &json!(RESTART_REQUIRED)),
        (json!({"user": PHARMACY, "terminal": "9940000018-T2"}), &json!(RESTART_REQUIRED)),
        (json!({"terminal": "9940000018-T2", "user": PHARMACY}), &json!(RESTART_REQUIRED)),
    ] {
        let token = mock.login(fields.clone()).await;
        assert_eq!(mock.receipt_computer().with_token(&token).check(PHARMACY).await.error_code(), code, "{fields}");
    }
}

#[tokio::test]
async fn an_anonymous_login_leaves_it_to_the_institution_code_and_the_journal_says_so() {
    let mock = Mock::start().await;
    let granted = mock.receipt_computer().login(json!({"user": "someone"})).await;
    let stray = mock.get("/v1/journal?limit=1").await["entries"][0].clone();
    assert_eq!(stray["id"], granted.journal);
    assert!(stray["notes"][0]["ja"].as_str().unwrap().contains("MedicalInstitutionCode"), "{stray}");
    let token = granted.id_token().to_owned();
    mock.receipt_computer().with_token(&token).check("9910000018").await.expect_qualified();
    mock.receipt_computer().with_token(&token).check("9910000026").await.expect_error(RESTART_REQUIRED);
}

#[tokio::test]
async fn a_login_with_a_code_whose_check_digit_is_wrong_is_suspicious_and_the_journal_says_so() {
    let mock = Mock::start().await;
    for (value, is_mistyped) in [("9910000019", true), ("9910000019-T1", true), ("0322345678", false), ("9910000018", false)] {
        let answer = mock.receipt_computer().login(json!({"userId": value})).await;
        assert_eq!(answer.body["status"], "200", "{value}");
        let of = if value == "9910000018" { "/v1/institutions/9910000018/journal" } else { "/v1/journal" };
        let entry = mock.get(&format!("{of}?limit=1")).await["entries"][0].clone();
        assert_eq!(entry["id"], answer.journal);
        let says_so = entry["notes"].to_string().contains("チェックディジットだけが合わない");
        assert!(says_so == is_mistyped && !entry["notes"].to_string().contains(value), "{value}: {entry}");
    }
}

#[tokio::test]
async fn a_check_without_a_token_is_taken_under_lenient_login_and_the_journal_says_so() {
    let mock = Mock::start().await;
    mock.institution(template::UP_TO_DATE).check().await.expect_qualified();
    let entry = mock.institution(template::UP_TO_DATE).last_entry().await;
    assert!(entry["notes"][0]["ja"].as_str().unwrap().contains("idToken が必要です"), "{entry}");
}

#[tokio::test]
async fn whoever_contradicts_is_refused_and_told_who_said_what() {
    let mock = Mock::start().await;
    let certified = certified(&mock.institution(PHARMACY), "T1").await;
    let other = mock.login(json!({"user": "9910000018"})).await;
    let own = mock.login(json!({"user": PHARMACY})).await;
    let t2 = mock.login(json!({"user": "9940000018-T2"})).await;
    for (computer, code, words) in [
        (certified.clone(), "9910000018", ["証明書は 9940000018-T1", "要求は 9910000018"]),
        (mock.receipt_computer().with_token(&own), "9910000018", ["トークンは 9940000018", "要求は 9910000018"]),
        (certified.with_token(&other), PHARMACY, ["証明書は 9940000018-T1", "トークンは 9910000018"]),
        (certified.with_token(&t2), PHARMACY, ["証明書は 9940000018-T1", "トークンは 9940000018-T2"]),
    ] {
        let refused = computer.check(code).await;
        refused.note(format_args!("{words:?}")).expect_error(CONTRADICTION);
        for words in words {
            refused.expect_message(words);
        }
    }
    certified.with_token(&own).check(PHARMACY).await.note("all three agree").expect_qualified();
}

#[tokio::test]
async fn a_login_that_contradicts_itself_or_its_certificate_is_refused() {
    let mock = Mock::start().await;
    let certified = certified(&mock.institution(PHARMACY), "T1").await;
    for (computer, fields) in [
        (certified.clone(), json!({"user": "9910000018"})),
        (certified.clone(), json!({"user": "9940000018-T2"})),
        (mock.receipt_computer(), json!({"user": "9910000018", "other": "9910000026"})),
        (mock.receipt_computer(), json!({"user": "9940000018-T1", "other": "9940000018-T2"})),
    ] {
        let refused = computer.login(fields.clone()).await;
        assert_eq!((refused.status, &refused.body["status"]), (StatusCode::FORBIDDEN, &json!(CONTRADICTION)), "{fields}");
        assert_eq!(refused.body["result"], json!({}));
    }
}

#[tokio::test]
async fn a_certificate_or_token_speaks_for_its_own_terminal_only_on_delivery_routes() {
    let mock = Mock::start().await;
    let certified = certified(&mock.institution(PHARMACY), "T1").await;
    let token = mock.login(json!({"user": "9940000018-T1"})).await;
    for route in ["updates", "results"] {
        for (path, code) in
            [("9940000018-T1", &Value::Null), ("9940000018-T2", &json!(CONTRADICTION)), ("9910000018-T1", &json!(CONTRADICTION))]
        {
            let path = format!("/delivery/v1/terminals/{path}/{route}");
            let answer = certified.get(&path).await;
            assert_eq!(&answer.body["code"], code, "by certificate: {path}");
            let answer = mock.receipt_computer().with_token(&token).get(&path).await;
            assert_eq!(&answer.body["code"], code, "by token: {path}");
        }
    }
    let notices = certified.get("/notices/v1?institution=9910000018").await;
    assert_eq!((notices.status, &notices.body["code"]), (StatusCode::FORBIDDEN, &json!(CONTRADICTION)));
}

#[tokio::test]
async fn an_institution_or_terminal_that_does_not_exist_is_named() {
    let mock = Mock::start().await;
    let refused = mock.institution("9910000083").check().await;
    refused.expect_error(UNKNOWN).expect_message("9910000083");
    let stray = mock.get("/v1/journal?limit=1").await["entries"][0].clone();
    assert_eq!(stray["id"], refused.journal, "what fits no institution is journalled as a stray");

    let refused = mock.receipt_computer().login(json!({"user": "9910000018-T9"})).await;
    assert_eq!((refused.status, &refused.body["status"]), (StatusCode::NOT_FOUND, &json!(UNKNOWN)));
    assert!(refused.body["msg"].as_str().unwrap().contains("端末 T9"), "{}", refused.body);
    for id in ["9910000083-T1", "9910000018-T9"] {
        let refused = mock.ask(&format!("/delivery/v1/terminals/{id}/updates")).await;
        assert_eq!((refused.status, &refused.body["code"]), (StatusCode::NOT_FOUND, &json!(UNKNOWN)), "{id}");
    }
}

#[tokio::test]
async fn the_certificate_of_a_terminal_that_is_gone_is_refused() {
    let mock = Mock::start().await;
    let t2 = certified(&mock.institution(PHARMACY), "T2").await;
    mock.institution(PHARMACY).delete("/terminals/T2").await;
    t2.check(PHARMACY).await.expect_error(UNKNOWN);
    let refused = t2.login(json!({})).await;
    assert_eq!(refused.body["status"], UNKNOWN);
}

#[tokio::test]
async fn a_certificate_of_another_ca_counts_as_none_and_the_journal_notes_it() {
    let mock = Mock::start().await;
    let client = certified_by_another_ca(&mock.institution(PHARMACY), "T2");
    client.check(PHARMACY).await.note("as the default terminal, not as T2").expect_qualified();
    let entry = mock.institution(PHARMACY).last_entry().await;
    let noted = entry["notes"].as_array().unwrap().iter().any(|note| note["ja"].as_str().unwrap().contains("無視しました"));
    assert!(noted, "{entry}");
    client.check("9910000018").await.note("so it contradicts nothing").expect_qualified();
}
