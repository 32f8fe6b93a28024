//! Pictures of the client's screen: what is taken, what is stored of it, and how it goes.

use onshi_mock::store::Target;
use reqwest::header::{CONTENT_TYPE, ORIGIN};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::support::{Clinic, Mock, TOKEN, template};

const NOW: &str = "2026-01-20T10:00:00+09:00";

fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    [&(data.len() as u32).to_be_bytes(), &name[..], data, b"crc!"].concat()
}

/// A PNG with this text, if there is one.
pub(crate) fn png(text: Option<&str>) -> Vec<u8> {
    let text = text.map(|text| chunk(b"tEXt", text.as_bytes())).unwrap_or_default();
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &[1; 13]), text, chunk(b"IDAT", b"pixels"), chunk(b"IEND", b"")].concat()
}

/// A JPEG, with EXIF or without.
fn jpeg(exif: bool) -> Vec<u8> {
    let exif: &[u8] = if exif { b"\xff\xe1\x00\x0bExif\0\0GPS" } else { b"" };
    [b"\xff\xd8", exif, b"\xff\xdb\x00\x07table\xff\xda\x00\x06scanpixels\xff\xd9"].concat()
}

fn path(clinic: &Clinic<'_>, number: u64) -> String {
    format!("/v1/institutions/{clinic}/observations/{number}/screenshot")
}

pub(crate) async fn put(clinic: &Clinic<'_>, number: u64, media_type: &str, picture: Vec<u8>) -> (StatusCode, Value) {
    let url = format!("https://{}{}", clinic.mock.control, path(clinic, number));
    let request = clinic.mock.client.put(url).bearer_auth(TOKEN).header(CONTENT_TYPE, media_type).body(picture);
    let response = request.send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

async fn get(clinic: &Clinic<'_>, number: u64) -> Response {
    let url = format!("https://{}{}", clinic.mock.control, path(clinic, number));
    clinic.mock.client.get(url).bearer_auth(TOKEN).send().await.unwrap()
}

async fn observe(clinic: &Clinic<'_>) -> u64 {
    clinic.post("/observations", json!({"kind": "restart_prompted"})).await["number"].as_u64().unwrap()
}

#[tokio::test]
async fn a_picture_comes_back_without_its_metadata_whatever_its_type_is_said_to_be() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, NOW).await;
    for (given, stored, said, is) in
        [(png(Some("Author\0T. Mogi")), png(None), "image/jpeg", "image/png"), (jpeg(true), jpeg(false), "text/html", "image/jpeg")]
    {
        let number = observe(&clinic).await;
        let (status, observation) = put(&clinic, number, said, given).await;
        let expected = json!({"type": is, "size": stored.len()});
        assert_eq!((status, &observation["screenshot"]), (StatusCode::OK, &expected));
        assert_eq!(clinic.get("/observations").await["observations"][number as usize - 1], observation);
        let answer = get(&clinic, number).await;
        assert_eq!(answer.status(), StatusCode::OK);
        for (name, value) in [
            ("content-type", is),
            ("content-security-policy", "default-src 'none'; sandbox"),
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.headers()[name], value);
        }
        assert_eq!(answer.bytes().await.unwrap(), stored);
    }
    let evidence = clinic.get("/verdict?format=json").await["evidence"]["observations"].clone();
    assert_eq!(evidence[0]["screenshot"]["type"], "image/png");
}

#[tokio::test]
async fn what_is_no_picture_or_too_much_is_refused() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, NOW).await;
    let number = observe(&clinic).await;
    let cut = png(None)[..40].to_vec();
    for (picture, expected) in [(b"text".to_vec(), 422), (Vec::new(), 422), (cut, 422), (vec![0; 2 * 1024 * 1024 + 1], 413)] {
        let (status, problem) = put(&clinic, number, "image/png", picture).await;
        assert_eq!((status.as_u16(), &problem["status"]), (expected, &json!(expected)), "{problem}");
    }
    let filled = |size: usize| [&png(None)[..33], &chunk(b"IDAT", &vec![7; size]), &chunk(b"IEND", b"")].concat();
    let largest = filled(2 * 1024 * 1024 - 33 - 2 * 12);
    assert_eq!(put(&clinic, number, "image/png", largest.clone()).await.0, StatusCode::OK);
    assert_eq!(get(&clinic, number).await.bytes().await.unwrap(), largest);
    assert_eq!(put(&clinic, number, "image/png", png(None)).await.0, StatusCode::CONFLICT, "a second one");
    assert_eq!(put(&clinic, 9, "image/png", png(None)).await.0, StatusCode::NOT_FOUND);
    clinic.get("/observations/x/screenshot").expect_problem_kind(StatusCode::BAD_REQUEST, "path").await;
    clinic.get("/observations/9/screenshot").expect_problem(StatusCode::NOT_FOUND).await;

    for _ in 2..=10 {
        let number = observe(&clinic).await;
        assert_eq!(put(&clinic, number, "image/png", png(None)).await.0, StatusCode::OK);
    }
    let eleventh = observe(&clinic).await;
    assert_eq!(put(&clinic, eleventh, "image/png", png(None)).await.0, StatusCode::CONFLICT);
    clinic.delete("/observations/1/screenshot").await;
    assert_eq!(put(&clinic, eleventh, "image/png", png(None)).await.0, StatusCode::OK);
}

