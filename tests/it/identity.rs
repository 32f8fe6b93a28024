//! Who is asking: the terminal's certificate, the token, the request. They have to agree.

use rcgen::{CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use reqwest::{Client, Identity, Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, LOGIN, Mock, SEARCH, inquiry, trusting};

const RESTART_REQUIRED: &str = "MOCK0501E";
const CONTRADICTION: &str = "MOCK0103E";
const UNKNOWN: &str = "MOCK0102E";
const PHARMACY: &str = "9940000018";

/// A client that presents a certificate.
pub(crate) fn presenting(mock: &Mock, certificate_pem: &str, private_key_pem: &str) -> Client {
    let identity = Identity::from_pem(format!("{private_key_pem}{certificate_pem}").as_bytes()).unwrap();
    trusting(&mock.ca_pem).identity(identity).build().unwrap()
}

/// A client that presents a terminal's certificate, made by the control surface.
pub(crate) async fn client_of(mock: &Mock, code: &str, terminal: &str) -> Client {
    let made = mock.act(code, terminal, "certificate", Value::Null).await;
    presenting(mock, made["certificate_pem"].as_str().unwrap(), made["private_key_pem"].as_str().unwrap())
}

/// A client whose certificate names a terminal of ours, but is another CA's.
pub(crate) fn client_of_another_ca(mock: &Mock, code: &str, terminal: &str) -> Client {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "another CA");
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::OrganizationName, code);
    params.distinguished_name.push(DnType::CommonName, format!("{code}-{terminal}"));
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    presenting(mock, &certificate.pem(), &key.serialize_pem())
}

async fn check_with(mock: &Mock, client: &Client, token: Option<&str>, code: &str) -> Answer {
    let request = client.post(format!("https://{}{SEARCH}", mock.backend)).json(&inquiry(code));
    mock.send(match token {
        Some(token) => request.header("authorization", token),
        None => request,
    })
    .await
}

async fn login_with(mock: &Mock, client: &Client, fields: Value) -> Answer {
    mock.send(client.post(format!("https://{}{LOGIN}", mock.backend)).json(&fields)).await
}

#[tokio::test]
async fn a_certificate_names_institution_and_terminal() {
    let mock = Mock::start().await;
    let t1 = client_of(&mock, PHARMACY, "T1").await;
    assert_eq!(check_with(&mock, &t1, None, PHARMACY).await.validity(), "1");
    assert_eq!(mock.last_entry(PHARMACY).await["terminal"], "T1");
    let t2 = client_of(&mock, PHARMACY, "T2").await;
    assert_eq!(check_with(&mock, &t2, None, PHARMACY).await.error_code(), RESTART_REQUIRED);
    assert_eq!(mock.last_entry(PHARMACY).await["terminal"], "T2");
    assert_eq!(mock.check(PHARMACY).await.validity(), "1", "without a certificate it is the default terminal");
}

#[tokio::test]
async fn a_login_may_name_the_terminal_in_a_field_of_its_own() {
    let mock = Mock::start().await;
    let token = mock.login(json!({"userId": PHARMACY, "terminal": "T2"})).await;
    let refused = check_with(&mock, &mock.client, Some(&token), PHARMACY).await;
    assert_eq!(refused.error_code(), RESTART_REQUIRED);
}

#[tokio::test]
async fn a_login_with_a_certificate_gives_a_token_that_names_the_terminal() {
    let mock = Mock::start().await;
    let t2 = client_of(&mock, PHARMACY, "T2").await;
    let granted = login_with(&mock, &t2, json!({"anything": "at all"})).await;
    assert_eq!(granted.status, StatusCode::OK);
    let result = granted.body["result"].as_object().unwrap();
    assert_eq!(result.keys().collect::<Vec<_>>(), ["accessToken", "idToken", "linkSysCharCd", "refreshToken"]);
    assert!(result.values().all(|value| value.as_str().is_some_and(|text| !text.is_empty())));
    let entry = mock.last_entry(PHARMACY).await;
    assert_eq!((&entry["operation"], &entry["terminal"], &entry["outcome"]), (&json!("login"), &json!("T2"), &json!("answered")));
    let token = result["idToken"].as_str().unwrap();
    let refused = check_with(&mock, &mock.client, Some(token), PHARMACY).await;
    assert_eq!(refused.error_code(), RESTART_REQUIRED, "the token alone, as real clients search");
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
        assert_eq!(check_with(&mock, &mock.client, Some(&token), PHARMACY).await.error_code(), code, "{fields}");
    }
}

