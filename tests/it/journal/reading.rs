//! Reading a journal: by what entries hold, page by page, masked, one explained, and emptied.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::request_files::{DATE, card, info, message};
use crate::support::{Clinic, LOGIN, Mock, SEARCH, TOKEN, template};

const NOW: &str = "2026-01-20T10:00:00+09:00";

fn at(code: &str) -> String {
    format!("/v1/institutions/{code}/journal")
}

fn numbers(listing: &Value) -> Vec<u64> {
    listing["entries"].as_array().unwrap().iter().map(|entry| entry["number"].as_u64().unwrap()).collect()
}

/// A pharmacy of two terminals: a login, a refused check of T2, one of T1 that works an hour later,
/// and a poll.
async fn pharmacy_with_journal(mock: &Mock) -> Clinic<'_> {
    let clinic = mock.clinic(template::PHARMACY, NOW).await;
    let token = mock.login(json!({"userId": format!("{clinic}-T2")})).await;
    clinic.check_with(&token).await;
    clinic.advance("2026-01-20T11:00:00+09:00").await;
    clinic.check().await;
    clinic.poll("").await;
    clinic
}

#[tokio::test]
async fn entries_are_found_by_what_they_hold() {
    let mock = Mock::start().await;
    let clinic = pharmacy_with_journal(&mock).await;
    let all = clinic.get("/journal").await;
    assert_eq!((numbers(&all), &all["next"]), (vec![1, 2, 3, 4], &Value::Null));
    let (inquiry, session) = (all["entries"][1]["inquiry"].as_str().unwrap(), all["entries"][1]["session"].as_str().unwrap());
    for (filter, found) in [
        ("operation=search", vec![2, 3]),
        ("operation=login", vec![1]),
        ("outcome=refused", vec![2]),
        ("outcome=answered", vec![1, 4]),
        ("error=restart_required", vec![2]),
        ("error=MOCK0501E", vec![2]),
        ("error=MOCK0502E", vec![]),
        ("terminal=T1", vec![3, 4]),
        ("terminal=T2&operation=search", vec![2]),
        ("since=2026-01-20T11:00:00%2B09:00", vec![3, 4]),
        ("since=2026-01-20T02:00:00Z", vec![3, 4]),
        ("until=2026-01-20T11:00:00+09:00", vec![1, 2]),
        ("fault=delay", vec![]),
        (&format!("inquiry={inquiry}"), vec![2, 3]),
        (&format!("session={session}"), vec![2]),
        ("limit=2&outcome=answered", vec![1, 4]),
        ("limit=1&outcome=answered", vec![4]),
    ] {
        assert_eq!(numbers(&clinic.get(&format!("/journal?{filter}")).await), found, "{filter}");
    }
}

#[tokio::test]
async fn pages_lead_back_from_the_newest_and_forward_from_an_entry() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let mut ids = Vec::new();
    for _ in 0..7 {
        ids.push(clinic.check().await.journal);
    }
    let page = async |query: &str| {
        let page = clinic.get(&format!("/journal?limit=3{query}")).await;
        (numbers(&page), page["next"].clone())
    };
    assert_eq!(page("").await, (vec![5, 6, 7], json!({"before": 5})));
    assert_eq!(page("&before=5").await, (vec![2, 3, 4], json!({"before": 2})));
    assert_eq!(page("&before=2").await, (vec![1], Value::Null));
    assert_eq!(page("&after=0").await, (vec![1, 2, 3], json!({"after": 3})));
    assert_eq!(page(&format!("&after={}", ids[3])).await, (vec![5, 6, 7], Value::Null));
    assert_eq!(page(&format!("&before={}", ids[1])).await, (vec![1], Value::Null));
    assert_eq!(page("&after=7").await, (vec![], Value::Null), "nothing has come yet");
    let gone = "01900000-0000-7000-8000-000000000000";
    for (query, status) in [(format!("after={gone}"), 404), ("after=x".to_owned(), 400), ("after=1&before=9".to_owned(), 400)] {
        let (got, problem) = clinic.get(&format!("/journal?{query}")).outcome().await;
        assert_eq!(got.as_u16(), status, "{query}: {problem}");
    }
}

