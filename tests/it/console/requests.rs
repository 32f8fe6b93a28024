//! The rehearsal's requests, its verdict and its faults, as a browser shows them.

use serde_json::{Value, json};

use crate::support::{Browser, Clinic, Mock, template};

const MORNING: &str = "2026-01-20T09:00:00+09:00";

/// A rehearsal of the morning after the installation.
async fn rehearsal(mock: &Mock) -> Clinic<'_> {
    let rehearsal = json!({"product": "模擬レセコン", "version": "5.2", "tester": "検証チーム"});
    mock.clinic_with(json!({"template": template::UP_TO_DATE, "scenario": "installed-not-restarted", "rehearsal": rehearsal})).await
}

/// The parts of the page, by the ids of their elements.
async fn parts(browser: &Browser, clinic: &Clinic<'_>, query: &str) -> Value {
    let path = format!("/console/institutions/{clinic}/parts{query}");
    let response = browser.fetch(&path).send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    response.json().await.unwrap()
}

async fn part(browser: &Browser, clinic: &Clinic<'_>, id: &str) -> String {
    parts(browser, clinic, "").await[id].as_str().unwrap().to_owned()
}

/// The value of an attribute behind a place in HTML.
fn attribute(html: &str, behind: &str, name: &str) -> String {
    let rest = html.split_once(behind).unwrap_or_else(|| panic!("no {behind}: {html}")).1;
    let value = rest.split_once(&format!("{name}=\"")).unwrap_or_else(|| panic!("no {name}: {rest}")).1;
    value.split('"').next().unwrap().replace("&#34;", "\"")
}

#[tokio::test]
async fn a_refused_check_is_told_in_words_and_asks_what_the_screen_showed() {
    let mock = Mock::start().await;
    let (clinic, browser) = (rehearsal(&mock).await, mock.console().await);
    let empty = part(&browser, &clinic, "requests").await;
    assert!(empty.contains("まだ要求がありません"), "{empty}");
    clinic.check().await.expect_error("MOCK0501E");
    let requests = part(&browser, &clinic, "requests").await;
    for words in ["模擬　太郎", "✕ 再起動待ち", "その後の再起動がありません", "レセコンの画面に何が表示されましたか", "検証チーム"]
    {
        assert!(requests.contains(words), "{words}: {requests}");
    }
    let verdict = part(&browser, &clinic, "verdict").await;
    assert!(verdict.contains("5項目中 1項目が合格") && verdict.contains(">まだ<"), "{verdict}");

    let form = "id=\"observe-T1-restart_required\"";
    let send = attribute(&requests, form, "data-send");
    let mut body: Value = serde_json::from_str(&attribute(&requests, form, "data-body")).unwrap();
    body["kind"] = json!("message_shown");
    let path = send.strip_prefix("POST ").unwrap();
    let refused = browser.post_json(path, body.clone()).send().await.unwrap();
    assert_eq!(refused.status(), 422, "a message needs its words");
    assert!(refused.text().await.unwrap().contains("「画面のメッセージ」を選んだときは、「画面の文言」を入力してください。"));
    body["text"] = json!("端末を再起動してください");
    assert_eq!(browser.post_json(path, body).send().await.unwrap().status(), 201);

    let now = parts(&browser, &clinic, "").await;
    let (requests, verdict) = (now["requests"].as_str().unwrap(), now["verdict"].as_str().unwrap());
    assert!(requests.contains("id=\"observation-1\"") && requests.contains("端末を再起動してください"), "{requests}");
    assert!(!requests.contains(form), "it is not asked again");
    assert!(verdict.contains("5項目中 3項目") && verdict.contains("#observation-1"), "{verdict}");
    assert!(!part(&browser, &clinic, "requests").await.contains("<script"));

    clinic.restart().await;
    clinic.check().await.expect_qualified();
    let now = parts(&browser, &clinic, "").await;
    assert!(now["requests"].as_str().unwrap().contains("✓ 有効"));
    let verdict = now["verdict"].as_str().unwrap();
    assert!(verdict.contains("5項目中 5項目") && verdict.contains("<span class=\"badge good\">合格</span>"), "{verdict}");
}

#[tokio::test]
async fn requests_are_filtered_and_bursts_are_marked() {
    let mock = Mock::start().await;
    let (clinic, browser) = (rehearsal(&mock).await, mock.console().await);
    for _ in 0..4 {
        clinic.check().await.expect_error("MOCK0501E");
    }
    clinic.restart().await;
    clinic.check().await.expect_qualified();
    let all = part(&browser, &clinic, "requests").await;
    assert!(all.contains("1分間に 4 回"), "{all}");
    let rows = |html: &Value| html["requests"].as_str().unwrap().matches("<tr id=\"entry-").count();
    for (query, count) in [
        ("", 5),
        ("?errors=on", 4),
        ("?person=valid", 5),
        ("?person=expired", 0),
        ("?terminal=T2", 0),
        ("?text=%E6%A8%A1%E6%93%AC%E5%A4%AA%E9%83%8E", 5),
        ("?text=%E6%9C%89%E5%8A%B9", 1),
    ] {
        assert_eq!(rows(&parts(&browser, &clinic, query).await), count, "{query}");
    }
    let page = browser.page(&format!("/console/institutions/{clinic}/entries?errors=on")).await;
    assert_eq!(page.matches("<tr id=\"entry-").count(), 4);
}