#[tokio::test]
async fn an_anonymous_login_leaves_it_to_the_institution_code_and_the_journal_says_so() {
    let mock = Mock::start().await;
    let granted = login_with(&mock, &mock.client, json!({"user": "someone"})).await;
    let stray = mock.set(Method::GET, "/v1/journal?limit=1", Value::Null).await["entries"][0].clone();
    assert_eq!(stray["id"], granted.journal);
    assert!(stray["notes"][0]["ja"].as_str().unwrap().contains("MedicalInstitutionCode"), "{stray}");
    let token = granted.body["result"]["idToken"].as_str().unwrap().to_owned();
    assert_eq!(check_with(&mock, &mock.client, Some(&token), "9910000018").await.validity(), "1");
    assert_eq!(check_with(&mock, &mock.client, Some(&token), "9910000026").await.error_code(), RESTART_REQUIRED);
}

#[tokio::test]
async fn a_login_with_a_code_whose_check_digit_is_wrong_is_suspicious_and_the_journal_says_so() {
    let mock = Mock::start().await;
    for (value, is_mistyped) in [("9910000019", true), ("9910000019-T1", true), ("0322345678", false), ("9910000018", false)] {
        let answer = mock.send(mock.backend(Method::POST, LOGIN).json(&json!({"userId": value}))).await;
        assert_eq!(answer.body["status"], "200", "{value}");
        let of = if value == "9910000018" { "/v1/institutions/9910000018/journal" } else { "/v1/journal" };
        let entry = mock.set(Method::GET, &format!("{of}?limit=1"), Value::Null).await["entries"][0].clone();
        assert_eq!(entry["id"], answer.journal);
        let says_so = entry["notes"].to_string().contains("チェックディジットだけが合わない");
        assert!(says_so == is_mistyped && !entry["notes"].to_string().contains(value), "{value}: {entry}");
    }
}

#[tokio::test]
async fn a_check_without_a_token_is_taken_under_lenient_login_and_the_journal_says_so() {
    let mock = Mock::start().await;
    assert_eq!(mock.check("9910000018").await.validity(), "1");
    let entry = mock.last_entry("9910000018").await;
    assert!(entry["notes"][0]["ja"].as_str().unwrap().contains("idToken が必要です"), "{entry}");
}

#[tokio::test]
async fn whoever_contradicts_is_refused_and_told_who_said_what() {
    let mock = Mock::start().await;
    let certified = client_of(&mock, PHARMACY, "T1").await;
    let other = mock.login(json!({"user": "9910000018"})).await;
    let own = mock.login(json!({"user": PHARMACY})).await;
    let t2 = mock.login(json!({"user": "9940000018-T2"})).await;
    for (client, token, code, words) in [
        (&certified, None, "9910000018", ["証明書は 9940000018-T1", "要求は 9910000018"]),
        (&mock.client, Some(&own), "9910000018", ["トークンは 9940000018", "要求は 9910000018"]),
        (&certified, Some(&other), PHARMACY, ["証明書は 9940000018-T1", "トークンは 9910000018"]),
        (&certified, Some(&t2), PHARMACY, ["証明書は 9940000018-T1", "トークンは 9940000018-T2"]),
    ] {
        let refused = check_with(&mock, client, token.map(String::as_str), code).await;
        assert_eq!(refused.error_code(), CONTRADICTION, "{words:?}");
        for words in words {
            assert!(refused.error_message().contains(words), "no {words} in {}", refused.error_message());
        }
    }
    assert_eq!(check_with(&mock, &certified, Some(&own), PHARMACY).await.validity(), "1", "all three agree");
}