#[tokio::test]
async fn a_page_after_what_was_evicted_begins_with_the_oldest_that_is_kept() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    for _ in 0..505 {
        clinic.check().await;
    }
    let page = clinic.get("/journal?after=1&limit=2").await;
    assert_eq!((numbers(&page), &page["evicted"], &page["next"]), (vec![6, 7], &json!(5), &json!({"after": 7})));
}

#[tokio::test]
async fn what_an_emptied_journal_held_counts_as_evicted() {
    let mock = Mock::start().await;
    let clinic = pharmacy_with_journal(&mock).await;
    let held = numbers(&clinic.get("/journal").await).len() as u64;
    clinic.delete("/journal").expect_status(StatusCode::NO_CONTENT).await;
    assert_eq!(clinic.get("/journal").await, json!({"entries": [], "evicted": held}));
    clinic.check().await;
    assert_eq!(numbers(&clinic.get("/journal").await), [held + 1]);
    mock.ask("/nowhere").await;
    assert_eq!(numbers(&mock.get("/v1/journal").await), [1]);
    mock.delete("/v1/journal").expect_status(StatusCode::NO_CONTENT).await;
    assert_eq!(mock.get("/v1/journal").await, json!({"entries": [], "evicted": 1}));
    assert_eq!(numbers(&clinic.get("/journal").await), [held + 1], "of that alone");
    clinic.reset().await;
    assert_eq!(clinic.get("/journal").await, json!({"entries": [], "evicted": 0}), "made again");
}

/// A client that was pointed here by mistake sends what nobody should keep.
#[tokio::test]
async fn masked_entries_hold_nothing_of_a_person() {
    let mock = Mock::with_folders().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let mut real = clinic.inquiry();
    let info_at = "/XmlMsg/MessageBody/QualificationConfirmSearchInfo";
    let fields = json!({"InsuredCardSymbol": "極秘記号", "InsuredIdentificationNumber": "77001234", "Birthdate": "19431129", "PatientName": "患者名"});
    let secret = [
        "極秘記号",
        "77001234",
        "1943",
        "患者名",
        "模擬　太郎",
        "模擬　花子",
        "試－２４",
        "1980",
        "同意　全子",
        "模擬アムロジピン",
        "身長",
    ];
    real.pointer_mut(info_at).unwrap().as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    mock.send(mock.backend(Method::POST, SEARCH).header("x-patient", "患者名").json(&real)).await;
    clinic.check().await;
    let mut wrong = real.clone();
    wrong.pointer_mut(info_at).unwrap()["Birthdate"] = "1943年".into();
    mock.receipt_computer().search(&wrong).await;
    let cut = real.to_string();
    mock.send(mock.backend(Method::POST, SEARCH).header("content-type", "application/json").body(cut[..cut.len() - 3].to_owned())).await;
    let xml = message(&clinic.code, DATE, &info(&card("06990014", "試－２４", "３０５", "02"), "20121103", "0"));
    mock.backend(Method::POST, SEARCH).header("content-type", "application/xml").body(xml.clone()).send().await.unwrap();
    clinic.file("OQSsiquc01req_1.xml", xml).await;
    clinic.present(json!({"person": "valid"})).await;
    let drugs = crate::backend::medical::about(&clinic.code, "1241", "<FileCategory>4</FileCategory>");
    clinic.file("YZKsiquc01req_1.xml", drugs.clone()).await;
    clinic.file("TKKsiquc01req_1.xml", drugs.replace(">4<", ">2<")).await;
    clinic.file("EPSsiPIR01req_77001234.xml", drugs).await;
    mock.ask("/patients/77001234/%E6%82%A3").await;
    let plain = clinic.get("/journal").await.to_string();
    assert!(plain.contains("極秘記号") && plain.contains("模擬　太郎"), "without the mask they are there");
    for path in [at(&clinic.code), "/v1/journal".to_owned()] {
        let mut masked = mock.get(&format!("{path}?mask=true")).await;
        for entry in masked["entries"].as_array_mut().unwrap() {
            // Their digits are drawn, or the machine's time: any four of them may come.
            ["id", "at", "wall", "session", "inquiry"].iter().for_each(|drawn| entry[*drawn] = Value::Null);
        }
        for secret in secret {
            assert!(!masked.to_string().contains(secret), "{secret} is in {masked}");
        }
    }
    let masked = clinic.get("/journal?mask=true").await;
    let first = &masked["entries"][0];
    assert_eq!((&first["number"], &first["outcome"], &first["validity"]), (&json!(1), &json!("checked"), &json!("none")));
    let body: Value = serde_json::from_str(first["answer"]["body"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&body["XmlMsg"]["MessageHeader"]["SegmentOfResult"], &body["XmlMsg"]["MessageBody"]["QualificationValidity"]),
        (&json!("1"), &json!("4"))
    );
    let one = clinic.get("/journal/1?mask=true").await;
    assert!(secret.iter().all(|secret| !one.to_string().contains(secret)), "{one}");
}

