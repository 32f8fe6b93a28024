//! Tokens: which are foreign, and when one expires: by the clock of the institution that uses it.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, LOGIN, Mock, SEARCH, inquiry};

const FOREIGN: &str = "MOCK0203E";
const EXPIRED: &str = "MOCK0204E";
const NOW: &str = "2026-01-20T09:00:00+09:00";

async fn check(mock: &Mock, token: &str, code: &str) -> Answer {
    mock.send(mock.backend(Method::POST, SEARCH).header("authorization", token).json(&inquiry(code))).await
}

async fn by(mock: &Mock, code: &str, period: &str) {
    mock.set(Method::POST, &format!("/v1/institutions/{code}/clock/advance"), json!({"by": period})).await;
}

#[tokio::test]
async fn only_the_bare_id_token_of_this_server_is_taken() {
    let (mock, other) = (Mock::start().await, Mock::start().await);
    let granted = mock.send(mock.backend(Method::POST, LOGIN).json(&json!({"user": "9910000018"}))).await.body;
    let token = |name: &str| granted["result"][name].as_str().unwrap().to_owned();
    let id = token("idToken");
    assert_eq!(check(&mock, &id, "9910000018").await.validity(), "1");
    let (head, signature) = id.rsplit_once('.').unwrap();
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    for (bad, what) in [
        (token("accessToken"), "the access token"),
        (token("refreshToken"), "the refresh token"),
        (other.login(json!({"user": "9910000018"})).await, "another server's"),
        (format!("{head}.{flipped}{}", &signature[1..]), "a tampered signature"),
        (format!("{head}."), "no signature"),
        (format!("x{id}"), "a tampered header"),
        ("eyJhbGciOiJub25lIn0.e30.".to_owned(), "algorithm none"),
        ("nonsense".to_owned(), "no token at all"),
        (format!("Basic {id}"), "a scheme"),
    ] {
        let refused = check(&mock, &bad, "9910000018").await;
        assert_eq!(refused.error_code(), FOREIGN, "{what}");
        assert!(!refused.error_message().contains("Bearer 」が付いて"), "{what}");
        let names_its_kind =
            ["accessToken", "refreshToken"].iter().any(|kind| refused.error_message().contains(&format!("これは {kind} です")));
        assert_eq!(names_its_kind, what.starts_with("the "), "{what}: {}", refused.error_message());
        assert_ne!(mock.last_entry("9910000018").await["why"]["ja"], "", "{what}");
    }
}

#[tokio::test]
async fn the_word_bearer_before_the_token_is_named_as_the_mistake() {
    let mock = Mock::start().await;
    let token = mock.login(json!({"user": "9910000018"})).await;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let refused = check(&mock, &format!("{scheme} {token}"), "9910000018").await;
        assert_eq!(refused.error_code(), FOREIGN);
        assert!(refused.error_message().contains("「Bearer 」が付いています"), "{}", refused.error_message());
    }
}

#[tokio::test]
async fn a_bad_token_is_an_error_on_delivery_routes_too() {
    let mock = Mock::start().await;
    for path in [
        "/delivery/v1/terminals/9910000018-T1/updates",
        "/delivery/v1/terminals/9910000018-T1/results",
        "/notices/v1?institution=9910000018",
    ] {
        let refused = mock.send(mock.backend(Method::GET, path).header("authorization", "nonsense")).await;
        assert_eq!((refused.status, &refused.body["code"]), (StatusCode::UNAUTHORIZED, &json!(FOREIGN)), "{path}");
    }
}

#[tokio::test]
async fn a_token_of_before_a_reset_or_of_a_former_institution_is_foreign() {
    let mock = Mock::start().await;
    let create = json!({"template": "9910000018", "code": "9919999996", "clock": {"mode": "frozen", "now": NOW}});
    let code = mock.create_with(create.clone()).await;
    let token = mock.login(json!({"user": code})).await;
    assert_eq!(check(&mock, &token, &code).await.validity(), "1");
    mock.set(Method::POST, &format!("/v1/institutions/{code}/reset"), Value::Null).await;
    let refused = check(&mock, &token, &code).await;
    assert_eq!(refused.error_code(), FOREIGN, "after a reset");
    assert!(refused.error_message().contains("リセットまたは再作成"), "{}", refused.error_message());

    let token = mock.login(json!({"user": code})).await;
    assert_eq!(check(&mock, &token, &code).await.validity(), "1", "a new login");
    mock.set(Method::DELETE, &format!("/v1/institutions/{code}"), Value::Null).await;
    assert_eq!(check(&mock, &token, &code).await.error_code(), "MOCK0102E", "deleted");
    assert_eq!(mock.create_with(create).await, code);
    assert_eq!(check(&mock, &token, &code).await.error_code(), FOREIGN, "the code is the same, the institution is not");
}

#[tokio::test]
async fn tokens_named_and_anonymous_expire_after_24_hours_of_the_institution_that_uses_them() {
    let mock = Mock::start().await;
    let (code, other) = (mock.create("9910000018", NOW).await, mock.create("9910000018", NOW).await);
    let named = mock.login(json!({"user": code})).await;
    let others = mock.login(json!({"user": other})).await;
    let anonymous = mock.login(json!({"user": "someone"})).await;
    by(&mock, &code, "PT23H59M59S").await;
    for token in [&named, &anonymous] {
        assert_eq!(check(&mock, token, &code).await.validity(), "1", "a second before");
    }
    by(&mock, &code, "PT1S").await;
    for token in [&named, &anonymous] {
        let refused = check(&mock, token, &code).await;
        assert_eq!(refused.error_code(), EXPIRED);
        assert!(refused.error_message().contains("期限は 2026-01-21T09:00:00+09:00"), "{}", refused.error_message());
    }
    for token in [&others, &anonymous] {
        assert_eq!(check(&mock, token, &other).await.validity(), "1", "another institution's clock has not moved");
    }
    for fields in [json!({"user": code}), json!({"user": "someone"})] {
        let again = mock.login(fields).await;
        assert_eq!(check(&mock, &again, &code).await.validity(), "1", "a new login works");
    }
}

#[tokio::test]
async fn many_small_advances_expire_a_token_as_one_big_one_does() {
    let mock = Mock::start().await;
    let code = mock.create("9910000018", NOW).await;
    let tokens = [mock.login(json!({"user": code})).await, mock.login(json!({"user": "someone"})).await];
    for _ in 0..287 {
        by(&mock, &code, "PT5M").await;
    }
    for token in &tokens {
        assert_eq!(check(&mock, token, &code).await.validity(), "1", "after 23 h 55 min");
    }
    by(&mock, &code, "PT5M").await;
    for token in &tokens {
        assert_eq!(check(&mock, token, &code).await.error_code(), EXPIRED, "after 24 h");
    }
}

#[tokio::test]
async fn the_age_of_a_token_counts_from_what_the_clock_showed_at_its_login() {
    let mock = Mock::start().await;
    let code = mock.create("9910000018", NOW).await;
    by(&mock, &code, "P30D").await;
    let token = mock.login(json!({"user": code})).await;
    by(&mock, &code, "PT12H").await;
    assert_eq!(check(&mock, &token, &code).await.validity(), "1");
    by(&mock, &code, "PT12H").await;
    assert_eq!(check(&mock, &token, &code).await.error_code(), EXPIRED);
}