#[tokio::test]
async fn what_clients_sent_is_shown_as_text() {
    let mock = Mock::start().await;
    let (clinic, browser) = (mock.clinic(template::UP_TO_DATE, MORNING).await, mock.console().await);
    let hostile = "</pre><script>alert(1)</script>\u{202e}<img src=x onerror=alert(1)>";
    let mut body = clinic.inquiry();
    body["XmlMsg"]["MessageBody"]["QualificationConfirmSearchInfo"]["InsuredCardSymbol"] = json!(hostile);
    body["XmlMsg"]["MessageHeader"][hostile] = json!(hostile);
    let mut long = body.clone();
    long["XmlMsg"]["MessageHeader"]["A"] = json!("あ".repeat(330_000));
    let mut numbers = Vec::new();
    for body in [body, long] {
        let answer = mock.receipt_computer().search(&body).await;
        clinic.post("/observations", json!({"kind": "other", "text": hostile, "by": "<u>", "entry": answer.journal})).await;
        numbers.push(clinic.last_entry().await["number"].as_u64().unwrap());
    }
    let mut pages = vec![browser.page(&format!("/console/institutions/{clinic}")).await];
    for number in numbers {
        for mask in ["", "?mask=false"] {
            pages.push(browser.page(&format!("/console/institutions/{clinic}/entries/{number}{mask}")).await);
        }
        let whole = browser.get(&format!("/console/institutions/{clinic}/entries/{number}/request?mask=false")).send().await.unwrap();
        assert_eq!(whole.headers()["content-type"], "text/plain; charset=utf-8");
        assert_eq!(whole.headers()["x-content-type-options"], "nosniff");
        let text = whole.text().await.unwrap();
        assert!(text.contains("<script>alert(1)") || text.contains("あああ"));
    }
    for page in &pages {
        assert!(!page.contains("alert(1)</script>") && !page.contains("<img") && !page.contains("<u>"), "{page}");
        assert!(page.len() < 100_000, "{}", page.len());
    }
    assert!(pages.iter().all(|page| !page.contains('\u{202e}')), "no mark turns what follows");
    assert!(pages[0].contains("&#60;script&#62;"), "{}", pages[0]);
    assert!(!pages[1].contains("alert(1)") && pages[2].contains("alert(1)"), "masked, unless asked for");
}

#[tokio::test]
async fn a_request_that_matched_nobody_is_compared_with_the_nearest_person() {
    let mock = Mock::start().await;
    let (clinic, browser) = (mock.clinic(template::UP_TO_DATE, MORNING).await, mock.console().await);
    let mut body = clinic.inquiry();
    body["XmlMsg"]["MessageBody"]["QualificationConfirmSearchInfo"]["Birthdate"] = json!("19800518");
    mock.receipt_computer().search(&body).await;
    let number = clinic.last_entry().await["number"].as_u64().unwrap();
    let path = format!("/console/institutions/{clinic}/entries/{number}?mask=false");
    let page = browser.page(&path).await;
    for words in ["最も近い被保険者との比較", "Birthdate", "1980-05-17", "1980-05-18", "✓ 再起動", "● 該当資格なし"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    let missing = browser.get(&format!("/console/institutions/{clinic}/entries/99")).send().await.unwrap();
    assert_eq!(missing.status(), 404);
}

#[tokio::test]
async fn faults_are_told_in_words_and_can_be_taken_back() {
    let mock = Mock::start().await;
    let (clinic, browser) = (rehearsal(&mock).await, mock.console().await);
    let faults = part(&browser, &clinic, "faults").await;
    assert!(faults.contains("障害はありません") && faults.contains("回線を切る"), "{faults}");
    let form = "id=\"fault-form-status\"";
    let mut body: Value = serde_json::from_str(&attribute(&faults, form, "data-body")).unwrap();
    body["status"] = json!(503);
    let path = attribute(&faults, form, "data-send").strip_prefix("POST ").unwrap().to_owned();
    assert_eq!(browser.post_json(&path, body).send().await.unwrap().status(), 201);
    let profile = json!({"profile": "slow-line"});
    assert_eq!(browser.post_json(&path, profile).send().await.unwrap().status(), 201);
    clinic.set_profile("bare").await;
    clinic.set_terminal(json!({"line_down": true})).await;
    let faults = part(&browser, &clinic, "faults").await;
    for words in ["HTTP 503 だけを返します。対象：すべての要求", "0回発生", "slow-line-2", "✕ 切断中", "value=\"bare\" checked"]
    {
        assert!(faults.contains(words), "{words}: {faults}");
    }
    clinic.delete("/faults").await;
    assert!(part(&browser, &clinic, "faults").await.contains("障害はありません"));
}

#[tokio::test]
async fn without_a_scenario_the_verdict_says_what_to_do() {
    let mock = Mock::start().await;
    let (clinic, browser) = (mock.clinic(template::UP_TO_DATE, MORNING).await, mock.console().await);
    let verdict = part(&browser, &clinic, "verdict").await;
    assert!(verdict.contains("シナリオが選ばれていないため") && verdict.contains("href=\"/console/start\""), "{verdict}");
}