/// What a receipt computer may say of a person in places where nobody looks for it.
#[tokio::test]
async fn a_masked_journal_holds_nothing_that_a_client_made_up() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let planted = ["Yamada", "19800517", "山田太郎", "/chart", "%E5%B1%B1"];
    let terminal = format!("{clinic}-T1");
    let post = |path: &str| mock.backend(Method::POST, path);
    let xml = message(&clinic.code, DATE, &info(&card("06990014", "試－２４", "３０５", "02"), "20121103", "0"));
    let file = post(&format!("/linkage/v1/terminals/{terminal}/files/OQSsiquc01req_YamadaTaro_19800517.xml")).body(xml);
    let answer = file.send().await.unwrap();
    assert!(answer.headers()["content-disposition"].to_str().unwrap().contains("YamadaTaro"), "the answer has the request's name");
    post(&format!("/linkage/v1/terminals/{terminal}/files/YamadaTaro.xml")).body("<a/>").send().await.unwrap();
    for path in ["/patients/YamadaTaro/chart?name=YamadaTaro", "/patients/%E5%B1%B1%E7%94%B0", "/delivery/v1/terminals/YamadaTaro/updates"]
    {
        mock.ask(path).await;
    }
    for path in ["/updates?trigger=YamadaTaro", "/YamadaTaro", "/updates?trigger=manual&trigger=YamadaTaro"] {
        mock.ask(&format!("/delivery/v1/terminals/{terminal}{path}")).await;
    }
    mock.ask(&format!("/delivery/v1/terminals/{clinic}-YamadaTaro/updates")).await;
    mock.ask(&format!("/delivery/v1/packages/YamadaTaro/linkage_application/1?terminal={terminal}")).await;
    mock.ask("/notices/v1?institution=YamadaTaro").await;
    for body in [json!({"person": "山田太郎"}), json!({"person": "valid", "card": "山田太郎"}), json!({"person": "valid", "YamadaTaro": 1})]
    {
        mock.send(post(&format!("/linkage/v1/terminals/{terminal}/cards")).json(&body)).await;
    }
    let failed = json!({"state": "failed", "component": "linkage_application", "version": "5.3.0", "message": "山田太郎"});
    for body in [failed, json!({"state": "booted", "boot_id": "YamadaTaro", "running": {}}), json!({"state": "山田太郎"})] {
        mock.send(post(&format!("/delivery/v1/terminals/{terminal}/reports")).json(&body)).await;
    }
    for field in ["YamadaTaro", "card", "kind", "type", "title", "status", "code", "MedicalInstitutionCode", "ReceptionNumber"] {
        let mut asked = clinic.inquiry();
        asked["XmlMsg"]["MessageBody"]["QualificationConfirmSearchInfo"][field] = "山田太郎".into();
        mock.send(post(SEARCH).header("x-yamada", "1").json(&asked)).await;
    }
    mock.send(post(LOGIN).json(&json!({"YamadaTaro": "山田太郎"}))).await;
    mock.send(mock.backend(Method::from_bytes(b"YAMADA").unwrap(), SEARCH)).await;
    for journal in [at(&clinic.code), "/v1/journal".to_owned()] {
        let all = mock.get(&format!("{journal}?limit=500")).await;
        assert!(all.to_string().contains("Yamada"), "without the mask it is there");
        let masked = mock.get(&format!("{journal}?limit=500&mask=true")).await;
        let mut looked_at = masked["entries"].as_array().unwrap().clone();
        for number in numbers(&masked) {
            looked_at.push(mock.get(&format!("{journal}/{number}?mask=true")).await);
        }
        for text in looked_at.iter().map(Value::to_string) {
            for secret in planted {
                assert!(!text.to_lowercase().contains(&secret.to_lowercase()), "{secret} is in {text}");
            }
        }
    }
    let first = clinic.get("/journal/1?mask=true").await["entry"].clone();
    assert_eq!(first["path"], format!("/linkage/v1/terminals/{terminal}/files/OQSsiquc01req_[masked].xml"));
    assert_eq!(first["answer"]["headers"]["content-disposition"], "attachment; filename=\"OQSsiquc01res_[masked].xml\"");
}

