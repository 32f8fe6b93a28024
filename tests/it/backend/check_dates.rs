//! A check for another day than the clock's today: its answer stays, and the journal says what the
//! two dates make of it.

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::support::request_files::{element, info_of, message, text, value};
use crate::support::{Clinic, Mock, SEARCH, template};

const NOW: &str = "2026-11-29T00:30:00+09:00";

/// Asks for a person whose qualification was lost 30 days ago, over the web API or as a file, for a
/// day: validity, then the entry and its explanation.
async fn asked(clinic: &Clinic<'_>, in_folder: bool, day: &str) -> (String, Value, String) {
    let body = message(&clinic.code, &element("QualificationConfirmationDate", day), &info_of("expired", "0"));
    let path = format!("/linkage/v1/terminals/{clinic}-T1/files/OQSsiquc01req_1.xml");
    let request = clinic.mock.backend(Method::POST, if in_folder { &path } else { SEARCH }).header("content-type", "application/xml");
    let response = request.body(body).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let answer = text(&response.bytes().await.unwrap());
    let entry = clinic.last_entry().await;
    let explained = clinic.get(&format!("/journal/{}", entry["number"])).await;
    let notes = explained["explanation"]["notes"].to_string();
    (value(&answer, "QualificationValidity").unwrap_or_default().to_owned(), entry, notes)
}

#[tokio::test]
async fn the_journal_says_that_the_dates_differ_and_what_that_means() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    for in_folder in [false, true] {
        let (validity, entry, explained) = asked(&clinic, in_folder, "20260120").await;
        assert_eq!(validity, "1", "lost 30 days before the clock's today, which the request's date precedes");
        let note = entry["notes"].to_string();
        for words in ["QualificationConfirmationDate は 2026-01-20", "今日（日本時間）は 2026-11-29", "today-30", "失効"] {
            assert!(note.contains(words), "{words}: {note}");
        }
        assert!(explained.contains("is 2026-01-20") && explained.contains("is 2026-11-29"), "{explained}");

        let (validity, entry, explained) = asked(&clinic, in_folder, "20261129").await;
        assert_eq!(validity, "2", "today in Japan, where it is yesterday in UTC");
        let told = format!("{} {explained}", entry["notes"]);
        assert!(!told.contains("QualificationConfirmationDate"), "{told}");
    }
}