#[tokio::test]
async fn a_login_that_contradicts_itself_or_its_certificate_is_refused() {
    let mock = Mock::start().await;
    let certified = client_of(&mock, PHARMACY, "T1").await;
    for (client, fields) in [
        (&certified, json!({"user": "9910000018"})),
        (&certified, json!({"user": "9940000018-T2"})),
        (&mock.client, json!({"user": "9910000018", "other": "9910000026"})),
        (&mock.client, json!({"user": "9940000018-T1", "other": "9940000018-T2"})),
    ] {
        let refused = login_with(&mock, client, fields.clone()).await;
        assert_eq!((refused.status, &refused.body["status"]), (StatusCode::FORBIDDEN, &json!(CONTRADICTION)), "{fields}");
        assert_eq!(refused.body["result"], json!({}));
    }
}

#[tokio::test]
async fn a_certificate_or_token_speaks_for_its_own_terminal_only_on_delivery_routes() {
    let mock = Mock::start().await;
    let certified = client_of(&mock, PHARMACY, "T1").await;
    let token = mock.login(json!({"user": "9940000018-T1"})).await;
    for route in ["updates", "results"] {
        for (path, code) in
            [("9940000018-T1", &Value::Null), ("9940000018-T2", &json!(CONTRADICTION)), ("9910000018-T1", &json!(CONTRADICTION))]
        {
            let path = format!("/delivery/v1/terminals/{path}/{route}");
            let answer = mock.send(certified.get(format!("https://{}{path}", mock.backend))).await;
            assert_eq!(&answer.body["code"], code, "by certificate: {path}");
            let answer = mock.send(mock.backend(Method::GET, &path).header("authorization", &token)).await;
            assert_eq!(&answer.body["code"], code, "by token: {path}");
        }
    }
    let notices = mock.send(certified.get(format!("https://{}/notices/v1?institution=9910000018", mock.backend))).await;
    assert_eq!((notices.status, &notices.body["code"]), (StatusCode::FORBIDDEN, &json!(CONTRADICTION)));
}

#[tokio::test]
async fn an_institution_or_terminal_that_does_not_exist_is_named() {
    let mock = Mock::start().await;
    let refused = mock.check("9910000083").await;
    assert_eq!(refused.error_code(), UNKNOWN);
    assert!(refused.error_message().contains("9910000083"), "{}", refused.error_message());
    let stray = mock.set(Method::GET, "/v1/journal?limit=1", Value::Null).await["entries"][0].clone();
    assert_eq!(stray["id"], refused.journal, "what fits no institution is journalled as a stray");

    let refused = login_with(&mock, &mock.client, json!({"user": "9910000018-T9"})).await;
    assert_eq!((refused.status, &refused.body["status"]), (StatusCode::NOT_FOUND, &json!(UNKNOWN)));
    assert!(refused.body["msg"].as_str().unwrap().contains("端末 T9"), "{}", refused.body);
    for id in ["9910000083-T1", "9910000018-T9"] {
        let refused = mock.send(mock.backend(Method::GET, &format!("/delivery/v1/terminals/{id}/updates"))).await;
        assert_eq!((refused.status, &refused.body["code"]), (StatusCode::NOT_FOUND, &json!(UNKNOWN)), "{id}");
    }
}

#[tokio::test]
async fn the_certificate_of_a_terminal_that_is_gone_is_refused() {
    let mock = Mock::start().await;
    let t2 = client_of(&mock, PHARMACY, "T2").await;
    mock.set(Method::DELETE, "/v1/institutions/9940000018/terminals/T2", Value::Null).await;
    let refused = check_with(&mock, &t2, None, PHARMACY).await;
    assert_eq!(refused.error_code(), UNKNOWN);
    let refused = login_with(&mock, &t2, json!({})).await;
    assert_eq!(refused.body["status"], UNKNOWN);
}

#[tokio::test]
async fn a_certificate_of_another_ca_counts_as_none_and_the_journal_notes_it() {
    let mock = Mock::start().await;
    let client = client_of_another_ca(&mock, PHARMACY, "T2");
    assert_eq!(check_with(&mock, &client, None, PHARMACY).await.validity(), "1", "as the default terminal, not as T2");
    let entry = mock.last_entry(PHARMACY).await;
    let noted = entry["notes"].as_array().unwrap().iter().any(|note| note["ja"].as_str().unwrap().contains("無視しました"));
    assert!(noted, "{entry}");
    assert_eq!(check_with(&mock, &client, None, "9910000018").await.validity(), "1", "so it contradicts nothing");
}