#[tokio::test]
async fn an_entry_explains_the_rule_the_terminal_and_what_to_do_in_both_languages() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, NOW).await;
    let refused = clinic.check().await.journal;
    let explained = clinic.get(&format!("/journal/{refused}")).await;
    assert_eq!(explained, clinic.get("/journal/1").await, "by its id or its number");
    let (entry, why) = (&explained["entry"], &explained["explanation"]);
    assert_eq!((&entry["id"], &entry["number"]), (&json!(refused), &json!(1)));
    assert_eq!((&why["rule"]["id"], &why["rule"]["source"]), (&json!("restart_required"), &json!("N5")));
    for language in ["ja", "en"] {
        for text in [&why["summary"], &why["rule"], &why["terminal"], &why["next"]] {
            assert!(text[language].as_str().unwrap().len() > 10, "{text}");
        }
    }
    assert!(
        why["summary"]["ja"].as_str().unwrap().contains("MOCK0501E")
            && why["terminal"]["ja"].as_str().unwrap().contains("再起動していません")
    );
    let marks: String = why["steps"].as_array().unwrap().iter().map(|step| step["mark"].as_str().unwrap()).collect();
    assert_eq!(marks, "✓✓✓✓✗––");
    clinic.restart().await;
    clinic.check().await;
    let worked = clinic.get("/journal/2").await["explanation"].clone();
    assert!(worked["rule"].is_null() && worked["summary"]["en"].as_str().unwrap().contains("worked"), "{worked}");
}

#[tokio::test]
async fn an_inquiry_that_matched_nobody_shows_who_came_nearest_criterion_by_criterion() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let mut asked = clinic.inquiry();
    asked.pointer_mut("/XmlMsg/MessageBody/QualificationConfirmSearchInfo").unwrap()["Birthdate"] = "19800518".into();
    mock.receipt_computer().search(&asked).await;
    let near = clinic.get("/journal/1").await["explanation"]["near_miss"].clone();
    let marks: String = near.as_array().unwrap().iter().map(|one| one["mark"].as_str().unwrap()).collect();
    assert_eq!(marks, "✓✓✓✓✗");
    assert_eq!(near[4], json!({"mark": "✗", "element": "Birthdate", "expected": "1980-05-17", "got": "1980-05-18"}));
}

#[tokio::test]
async fn a_check_of_nobody_is_explained_by_the_persons_that_there_are() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let mut stranger = clinic.inquiry();
    let info = stranger.pointer_mut("/XmlMsg/MessageBody/QualificationConfirmSearchInfo").unwrap();
    (info["InsuredCardSymbol"], info["InsuredIdentificationNumber"], info["Birthdate"]) = ("x".into(), "9".into(), "19000101".into());
    mock.receipt_computer().search(&stranger).await;
    let next = async || clinic.get("/journal/1").await["explanation"]["next"]["en"].to_string();
    assert!(next().await.contains("docs/persons.md and GET …/persons"));
    let one = clinic.get("/persons").await["persons"][0].clone();
    clinic.put("/persons", json!({"persons": [one]})).await;
    assert!(next().await.contains("persons of its own (1)"));
}

