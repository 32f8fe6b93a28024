//! The console's pages around a rehearsal: start, connection, list and report.

use reqwest::Method;
use reqwest::header::CONTENT_DISPOSITION;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::support::eventually::eventually;
use crate::support::{Browser, Mock, template, trusting};

/// The text between two others, behind a place.
fn between<'a>(html: &'a str, behind: &str, from: &str, to: &str) -> &'a str {
    let rest = html.split_once(behind).unwrap_or_else(|| panic!("no {behind}: {html}")).1;
    let rest = rest.split_once(from).unwrap_or_else(|| panic!("no {from}: {rest}")).1;
    rest.split_once(to).unwrap_or_else(|| panic!("no {to}: {rest}")).0
}

/// Begins a scenario by its form on the page, as the page's script does, and gives the code.
async fn start(browser: &Browser, id: &str, fields: Value) -> String {
    let page = browser.page("/console/start").await;
    let form = format!("id=\"scenario-{id}\"");
    let path = between(&page, &form, "data-send=\"POST ", "\"");
    let mut body: Value = serde_json::from_str(&between(&page, &form, "data-body=\"", "\"").replace("&#34;", "\"")).unwrap();
    assert_eq!(between(&page, &form, "data-then=\"", "\""), "go /console/connect/{code}");
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let created = browser.post_json(path, body).send().await.unwrap();
    assert_eq!(created.status(), 201);
    created.json::<Value>().await.unwrap()["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_scenario_can_be_begun_and_says_what_it_teaches_and_what_is_judged() {
    let mock = Mock::start().await;
    let browser = mock.console().await;
    let page = browser.page("/console/start").await;
    let scenarios = mock.get("/v1/scenarios").await["scenarios"].as_array().unwrap().clone();
    assert_eq!(page.matches("<article").count(), scenarios.len());
    assert_eq!(page.matches(">はじめる</button>").count(), scenarios.len());
    for scenario in &scenarios {
        for text in ["title", "teaches"].map(|field| scenario[field]["ja"].as_str().unwrap()) {
            assert!(page.contains(text), "{text}");
        }
    }
    let first = page.find("最初はこれから").unwrap();
    assert!(first < page.find("インストール済み・未再起動").unwrap() && first < page.find("朝のエラーと再起動").unwrap());
    assert!(page.contains("端末の再起動が必要だと画面で案内した") && page.contains("お知らせ N5"));

    let rehearsal = json!({"product": "模擬<b>レセコン", "version": "5.2", "tester": "検証チーム"});
    let code = start(&browser, "installed-not-restarted", json!({"rehearsal": rehearsal, "restarts": "manual"})).await;
    let clinic = mock.institution(&code);
    assert_eq!(clinic.get("/scenario").await["timeline"], json!([]), "the tester restarts the terminal");
    let again = browser.page(&format!("/console/start?from={code}")).await;
    assert!(again.contains("value=\"模擬&#60;b&#62;レセコン\"") && again.contains("value=\"検証チーム\""), "{again}");
    let code = start(&browser, "stuck-call-centre-open", json!({})).await;
    assert_eq!(mock.institution(&code).get("/scenario").await["timeline"].as_array().unwrap().len(), 1);
}

/// The steps of the page about the connection, with their states; and the whole part.
async fn steps(browser: &Browser, code: &str) -> (Vec<String>, String) {
    let response = browser.fetch(&format!("/console/connect/{code}/parts")).send().await.unwrap();
    let parts: Value = response.json().await.unwrap();
    let progress = parts["progress"].as_str().unwrap();
    let steps = progress.split("<li>").skip(1);
    let steps = steps.map(|step| format!("{} {}", between(step, "<b>", "", "</b>"), between(step, "badge ", ">", "<")));
    (steps.collect(), format!("{progress}{}", parts["failures"].as_str().unwrap()))
}

/// Waits until the steps are in these states, and gives the parts.
async fn steps_become(browser: &Browser, code: &str, expected: [&str; 5]) -> String {
    let names = ["TCP 接続", "TLS", "ログイン", "資格確認", "連携フォルダー"];
    let expected: Vec<String> = names.iter().zip(expected).map(|(name, state)| format!("{name} {state}")).collect();
    let look = async || {
        let (steps, parts) = steps(browser, code).await;
        if steps == expected { Ok(parts) } else { Err(steps) }
    };
    eventually("these steps", look).await
}

#[tokio::test]
async fn the_page_about_the_connection_shows_how_far_the_receipt_computer_came() {
    let (mock, stranger) = (Mock::start().await, Mock::start().await);
    let browser = mock.console().await;
    let code = start(&browser, "installed-not-restarted", json!({})).await;
    let page = browser.page(&format!("/console/connect/{code}")).await;
    let backend = format!("https://{}", mock.backend);
    for text in [
        backend.as_str(),
        code.as_str(),
        "/ca.pem",
        "01990019",
        "模擬　太郎",
        "複数該当・枝番なし",
        "docs/trust.ja.md",
        "curl --cacert ca.pem",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let port = format!("--backend-addr 0.0.0.0:{} ", mock.backend.port());
    assert!(page.contains(&port) && page.contains("01990019\t11010203\t1001\t01\t19800517"), "{page}");
    let (done, open, failed, unused) = ("✓ 済み", "○ まだ", "✕ 失敗", "― 使いません");
    let parts = steps_become(&browser, &code, [open, open, open, open, unused]).await;
    assert!(parts.contains("接続がまだ1つも届いていません") && !parts.contains("button main"), "{parts}");

    let connection = TcpStream::connect(mock.backend).await.unwrap();
    steps_become(&browser, &code, [done, open, open, open, unused]).await;
    drop(connection);

    trusting(&stranger.ca_pem).build().unwrap().get(&backend).send().await.unwrap_err();
    let parts = steps_become(&browser, &code, [done, failed, open, open, unused]).await;
    assert!(parts.contains("クライアントがテスト用CAを信頼していません") && parts.contains("docs/troubleshooting.ja.md"), "{parts}");

    // A code that no institution has.
    mock.receipt_computer().check("9919999997").await;
    let parts = steps_become(&browser, &code, [done, done, open, open, unused]).await;
    assert!(parts.contains("医療機関を特定できなかった要求") && parts.contains("9919999997"), "{parts}");
    let remedy = format!("この画面の医療機関コード <span class=\"code\">{code}</span> をレセコンに設定してください。");
    assert!(parts.contains(&remedy), "{parts}");

    let token = mock.login(json!({"userId": code})).await;
    steps_become(&browser, &code, [done, done, done, open, unused]).await;
    mock.receipt_computer().with_token("another").check(&code).await;
    steps_become(&browser, &code, [done, done, done, failed, unused]).await;
    mock.receipt_computer().with_token(&token).check(&code).await.expect_error("MOCK0501E");
    let parts = steps_become(&browser, &code, [done, done, done, done, unused]).await;
    let link = format!("<a class=\"button main\" href=\"/console/institutions/{code}\">リハーサルへ進む</a>");
    assert!(parts.contains("資格確認が届きました") && parts.contains(&link), "a check that ends in an error arrived, too: {parts}");
}

/// A receipt computer that still has the code of the README, or of another rehearsal.
#[tokio::test]
async fn a_request_to_another_institution_is_told_until_a_check_arrives() {
    let mock = Mock::start().await;
    let browser = mock.console().await;
    let code = start(&browser, "installed-not-restarted", json!({})).await;
    let former = start(&browser, "installed-not-restarted", json!({})).await;
    mock.login(json!({"userId": former})).await;
    mock.receipt_computer().check("9910000026").await;
    let (_, parts) = steps(&browser, &code).await;
    for other in ["9910000026", &former] {
        let told = format!("別の医療機関コード <span class=\"code\">{other}</span> への要求が届きました。");
        assert!(parts.contains(&told), "{other}: {parts}");
    }
    let remedy = format!("レセコンの医療機関コードを <span class=\"code\">{code}</span> に設定してください。");
    assert!(parts.contains(&remedy) && parts.contains("別の医療機関コードへの要求があります"), "{parts}");
    let (_, of_former) = steps(&browser, &former).await;
    assert!(!of_former.contains(&format!("<span class=\"code\">{former}</span> への要求")), "its own: {of_former}");

    mock.receipt_computer().check(&code).await.expect_error("MOCK0501E");
    let (_, parts) = steps(&browser, &code).await;
    assert!(!parts.contains("別の医療機関コード") && parts.contains("資格確認が届きました"), "{parts}");
    assert!(parts.contains("ログインせずに資格確認が行われました。このサーバーでは問題ありません"), "{parts}");
}

#[tokio::test]
async fn the_list_has_pages_and_finds_institutions() {
    let mock = Mock::start().await;
    let browser = mock.console().await;
    let name = json!({"ja": "<i>試験</i>クリニック", "en": "Test clinic"});
    let mut codes = Vec::new();
    for _ in 0..60 {
        let clinic = mock.clinic_with(json!({"template": template::UP_TO_DATE, "name": name, "expires_after": "PT1H"})).await;
        codes.push(clinic.code);
    }
    let found = |page: &str| page.matches(">開く</a>").count();
    let first = browser.page("/console/institutions").await;
    assert_eq!(found(&first), 50);
    assert!(first.contains("&#60;i&#62;試験") && !first.contains("<i>試験"), "names are text");
    let next = between(&first, "class=\"row pages\"", "href=\"", "\"").replace("&#38;", "&");
    let second = browser.page(&next).await;
    assert_eq!(found(&first) + found(&second), mock.get("/v1/institutions").await["institutions"].as_array().unwrap().len());
    assert!(second.contains("最初のページ") && !second.contains("次のページ"));

    let page = async |text: &str| browser.page(&format!("/console/institutions?text={text}")).await;
    assert_eq!(found(&page(&codes[7]).await), 1);
    assert_eq!(found(&page("9940").await), 1, "the first digits of a code");
    assert_eq!(found(&page("%E8%96%AC%E5%B1%80").await), 1, "the name of the pharmacy");
    assert_eq!(found(&page("test%20CLINIC").await), 50);
    let code = start(&browser, "line-down", json!({"rehearsal": {"tester": "検証チーム"}})).await;
    for text in ["line-down", "%E5%9B%9E%E7%B7%9A%E3%81%AE%E5%88%87%E6%96%AD", "%E6%A4%9C%E8%A8%BC%E3%83%81%E3%83%BC%E3%83%A0"] {
        let page = page(text).await;
        assert!(found(&page) == 1 && page.contains(&code), "{text}: {page}");
    }
    let none = page("%3Cscript%3E").await;
    assert!(none.contains("に合う医療機関はありません") && none.contains("「&#60;script&#62;」"), "{none}");
    let path = format!("/console/api/institutions/{code}");
    let deleted = browser.bare(Method::DELETE, &path).header("sec-fetch-site", "same-origin").header("origin", browser.origin());
    assert_eq!(deleted.send().await.unwrap().status(), 204);
    assert_eq!(found(&page("line-down").await), 0);
}

#[tokio::test]
async fn the_report_is_one_file_that_says_what_was_tested_and_what_is_missing() {
    let mock = Mock::start().await;
    let browser = mock.console().await;
    let rehearsal = json!({"product": "模擬レセコン", "version": "5.2", "tester": "検証チーム"});
    let code = start(&browser, "installed-not-restarted", json!({"rehearsal": rehearsal})).await;
    let clinic = mock.institution(&code);
    let report = format!("/console/institutions/{code}/report");
    let empty = browser.page(&report).await;
    assert!(empty.contains("未完了") && empty.contains("まだ要求がありません"), "{empty}");
    clinic.check().await.expect_error("MOCK0501E");
    let seen = json!({"kind": "restart_prompted", "text": "<b>再起動</b>してください", "by": "検証"});
    clinic.post("/observations", seen).await;

    let page = browser.page(&report).await;
    assert!(
        page.contains(&format!("href=\"{report}?save=1\">報告書を保存</a>"))
            && page.contains("<article class=\"report incomplete\" lang=\"ja\">")
    );
    let saved = browser.get(&format!("{report}?save=1")).send().await.unwrap();
    let name = format!("attachment; filename=\"onshi-mock-{code}-installed-not-restarted-incomplete-20");
    assert!(saved.headers()[CONTENT_DISPOSITION].to_str().unwrap().starts_with(&name), "{:?}", saved.headers());
    let saved = saved.text().await.unwrap();
    for text in
        ["模擬レセコン", "5.2", "検証チーム", "インストール済み・未再起動", "未完了", "未実施", "足りないもの", "<svg", "N5", "お知らせ"]
    {
        assert!(saved.contains(text), "{text}: {saved}");
    }
    assert!(saved.contains("テストの証跡であり、認証ではありません") && saved.contains("&#60;b&#62;再起動"), "{saved}");
    assert!(saved.contains("再起動の後にもう一度行ってください"), "it says what to do next: {saved}");
    for outside in ["http:", "https:", "src=", "<link", "<script", "@import", "url("] {
        assert!(!saved.contains(outside), "{outside}");
    }
    for secret in ["01990019", "11010203", "19800517", "模擬　太郎"] {
        assert!(!saved.contains(secret), "{secret}");
    }

    clinic.restart().await;
    clinic.check().await.expect_qualified();
    let page = browser.page(&report).await;
    assert!(page.contains("<article class=\"report pass\" lang=\"ja\">") && !page.contains("次にすること"), "{page}");
}
