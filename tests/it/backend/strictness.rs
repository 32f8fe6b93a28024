//! What the settings for login and certificates refuse, and in which order refusals come.

use onshi_mock::policy::{ClientAuthPolicy, LoginPolicy};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::backend::identity::{certified, certified_by_another_ca};
use crate::support::{LOGIN, Mock, frozen, inquiry, template};

const CERTIFICATE_REQUIRED: &str = "MOCK0104E";

async fn strict() -> Mock {
    Mock::start_with(|config| config.login = LoginPolicy::Strict).await
}

#[tokio::test]
async fn required_certificates_are_required_for_login_and_delivery_and_never_for_a_check() {
    let mock = Mock::start_with(|config| config.client_auth = ClientAuthPolicy::Required).await;
    let clinic = mock.clinic(template::EXTERNAL, "2026-01-19T21:00:00+09:00").await;
    let ours = certified(&clinic, "T1").await;
    let foreign = certified_by_another_ca(&clinic, "T1");
    let package = "/delivery/v1/packages/2026-01/distribution_application/5.3.0";
    let requests = [
        (Method::POST, LOGIN.to_owned()),
        (Method::GET, format!("/delivery/v1/terminals/{clinic}-T1/updates")),
        (Method::GET, format!("/delivery/v1/terminals/{clinic}-T1/results")),
        (Method::POST, format!("/delivery/v1/terminals/{clinic}-T1/reports")),
        (Method::GET, format!("{package}?terminal={clinic}-T1")),
        (Method::GET, package.to_owned()),
    ];
    let report = json!({"state": "downloading", "component": "distribution_application", "version": "5.3.0"});
    for (method, path) in requests {
        for computer in [&mock.receipt_computer(), &foreign] {
            let refused = mock.send(computer.request(method.clone(), &path).json(&report)).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
            let code = if path == LOGIN { &refused.body["status"] } else { &refused.body["code"] };
            assert_eq!(code, CERTIFICATE_REQUIRED, "{path}");
        }
        let served = ours.request(method, &path).json(&report).send().await.unwrap();
        assert_eq!(served.status(), StatusCode::OK, "{path}");
    }
    clinic.check().await.note("real clients search without one").expect_qualified();
}

#[tokio::test]
async fn where_certificates_are_off_none_is_asked_for() {
    let mock = Mock::start_with(|config| config.client_auth = ClientAuthPolicy::Off).await;
    let t2 = certified(&mock.institution(template::PHARMACY), "T2").await;
    let answer = t2.check("9940000018").await;
    answer.note("the default terminal asks, since nobody looked at the certificate").expect_qualified();
}

#[tokio::test]
async fn strict_login_wants_an_institutions_credentials() {
    let mock = strict().await;
    let granted = mock.receipt_computer().login(json!({"userId": "9910000018", "password": "onshi-mock", "more": 1})).await;
    let token = granted.id_token().to_owned();
    mock.receipt_computer().with_token(&token).check("9910000018").await.expect_qualified();
    for fields in [
        json!({}),
        json!({"userId": "9910000018"}),
        json!({"userId": "9910000018", "password": "wrong"}),
        json!({"userId": "9910000018", "password": true}),
        json!({"userId": "nobody", "password": "onshi-mock"}),
        json!({"user": "9910000018", "pass": "onshi-mock"}),
        json!({"userId": "", "password": ""}),
    ] {
        let refused = mock.receipt_computer().login(fields.clone()).await;
        assert_eq!((refused.status, &refused.body["status"]), (StatusCode::UNAUTHORIZED, &json!("MOCK0201E")), "{fields}");
        assert!(refused.body["msg"].as_str().unwrap().contains("userId と password"), "{}", refused.body);
    }
}

#[tokio::test]
async fn a_created_institution_says_what_it_logs_in_with() {
    let mock = strict().await;
    let created = mock.post("/v1/institutions", json!({"template": template::UP_TO_DATE})).await;
    let granted = mock.receipt_computer().login(created["login"].clone()).await;
    let token = granted.id_token().to_owned();
    mock.receipt_computer().with_token(&token).check(created["code"].as_str().unwrap()).await.expect_qualified();
}