#[tokio::test]
async fn of_two_that_attach_at_once_one_wins_and_its_picture_is_stored() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, NOW).await;
    let number = observe(&clinic).await;
    let (first, second) = tokio::join!(put(&clinic, number, "", png(None)), put(&clinic, number, "", jpeg(false)));
    assert!((first.0 == StatusCode::OK) ^ (second.0 == StatusCode::OK), "{first:?} {second:?}");
    let stored = if first.0 == StatusCode::OK { png(None) } else { jpeg(false) };
    assert_eq!(get(&clinic, number).await.bytes().await.unwrap(), stored);
}

#[tokio::test]
async fn a_deletion_is_recorded_and_a_reset_takes_all_away() {
    let mock = Mock::start().await;
    let (clinic, other) = (mock.clinic(template::PENDING, NOW).await, mock.clinic(template::PENDING, NOW).await);
    for clinic in [&clinic, &other] {
        observe(clinic).await;
        observe(clinic).await;
    }
    for number in [1, 2] {
        assert_eq!(put(&clinic, number, "image/png", png(None)).await.0, StatusCode::OK);
    }
    assert_eq!(get(&other, 1).await.status(), StatusCode::NOT_FOUND, "of another institution");
    clinic.delete("/observations/1/screenshot").expect_status(StatusCode::NO_CONTENT).await;
    let screenshot = clinic.get("/observations").await["observations"][0]["screenshot"].clone();
    assert!(screenshot["type"] == "image/png" && screenshot["removed"].is_string(), "{screenshot}");
    assert_eq!(get(&clinic, 1).await.status(), StatusCode::NOT_FOUND);
    clinic.delete("/observations/1/screenshot").expect_problem(StatusCode::NOT_FOUND).await;
    assert_eq!(put(&clinic, 1, "image/png", png(None)).await.0, StatusCode::CONFLICT, "the record stays");
    let report = clinic.get("/verdict?format=html").await;
    assert!(report.as_str().unwrap().contains("画像あり") && report.as_str().unwrap().contains("削除済み"));

    clinic.reset().await;
    observe(&clinic).await;
    observe(&clinic).await;
    assert_eq!(get(&clinic, 2).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(put(&clinic, 2, "image/png", jpeg(false)).await.0, StatusCode::OK, "nothing of before is in the way");
}

#[tokio::test]
async fn pictures_outlive_the_program() {
    let dir = tempfile::tempdir().unwrap();
    let target = || Target::Sqlite(dir.path().join("state.db"));
    let mut mock = Mock::start_with(|config| config.store = target()).await;
    let clinic = mock.institution(template::UP_TO_DATE);
    let number = observe(&clinic).await;
    assert_eq!(put(&clinic, number, "image/png", png(None)).await.0, StatusCode::OK);
    mock.stop().await;
    let again = Mock::start_with(|config| config.store = target()).await;
    assert_eq!(get(&again.institution(template::UP_TO_DATE), number).await.bytes().await.unwrap(), png(None));
}

#[tokio::test]
async fn the_console_attaches_shows_and_deletes_a_picture() {
    let mock = Mock::start().await;
    let (clinic, browser) = (mock.clinic(template::PENDING, NOW).await, mock.console().await);
    let page = async || browser.page(&format!("/console/institutions/{clinic}")).await;
    clinic.check().await.expect_error("MOCK0501E");
    let number = observe(&clinic).await;
    let path = format!("/console/api/institutions/{clinic}/observations/{number}/screenshot");
    let write = |method| browser.bare(method, &path).header(ORIGIN, browser.origin());
    assert_eq!(browser.bare(Method::PUT, &path).body(png(None)).send().await.unwrap().status(), StatusCode::FORBIDDEN);
    assert_eq!(write(Method::PUT).body(png(None)).send().await.unwrap().status(), StatusCode::OK);
    let shown = page().await;
    assert!(shown.contains(&format!("<img src=\"{path}\"")) && shown.contains("画像を削除"), "{shown}");
    let picture = browser.fetch(&path).send().await.unwrap();
    assert_eq!(picture.headers()["content-security-policy"], "default-src 'none'; sandbox");
    assert_eq!(picture.bytes().await.unwrap(), png(None));
    assert_eq!(write(Method::DELETE).send().await.unwrap().status(), StatusCode::NO_CONTENT);
    let shown = page().await;
    assert!(!shown.contains("<img") && shown.contains("に削除されました"), "{shown}");
}
