//! What the settings for login and certificates refuse, and in which order refusals come.

use onshi_mock::policy::{ClientAuthPolicy, LoginPolicy};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::identity::{client_of, client_of_another_ca};
use crate::support::{Answer, LOGIN, Mock, SEARCH, inquiry};

const CERTIFICATE_REQUIRED: &str = "MOCK0104E";

async fn strict() -> Mock {
    Mock::start_with(|config| config.login = LoginPolicy::Strict).await
}

async fn login(mock: &Mock, fields: Value) -> Answer {
    mock.send(mock.backend(Method::POST, LOGIN).json(&fields)).await
}

async fn check(mock: &Mock, token: &str, body: &Value) -> Answer {
    mock.send(mock.backend(Method::POST, SEARCH).header("authorization", token).json(body)).await
}

#[tokio::test]
async fn required_certificates_are_required_for_login_and_delivery_and_never_for_a_check() {
    let mock = Mock::start_with(|config| config.client_auth = ClientAuthPolicy::Required).await;
    let code = mock.create("9910000034", "2026-01-19T21:00:00+09:00").await;
    let ours = client_of(&mock, &code, "T1").await;
    let foreign = client_of_another_ca(&mock, &code, "T1");
    let package = "/delivery/v1/packages/2026-01/distribution_application/5.3.0";
    let requests = [
        (Method::POST, LOGIN.to_owned()),
        (Method::GET, format!("/delivery/v1/terminals/{code}-T1/updates")),
        (Method::GET, format!("/delivery/v1/terminals/{code}-T1/results")),
        (Method::POST, format!("/delivery/v1/terminals/{code}-T1/reports")),
        (Method::GET, format!("{package}?terminal={code}-T1")),
        (Method::GET, package.to_owned()),
    ];
    let report = json!({"state": "downloading", "component": "distribution_application", "version": "5.3.0"});
    for (method, path) in requests {
        let url = format!("https://{}{path}", mock.backend);
        for client in [&mock.client, &foreign] {
            let refused = mock.send(client.request(method.clone(), &url).json(&report)).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
            let code = if path == LOGIN { &refused.body["status"] } else { &refused.body["code"] };
            assert_eq!(code, CERTIFICATE_REQUIRED, "{path}");
        }
        let served = ours.request(method, &url).json(&report).send().await.unwrap();
        assert_eq!(served.status(), StatusCode::OK, "{path}");
    }
    assert_eq!(mock.check(&code).await.validity(), "1", "real clients search without one");
}

#[tokio::test]
async fn where_certificates_are_off_none_is_asked_for() {
    let mock = Mock::start_with(|config| config.client_auth = ClientAuthPolicy::Off).await;
    let t2 = client_of(&mock, "9940000018", "T2").await;
    let answer = mock.send(t2.post(format!("https://{}{SEARCH}", mock.backend)).json(&inquiry("9940000018"))).await;
    assert_eq!(answer.validity(), "1", "the default terminal asks, since nobody looked at the certificate");
}

#[tokio::test]
async fn strict_login_wants_an_institutions_credentials() {
    let mock = strict().await;
    let granted = login(&mock, json!({"userId": "9910000018", "password": "onshi-mock", "more": 1})).await;
    let token = granted.body["result"]["idToken"].as_str().unwrap().to_owned();
    assert_eq!(check(&mock, &token, &inquiry("9910000018")).await.validity(), "1");
    for fields in [
        json!({}),
        json!({"userId": "9910000018"}),
        json!({"userId": "9910000018", "password": "wrong"}),
        json!({"userId": "9910000018", "password": true}),
        json!({"userId": "nobody", "password": "onshi-mock"}),
        json!({"user": "9910000018", "pass": "onshi-mock"}),
        json!({"userId": "", "password": ""}),
    ] {
        let refused = login(&mock, fields.clone()).await;
        assert_eq!((refused.status, &refused.body["status"]), (StatusCode::UNAUTHORIZED, &json!("MOCK0201E")), "{fields}");
        assert!(refused.body["msg"].as_str().unwrap().contains("userId と password"), "{}", refused.body);
    }
}

#[tokio::test]
async fn a_created_institution_says_what_it_logs_in_with() {
    let mock = strict().await;
    let created = mock.set(Method::POST, "/v1/institutions", json!({"template": "9910000018"})).await;
    let granted = login(&mock, created["login"].clone()).await;
    let token = granted.body["result"]["idToken"].as_str().unwrap().to_owned();
    assert_eq!(check(&mock, &token, &inquiry(created["code"].as_str().unwrap())).await.validity(), "1");
}

