//! Tokens: which are foreign, and when one expires: by the clock of the institution that uses it.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{Mock, frozen, template};

const FOREIGN: &str = "MOCK0203E";
const EXPIRED: &str = "MOCK0204E";
const NOW: &str = "2026-01-20T09:00:00+09:00";

#[tokio::test]
async fn only_the_bare_id_token_of_this_server_is_taken() {
    let (mock, other) = (Mock::start().await, Mock::start().await);
    let granted = mock.receipt_computer().login(json!({"user": "9910000018"})).await.body;
    let token = |name: &str| granted["result"][name].as_str().unwrap().to_owned();
    let id = token("idToken");
    mock.institution(template::UP_TO_DATE).check_with(&id).await.expect_qualified();
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
        let refused = mock.institution(template::UP_TO_DATE).check_with(&bad).await;
        refused.note(what).expect_error(FOREIGN);
        assert!(!refused.error_message().contains("Bearer 」が付いて"), "{what}");
        let names_its_kind =
            ["accessToken", "refreshToken"].iter().any(|kind| refused.error_message().contains(&format!("これは {kind} です")));
        assert_eq!(names_its_kind, what.starts_with("the "), "{what}: {}", refused.error_message());
        assert_ne!(mock.institution(template::UP_TO_DATE).last_entry().await["why"]["ja"], "", "{what}");
    }
}

#[tokio::test]
async fn the_word_bearer_before_the_token_is_named_as_the_mistake() {
    let mock = Mock::start().await;
    let token = mock.login(json!({"user": "9910000018"})).await;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        mock.institution(template::UP_TO_DATE)
            .check_with(&format!("{scheme} {token}"))
            .await
            .expect_error(FOREIGN)
            .expect_message("「Bearer 」が付いています");
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
    let create = json!({"template": template::UP_TO_DATE, "code": "9919999996", "clock": frozen(NOW)});
    let clinic = mock.clinic_with(create.clone()).await;
    let token = mock.login(json!({"user": clinic.code})).await;
    clinic.check_with(&token).await.expect_qualified();
    clinic.reset().await;
    clinic.check_with(&token).await.note("after a reset").expect_error(FOREIGN).expect_message("リセットまたは再作成");

    let token = mock.login(json!({"user": clinic.code})).await;
    clinic.check_with(&token).await.note("a new login").expect_qualified();
    clinic.remove().await;
    clinic.check_with(&token).await.note("deleted").expect_error("MOCK0102E");
    assert_eq!(mock.clinic_with(create).await.code, clinic.code);
    clinic.check_with(&token).await.note("the code is the same, the institution is not").expect_error(FOREIGN);
}

#[tokio::test]
async fn tokens_named_and_anonymous_expire_after_24_hours_of_the_institution_that_uses_them() {
    let mock = Mock::start().await;
    let (clinic, other) = (mock.clinic(template::UP_TO_DATE, NOW).await, mock.clinic(template::UP_TO_DATE, NOW).await);
    let named = mock.login(json!({"user": clinic.code})).await;
    let others = mock.login(json!({"user": other.code})).await;
    let anonymous = mock.login(json!({"user": "someone"})).await;
    clinic.advance_by("PT23H59M59S").await;
    for token in [&named, &anonymous] {
        clinic.check_with(token).await.note("a second before").expect_qualified();
    }
    clinic.advance_by("PT1S").await;
    for token in [&named, &anonymous] {
        clinic.check_with(token).await.expect_error(EXPIRED).expect_message("期限は 2026-01-21T09:00:00+09:00");
    }
    for token in [&others, &anonymous] {
        other.check_with(token).await.note("another institution's clock has not moved").expect_qualified();
    }
    for fields in [json!({"user": clinic.code}), json!({"user": "someone"})] {
        let again = mock.login(fields).await;
        clinic.check_with(&again).await.note("a new login works").expect_qualified();
    }
}

#[tokio::test]
async fn many_small_advances_expire_a_token_as_one_big_one_does() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let tokens = [mock.login(json!({"user": clinic.code})).await, mock.login(json!({"user": "someone"})).await];
    for _ in 0..287 {
        clinic.advance_by("PT5M").await;
    }
    for token in &tokens {
        clinic.check_with(token).await.note("after 23 h 55 min").expect_qualified();
    }
    clinic.advance_by("PT5M").await;
    for token in &tokens {
        clinic.check_with(token).await.note("after 24 h").expect_error(EXPIRED);
    }
}

#[tokio::test]
async fn the_age_of_a_token_counts_from_what_the_clock_showed_at_its_login() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    clinic.advance_by("P30D").await;
    let token = mock.login(json!({"user": clinic.code})).await;
    clinic.advance_by("PT12H").await;
    clinic.check_with(&token).await.expect_qualified();
    clinic.advance_by("PT12H").await;
    clinic.check_with(&token).await.expect_error(EXPIRED);
}
