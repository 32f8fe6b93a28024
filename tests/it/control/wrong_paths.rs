//! A path that a listener does not have: it is the other port's, or the nearest known one is named;
//! and errors as pages, for browsers.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{LOGIN, Mock, SEARCH, TOKEN, template};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

#[tokio::test]
async fn the_control_port_says_where_the_backend_is() {
    let mock = Mock::start().await;
    for (method, path) in [
        (Method::POST, SEARCH),
        (Method::GET, SEARCH),
        (Method::POST, LOGIN),
        (Method::GET, "/delivery/v1/terminals/9910000018-T1/updates"),
        (Method::GET, "/notices/v1"),
    ] {
        // Without a token: what a client sends that was given the wrong port.
        let answer = mock.client.request(method, format!("https://{}{path}", mock.control)).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 404, "{path}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["type"], "urn:onshi-mock:problem:not-found");
        let (ja, en) = (problem["detail"].as_str().unwrap(), problem["detail_en"].as_str().unwrap());
        assert!(ja.contains("ここは管理APIのポートです") && ja.contains(&format!("https://{}", mock.backend)), "{path}: {ja}");
        assert!(en.contains("This is the control API's port") && en.contains(&format!("https://{}", mock.backend)), "{path}: {en}");
    }
}

#[tokio::test]
async fn the_backend_says_where_the_control_api_is_and_its_journal_has_it() {
    let mock = Mock::start().await;
    let control = format!("https://{}", mock.control);
    for (method, path) in [
        (Method::GET, "/"),
        (Method::GET, "/healthz"),
        (Method::POST, "/v1/institutions"),
        (Method::POST, "/v1/institutions/9910000018/terminals/T1/restart"),
    ] {
        let refused = mock.send(mock.backend(method, path).bearer_auth(TOKEN)).await;
        assert_eq!((refused.status.as_u16(), &refused.body["code"]), (404, &json!("MOCK0004E")), "{path}");
        let said = refused.body["detail"].as_str().unwrap();
        assert!(said.contains("ここは資格確認（バックエンド）のポートです") && said.contains(&control), "{path}: {said}");
        let entry = mock.get("/v1/journal?limit=1").await["entries"][0].clone();
        assert_eq!(entry["id"], refused.journal);
        assert!(entry["why"]["ja"].as_str().unwrap().contains(&control), "{entry}");
    }
}

#[tokio::test]
async fn an_unknown_path_names_the_nearest_known_one() {
    let mock = Mock::start().await;
    let typo = SEARCH.replace("search", "serach");
    let refused = mock.send(mock.backend(Method::POST, &typo)).await;
    let said = refused.body["detail"].as_str().unwrap();
    assert!(said.contains(&format!("最も近い URL は POST {SEARCH} です")) && !said.contains(LOGIN), "{said}");
    let problem = mock.institution(template::UP_TO_DATE).get("/clok").expect_problem(StatusCode::NOT_FOUND).await;
    assert!(problem["detail"].as_str().unwrap().contains("最も近い URL は GET, PUT /v1/institutions/{code}/clock です"), "{problem}");
    let problem = mock.post(&typo, Value::Null).expect_problem(StatusCode::NOT_FOUND).await;
    assert!(problem["detail"].as_str().unwrap().contains(&format!("POST https://{}{SEARCH}", mock.backend)), "{problem}");
    let problem = mock.get("/wp-login.php").expect_problem(StatusCode::NOT_FOUND).await;
    assert!(!problem.to_string().contains("最も近い") && problem.to_string().contains("/docs"), "{problem}");
}

#[tokio::test]
async fn a_method_that_a_path_does_not_take_is_told_with_those_that_it_takes() {
    let mock = Mock::start().await;
    for (method, path, takes) in [
        (Method::GET, LOGIN, "POST"),
        (Method::PUT, SEARCH, "POST"),
        (Method::DELETE, "/delivery/v1/terminals/9910000034-T1/updates", "GET"),
    ] {
        let refused = mock.send(mock.backend(method, path)).await;
        assert_eq!((refused.status.as_u16(), &refused.body["code"]), (405, &json!("MOCK0005E")), "{path}");
        assert!(refused.body["detail"].as_str().unwrap().contains(&format!("使えるメソッド：{takes}")), "{}", refused.body);
    }
}

#[tokio::test]
async fn browsers_get_errors_as_pages_and_programs_as_before() {
    let mock = Mock::start().await;
    let (control, backend) = (format!("https://{}", mock.control), format!("https://{}", mock.backend));
    for (url, status, words) in [
        (format!("{backend}/"), 404, control.as_str()),
        (format!("{backend}{SEARCH}"), 405, "使えるメソッド：POST"),
        (format!("{backend}/notices/v1"), 401, "MOCK0101E"),
        (format!("{control}/v1/institutions"), 401, "Authorization: Bearer &#60;control token&#62;"),
        (format!("{control}/<script>alert(1)</script>"), 404, "には何もありません"),
    ] {
        let page = mock.client.get(&url).header("accept", BROWSER).send().await.unwrap();
        assert_eq!(
            (page.status().as_u16(), &page.headers()["content-type"]),
            (status, &"text/html; charset=utf-8".parse().unwrap()),
            "{url}"
        );
        assert!(page.headers().contains_key("content-security-policy"));
        assert_eq!(page.headers().contains_key("www-authenticate"), status == 401 && url.starts_with(&control), "{url}");
        let page = page.text().await.unwrap();
        assert!(page.contains(words) && page.contains("lang=\"en\"") && !page.contains("<script"), "{url}: {page}");
        for accept in ["*/*", "application/json", "application/problem+json, text/html;q=0.9"] {
            let document = mock.client.get(&url).header("accept", accept).send().await.unwrap();
            assert_eq!(document.headers()["content-type"], "application/problem+json", "{url} {accept}");
        }
    }
    let posted = mock.client.post(format!("{control}/v1/institutions")).header("accept", BROWSER).send().await.unwrap();
    assert_eq!(posted.headers()["content-type"], "application/problem+json", "a browser opens addresses, a program posts");
}
