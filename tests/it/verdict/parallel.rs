//! Fifty institutions tested at once come to the verdicts of fifty tested one after the other.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Mock, SEARCH, frozen, ruling, template};

const CLIENTS: usize = 50;

/// What the n-th client does: some hammer, some do not repeat, some are right, each in an error
/// profile of its own.
async fn rehearse(mock: &Mock, n: usize) -> Value {
    let profile = ["envelope", "bare", "http", "silent"][n % 4];
    let clock = frozen("2026-01-20T08:55:00+09:00");
    let clinic = mock.clinic_with(json!({"template": template::PENDING, "clock": clock, "error_profile": profile})).await;
    let token = clinic.login().await;
    let check = async |terminal_restarted: bool| {
        let answer = mock.backend(Method::POST, SEARCH).header("authorization", &token).json(&clinic.inquiry()).send().await;
        assert!(terminal_restarted || profile == "silent" || answer.is_ok());
    };
    for _ in 0..if n.is_multiple_of(5) { 12 } else { 2 } {
        check(false).await;
    }
    clinic.restart().await;
    if !n.is_multiple_of(3) {
        check(true).await;
    }
    let mut verdict: Value = clinic.verdict().await;
    normalize(&mut verdict, &clinic.code);
    verdict
}

/// Takes out what differs from run to run: the code, ids, pseudonyms and real times. How far apart
/// real times are stays out, too.
fn normalize(verdict: &mut Value, code: &str) {
    let mut text = verdict.to_string().replace(code, "CODE");
    let journal = verdict["evidence"]["journal"].as_array().unwrap();
    for (n, entry) in journal.iter().enumerate() {
        for (field, name) in [("id", "entry"), ("session", "session"), ("inquiry", "inquiry"), ("wall", "wall")] {
            if let Some(value) = entry[field].as_str() {
                text = text.replace(&format!("{value:?}"), &format!("\"{name} {}\"", if field == "id" { n } else { 0 }));
            }
        }
    }
    *verdict = serde_json::from_str(&text).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_clients_at_once_get_the_verdicts_of_fifty_one_after_the_other() {
    let mock = Mock::start().await;
    let mut in_turn = Vec::new();
    for n in 0..CLIENTS {
        in_turn.push(rehearse(&mock, n).await);
    }
    let at_once = join_all((0..CLIENTS).map(|n| rehearse(&mock, n))).await;
    for (n, (in_turn, at_once)) in in_turn.iter().zip(&at_once).enumerate() {
        assert_eq!(in_turn, at_once, "client {n}");
    }
    let results = |rule: &str| at_once.iter().filter(|verdict| ruling(verdict, rule) == "FAIL").count();
    assert_eq!((results("not_hammered"), results("same_patient_repeated")), (10, 17), "the clients do differ");
}