#[tokio::test]
async fn an_explanation_is_a_page_or_plain_text_where_that_is_accepted() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, NOW).await;
    clinic.check().await;
    mock.ask("/nowhere/<b>").await;
    for (path, shown) in [(format!("{}/1", at(&clinic.code)), "再起動していません"), ("/v1/journal/1".to_owned(), "次にすること")]
    {
        for (accept, answered) in
            [("text/html,*/*;q=0.8", "text/html; charset=utf-8"), ("text/plain", "text/plain; charset=utf-8"), ("*/*", "application/json")]
        {
            let url = format!("https://{}{path}", mock.control);
            let answer = mock.client.get(&url).bearer_auth(TOKEN).header("accept", accept).send().await.unwrap();
            assert_eq!((answer.status(), answer.headers()["content-type"].to_str().unwrap()), (StatusCode::OK, answered), "{path}");
            let text = answer.text().await.unwrap();
            assert!((answered == "application/json" || text.contains(shown)) && !text.contains("<b>"), "{text}");
        }
    }
}

#[tokio::test]
async fn an_entry_that_is_not_there_is_named() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let stray = mock.send(mock.backend(Method::POST, LOGIN).body("x")).await.journal;
    for (path, status) in [
        (format!("{}/1", at(&clinic.code)), 404),
        (format!("{}/{stray}", at(&clinic.code)), 404),
        (format!("{}/x", at(&clinic.code)), 400),
        (at("9910000083") + "/1", 404),
    ] {
        assert_eq!(mock.get(&path).outcome().await.0.as_u16(), status, "{path}");
    }
    clinic.get("/journal/x").expect_problem_kind(StatusCode::BAD_REQUEST, "path").await;
    let found = mock.get(&format!("/v1/journal/{stray}")).await;
    assert_eq!(found["explanation"]["rule"]["id"], "malformed_request");
}

#[tokio::test]
async fn the_url_of_a_journal_names_what_is_wrong_with_it() {
    let mock = Mock::start().await;
    for query in ["operation=serch", "outcome=failed", "error=restart", "since=yesterday", "mask=yes", "typo=1", "terminal=T1&terminal=T2"]
    {
        mock.institution(template::UP_TO_DATE)
            .get(&format!("/journal?{query}"))
            .expect_problem_kind(StatusCode::BAD_REQUEST, "query")
            .await;
    }
    let problem =
        mock.institution(template::UP_TO_DATE).get("/journal?operation=serch").expect_problem_kind(StatusCode::BAD_REQUEST, "query").await;
    assert!(problem["expected"].as_str().unwrap().contains("search"), "{problem}");
}

#[tokio::test]
async fn an_error_is_asked_for_by_its_name_its_code_and_the_institutions_own_code() {
    let mock = Mock::start().await;
    let own = json!({"errors": {"restart_required": {"code": "ABCD0123E"}}});
    mock.institution(template::UP_TO_DATE).change(own).await;
    for error in ["restart_required", "MOCK0501E", "ABCD0123E"] {
        mock.institution(template::UP_TO_DATE).get(&format!("/journal?error={error}")).await;
    }
    let problem = mock.get("/v1/journal?error=ABCD0123E").expect_problem_kind(StatusCode::BAD_REQUEST, "query").await;
    assert!(problem["expected"].as_str().unwrap().contains("restart_required (MOCK0501E)"), "{problem}");
}

#[tokio::test]
async fn an_error_is_asked_for_by_a_former_code_while_an_entry_has_it() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, "2026-01-20T08:55:00+09:00").await;
    for own in ["ABCD0123E", "ABCD0456E"] {
        let errors = json!({"errors": {"restart_required": {"code": own}}});
        clinic.change(errors).await;
        clinic.check().await;
    }
    for (query, found) in [("ABCD0123E", vec![1]), ("ABCD0123E&after=1", vec![]), ("restart_required", vec![1, 2])] {
        assert_eq!(numbers(&clinic.get(&format!("/journal?error={query}")).await), found, "{query}");
    }
    clinic.delete("/journal").await;
    clinic.get("/journal?error=ABCD0123E").expect_problem_kind(StatusCode::BAD_REQUEST, "query").await;
}
