//! `/metrics`: behind the token, in Prometheus' text form, with labels from lists of our own; what
//! its page says is what it has.

use std::collections::BTreeSet;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::faults::answers::with_faults;
use crate::support::{Mock, SEARCH, TOKEN, template};

/// All lines.
async fn read(mock: &Mock) -> String {
    let answer = mock.client.get(format!("https://{}/metrics", mock.control)).bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(answer.headers()[CONTENT_TYPE], "text/plain; version=0.0.4; charset=utf-8");
    answer.text().await.unwrap()
}

/// The value of a sample, as its line begins.
fn value(text: &str, sample: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("there is no {sample}:\n{text}")).parse().unwrap()
}

#[tokio::test]
async fn the_token_is_needed() {
    let mock = Mock::start().await;
    let answer = mock.client.get(format!("https://{}/metrics", mock.control)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn requests_refusals_and_faults_are_counted_by_what_they_were() {
    let mock = Mock::start().await;
    let before = read(&mock).await;
    assert_eq!(value(&before, r#"onshi_mock_requests_total{operation="search",outcome="refused"}"#), 0.0, "all are there from the start");
    mock.institution(template::UP_TO_DATE).check().await;
    mock.institution(template::PENDING).check().await;
    let clinic = with_faults(&mock, json!([{"kind": "status", "status": 503, "operation": "search", "nth": 1}])).await;
    assert_eq!(mock.backend(Method::POST, SEARCH).json(&clinic.inquiry()).send().await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    let text = read(&mock).await;
    assert_eq!(value(&text, r#"onshi_mock_requests_total{operation="search",outcome="checked"}"#), 2.0);
    assert_eq!(value(&text, r#"onshi_mock_requests_total{operation="search",outcome="refused"}"#), 1.0);
    assert_eq!(value(&text, r#"onshi_mock_request_duration_seconds_count{operation="search"}"#), 3.0);
    assert_eq!(value(&text, r#"onshi_mock_request_duration_seconds_bucket{operation="search",le="+Inf"}"#), 3.0);
    assert!(value(&text, r#"onshi_mock_request_duration_seconds_sum{operation="search"}"#) > 0.0);
    assert_eq!(value(&text, r#"onshi_mock_refusals_total{error="restart_required"}"#), 1.0);
    assert_eq!(value(&text, r#"onshi_mock_faults_fired_total{kind="status"}"#), 1.0);
    assert_eq!(value(&text, &format!(r#"onshi_mock_build_info{{version="{}"}}"#, env!("CARGO_PKG_VERSION"))), 1.0);
}

#[tokio::test]
async fn what_a_client_sends_becomes_no_label() {
    let mock = Mock::start().await;
    let lines = read(&mock).await.lines().count();
    for path in ["/nowhere-1", "/delivery/v1/terminals/9910000018-nowhere-2/updates", "/notices/v1?nowhere-3"] {
        mock.backend(Method::GET, path).send().await.unwrap();
    }
    mock.institution("nowhere-4").check().await;
    let text = read(&mock).await;
    assert!(!text.contains("nowhere") && text.lines().count() == lines, "{text}");
    assert_eq!(value(&text, r#"onshi_mock_requests_total{operation="unknown",outcome="refused"}"#), 1.0);
}

#[tokio::test]
async fn terminals_and_journals_are_counted_as_they_are() {
    let mock = Mock::start().await;
    let before = read(&mock).await;
    let clinic = mock.clinic(template::PENDING, "2026-01-20T08:55:00+09:00").await;
    let text = read(&mock).await;
    let more = |after: &str, sample: &str| value(after, sample) - value(&before, sample);
    assert_eq!(more(&text, "onshi_mock_institutions_stored"), 1.0);
    assert_eq!(more(&text, "onshi_mock_institutions_in_memory"), 1.0);
    assert_eq!(more(&text, r#"onshi_mock_terminals{phase="pending"}"#), 1.0);
    assert!(value(&text, "onshi_mock_store_bytes") > 0.0);
    clinic.restart().await;
    // More than a journal keeps: what goes is counted.
    for _ in 0..600 {
        clinic.check().await;
    }
    clinic.last_entry().await;
    let text = read(&mock).await;
    assert_eq!(more(&text, r#"onshi_mock_terminals{phase="pending"}"#), 0.0);
    assert_eq!(more(&text, r#"onshi_mock_terminals{phase="up_to_date"}"#), 1.0);
    let (written, waiting) = (value(&text, "onshi_mock_journal_entries_total"), value(&text, "onshi_mock_journal_waiting_entries"));
    let evicted = value(&text, "onshi_mock_journal_evicted_entries_total");
    assert_eq!(waiting, 0.0);
    assert!((50.0..=100.0).contains(&evicted), "those of the oldest row stay until all of it is beyond the bound: {evicted}");
    assert!((500.0..=600.0).contains(&written), "some may have gone before they were written: {written}");
    assert!(value(&text, "onshi_mock_journal_bytes_total") > 500.0 * 500.0);
    clinic.remove().await;
    let text = read(&mock).await;
    assert_eq!(more(&text, "onshi_mock_institutions_stored"), 0.0);
    assert_eq!(more(&text, r#"onshi_mock_terminals{phase="up_to_date"}"#), 0.0);
}

#[tokio::test]
async fn the_page_names_every_metric_and_no_other() {
    let mock = Mock::start().await;
    let text = read(&mock).await;
    let there: BTreeSet<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    for page in ["docs/metrics.md", "docs/metrics.ja.md"] {
        let page = std::fs::read_to_string(page).unwrap();
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split(['`', '{']).next());
        let named: BTreeSet<&str> = rows.filter(|name| name.starts_with("onshi_mock_")).collect();
        assert_eq!(named, there);
    }
    for name in &there {
        assert!(text.contains(&format!("# HELP {name} ")), "{name} has no help");
    }
}