#[tokio::test]
async fn strict_login_takes_a_certificate_in_place_of_credentials() {
    let mock = strict().await;
    let t2 = client_of(&mock, "9940000018", "T2").await;
    let granted = mock.send(t2.post(format!("https://{}{LOGIN}", mock.backend)).json(&json!({}))).await;
    let token = granted.body["result"]["idToken"].as_str().unwrap().to_owned();
    assert_eq!(check(&mock, &token, &inquiry("9940000018")).await.error_code(), "MOCK0501E", "T2 is pending");
}

#[tokio::test]
async fn under_strict_login_a_check_needs_its_token_and_the_institution_code_is_not_enough() {
    let mock = strict().await;
    let refused = mock.check("9910000018").await;
    assert_eq!(refused.error_code(), "MOCK0202E");
    let certified = client_of(&mock, "9910000018", "T1").await;
    let refused = mock.send(certified.post(format!("https://{}{SEARCH}", mock.backend)).json(&inquiry("9910000018"))).await;
    assert_eq!(refused.error_code(), "MOCK0202E", "a certificate says who, but is no token");
    for path in ["/delivery/v1/terminals/9910000018-T1/updates", "/notices/v1?institution=9910000018"] {
        let refused = mock.send(mock.backend(Method::GET, path)).await;
        assert_eq!((refused.status, &refused.body["code"]), (StatusCode::UNAUTHORIZED, &json!("MOCK0101E")), "{path}");
        let served = mock.send(certified.get(format!("https://{}{path}", mock.backend))).await;
        assert_eq!(served.status, StatusCode::OK, "{path}");
    }
}

/// Every fault at once, then one after the other put right.
#[tokio::test]
async fn refusals_come_in_order_malformed_identity_token_power_start_pending_inquiry() {
    let mock = Mock::start().await;
    let clock = json!({"mode": "frozen", "now": "2026-01-20T09:00:00+09:00"});
    let terminals = json!({"T1": {"stuck": true, "boot_time": "PT5M"}});
    let code = mock.create_with(json!({"template": "9910000042", "clock": clock, "terminals": terminals})).await;
    let clock = format!("/v1/institutions/{code}/clock/advance");
    let token = mock.login(json!({"user": code})).await;
    mock.act(&code, "T1", "power", json!({"on": false})).await;
    mock.set(Method::POST, &clock, json!({"by": "PT25H"})).await;
    let mut body = inquiry("9910000018");
    body["XmlMsg"]["MessageBody"]["QualificationConfirmSearchInfo"]["Birthdate"] = json!("1980-05-17");
    body["XmlMsg"]["MessageBody"]["QualificationConfirmSearchInfo"]["InsuredIdentificationNumber"] = json!("9999999");

    assert_eq!(check(&mock, &token, &body).await.error_code(), "MOCK0001E", "malformed");
    body["XmlMsg"]["MessageBody"]["QualificationConfirmSearchInfo"]["Birthdate"] = json!("19800517");
    assert_eq!(check(&mock, &token, &body).await.error_code(), "MOCK0103E", "identity");
    body["XmlMsg"]["MessageHeader"]["MedicalInstitutionCode"] = json!(code);
    assert_eq!(check(&mock, &token, &body).await.error_code(), "MOCK0204E", "token");
    let token = mock.login(json!({"user": code})).await;
    assert_eq!(check(&mock, &token, &body).await.error_code(), "MOCK0301E", "powered off");
    mock.act(&code, "T1", "power", json!({"on": true})).await;
    assert_eq!(check(&mock, &token, &body).await.error_code(), "MOCK0302E", "booting");
    mock.set(Method::POST, &clock, json!({"by": "PT5M"})).await;
    assert_eq!(check(&mock, &token, &body).await.error_code(), "MOCK0502E", "pending, and the boot did not help");
    mock.set(Method::PATCH, &format!("/v1/institutions/{code}/terminals/T1"), json!({"stuck": false})).await;
    mock.act(&code, "T1", "restart", Value::Null).await;
    mock.set(Method::POST, &clock, json!({"by": "PT5M"})).await;
    assert_eq!(check(&mock, &token, &body).await.validity(), "4", "the inquiry: nobody has that number");
    body["XmlMsg"]["MessageBody"]["QualificationConfirmSearchInfo"]["InsuredIdentificationNumber"] = json!("1001");
    assert_eq!(check(&mock, &token, &body).await.validity(), "1");
}