#[tokio::test]
async fn strict_login_takes_a_certificate_in_place_of_credentials() {
    let mock = strict().await;
    let t2 = certified(&mock.institution(template::PHARMACY), "T2").await;
    let granted = t2.login(json!({})).await;
    let token = granted.id_token().to_owned();
    mock.receipt_computer().with_token(&token).check("9940000018").await.note("T2 is pending").expect_error("MOCK0501E");
}

#[tokio::test]
async fn under_strict_login_a_check_needs_its_token_and_the_institution_code_is_not_enough() {
    let mock = strict().await;
    mock.institution(template::UP_TO_DATE).check().await.expect_error("MOCK0202E");
    let certified = certified(&mock.institution(template::UP_TO_DATE), "T1").await;
    let refused = certified.check("9910000018").await;
    refused.note("a certificate says who, but is no token").expect_error("MOCK0202E");
    for path in ["/delivery/v1/terminals/9910000018-T1/updates", "/notices/v1?institution=9910000018"] {
        let refused = mock.ask(path).await;
        assert_eq!((refused.status, &refused.body["code"]), (StatusCode::UNAUTHORIZED, &json!("MOCK0101E")), "{path}");
        let served = certified.get(path).await;
        assert_eq!(served.status, StatusCode::OK, "{path}");
    }
}

/// Every fault at once, then one after the other put right.
#[tokio::test]
async fn refusals_come_in_order_malformed_identity_token_power_start_pending_inquiry() {
    let mock = Mock::start().await;
    let clock = frozen("2026-01-20T09:00:00+09:00");
    let terminals = json!({"T1": {"stuck": true, "boot_time": "PT5M"}});
    let clinic = mock.clinic_with(json!({"template": template::STUCK, "clock": clock, "terminals": terminals})).await;
    let token = mock.login(json!({"user": clinic.code})).await;
    clinic.power(false).await;
    clinic.advance_by("PT25H").await;
    let mut body = inquiry("9910000018");
    body["XmlMsg"]["MessageBody"]["QualificationConfirmSearchInfo"]["Birthdate"] = json!("1980-05-17");
    body["XmlMsg"]["MessageBody"]["QualificationConfirmSearchInfo"]["InsuredIdentificationNumber"] = json!("9999999");

    mock.receipt_computer().with_token(&token).search(&body).await.note("malformed").expect_error("MOCK0001E");
    body["XmlMsg"]["MessageBody"]["QualificationConfirmSearchInfo"]["Birthdate"] = json!("19800517");
    mock.receipt_computer().with_token(&token).search(&body).await.note("identity").expect_error("MOCK0103E");
    body["XmlMsg"]["MessageHeader"]["MedicalInstitutionCode"] = json!(clinic.code);
    mock.receipt_computer().with_token(&token).search(&body).await.note("token").expect_error("MOCK0204E");
    let token = mock.login(json!({"user": clinic.code})).await;
    mock.receipt_computer().with_token(&token).search(&body).await.note("powered off").expect_error("MOCK0301E");
    clinic.power(true).await;
    mock.receipt_computer().with_token(&token).search(&body).await.note("booting").expect_error("MOCK0302E");
    clinic.advance_by("PT5M").await;
    mock.receipt_computer().with_token(&token).search(&body).await.note("pending, and the boot did not help").expect_error("MOCK0502E");
    clinic.set_terminal(json!({"stuck": false})).await;
    clinic.restart().await;
    clinic.advance_by("PT5M").await;
    mock.receipt_computer().with_token(&token).search(&body).await.note("the inquiry: nobody has that number").expect_validity("4");
    body["XmlMsg"]["MessageBody"]["QualificationConfirmSearchInfo"]["InsuredIdentificationNumber"] = json!("1001");
    mock.receipt_computer().with_token(&token).search(&body).await.expect_qualified();
}
