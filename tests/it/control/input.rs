//! Bad input on every control route: what it answers, as tables. The problem's `type` ends in the
//! kind, `pointer` names the field.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Mock, TOKEN, template};

const DELETE: Method = Method::DELETE;
const GET: Method = Method::GET;
const PATCH: Method = Method::PATCH;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;

/// Method, path below the institution, body, status, kind, pointer.
type Case = (Method, &'static str, Value, u16, &'static str, Option<&'static str>);

/// A wrong field is always 422.
fn field(method: Method, path: &'static str, body: Value, pointer: &'static str) -> Case {
    (method, path, body, 422, "field", Some(pointer))
}

/// Each is refused as it says, and leaves the institution as it was.
async fn refuses(mock: &Mock, below: &str, cases: Vec<Case>) {
    let before = mock.institution(template::EXTERNAL).show().await["terminals"].clone();
    for (method, path, body, status, kind, pointer) in cases {
        let (got, problem) = mock.call(method.clone(), &format!("{below}{path}"), body.clone()).outcome().await;
        let what = format!("{method} {path} {body}: {problem}");
        assert_eq!((got.as_u16(), &problem["status"]), (status, &json!(status)), "{what}");
        assert_eq!(problem["type"], format!("urn:onshi-mock:problem:{kind}"), "{what}");
        assert_eq!(problem["pointer"].as_str(), pointer, "{what}");
    }
    assert_eq!(mock.institution(template::EXTERNAL).show().await["terminals"], before);
}

#[tokio::test]
async fn creating_an_institution_names_what_is_wrong() {
    let mock = Mock::start().await;
    let clock = |clock: Value| json!({"template": template::UPDATE_AVAILABLE, "clock": clock});
    let with = |name: &str, value: Value| json!({"template": template::UPDATE_AVAILABLE, name: value});
    let many: serde_json::Map<String, Value> = (1..=65).map(|n| (format!("T{n}"), json!({}))).collect();
    let cases = vec![
        field(POST, "", Value::Null, "/template"),
        field(POST, "", json!({}), "/template"),
        field(POST, "", json!([]), ""),
        field(POST, "", json!({"template": 9910000075_u64}), "/template"),
        field(POST, "", json!({"template": "9910000076"}), "/template"),
        field(POST, "", json!({"template": "9910000083"}), "/template"),
        field(POST, "", with("expires_after", json!("PT0S")), "/expires_after"),
        field(POST, "", with("typo", json!(1)), "/typo"),
        field(POST, "", with("a/b~c", json!(1)), "/a~1b~0c"),
        field(POST, "", with("code", json!("9910000019")), "/code"),
        (POST, "", with("code", json!("9910000018")), 409, "conflict", Some("/code")),
        field(POST, "", with("name", json!("plain")), "/name"),
        field(POST, "", with("default_terminal", json!("T9")), "/default_terminal"),
        field(POST, "", with("default_terminal", json!("T-1")), "/default_terminal"),
        field(POST, "", with("readings", json!({"typo": true})), "/readings/typo"),
        field(POST, "", with("readings", json!({"excluded": "day"})), "/readings/excluded"),
        field(POST, "", with("readings", json!({"outdated_refused_from": "tomorrow"})), "/readings/outdated_refused_from"),
        field(POST, "", clock(json!({"mode": "stopped"})), "/clock/mode"),
        field(POST, "", clock(json!({})), "/clock/mode"),
        field(POST, "", clock(json!({"mode": "frozen", "now": "2026-01-19"})), "/clock/now"),
        field(POST, "", clock(json!({"mode": "frozen", "now": "1999-12-31T00:00:00Z"})), "/clock/now"),
        field(POST, "", clock(json!({"mode": "system", "now": "2026-01-19T00:00:00Z"})), "/clock/now"),
        field(POST, "", clock(json!({"mode": "frozen", "rate": 2})), "/clock/rate"),
        field(POST, "", with("terminals", json!({"T1": {"typo": 1}})), "/terminals/T1/typo"),
        field(POST, "", with("terminals", json!({"T 1": {}})), "/terminals/T 1"),
        field(POST, "", with("terminals", json!({"T1": {"bandwidth": 0}})), "/terminals/T1/bandwidth"),
        field(POST, "", with("terminals", Value::Object(many)), "/terminals"),
        field(POST, "", with("campaign", json!({"nights": 0})), "/campaign/nights"),
        field(POST, "", with("campaign", json!({"starts": "yesterday"})), "/campaign/starts"),
    ];
    refuses(&mock, "/v1/institutions", cases).await;
}

#[tokio::test]
async fn an_institution_that_does_not_exist_or_cannot_is_named_on_every_route() {
    let mock = Mock::start().await;
    let clock = json!({"mode": "frozen"});
    let on = json!({"on": true});
    let routes = [
        (GET, "", Value::Null),
        (PATCH, "", json!({})),
        (DELETE, "", Value::Null),
        (POST, "/reset", Value::Null),
        (GET, "/clock", Value::Null),
        (PUT, "/clock", clock),
        (POST, "/clock/advance", json!({"by": "PT1H"})),
        (GET, "/campaign", Value::Null),
        (PUT, "/campaign", json!({})),
        (GET, "/events", Value::Null),
        (GET, "/observations", Value::Null),
        (POST, "/observations", json!({"kind": "restart_prompted"})),
        (GET, "/journal", Value::Null),
        (GET, "/journal/1", Value::Null),
        (DELETE, "/journal", Value::Null),
        (GET, "/terminals", Value::Null),
        (POST, "/terminals", json!({"id": "T2"})),
    ];
    let terminal_routes = [
        (GET, "", Value::Null),
        (PATCH, "", json!({})),
        (DELETE, "", Value::Null),
        (POST, "/power", on.clone()),
        (POST, "/shutdown", Value::Null),
        (POST, "/restart", Value::Null),
        (POST, "/restart-linkage", Value::Null),
        (POST, "/reader-power", on),
        (POST, "/download", Value::Null),
        (POST, "/install", Value::Null),
        (POST, "/certificate", Value::Null),
        (GET, "/screen", Value::Null),
    ];
    let as_cases = |routes: &[(Method, &'static str, Value)], status: u16, kind: &'static str| -> Vec<Case> {
        routes.iter().map(|(method, path, body)| (method.clone(), *path, body.clone(), status, kind, None)).collect()
    };
    refuses(&mock, "/v1/institutions/9910000083", as_cases(&routes, 404, "not-found")).await;
    refuses(&mock, "/v1/institutions/9910000019", as_cases(&routes, 400, "path")).await;
    refuses(&mock, "/v1/institutions/9910000083/terminals/T1", as_cases(&terminal_routes, 404, "not-found")).await;
    refuses(&mock, "/v1/institutions/9910000018/terminals/T9", as_cases(&terminal_routes, 404, "not-found")).await;
    refuses(&mock, "/v1/institutions/9910000018/terminals/T_1", as_cases(&terminal_routes, 400, "path")).await;
}

#[tokio::test]
async fn changing_an_institution_names_what_is_wrong() {
    let mock = Mock::start().await;
    let cases = vec![
        field(PATCH, "", json!({"typo": 1}), "/typo"),
        field(PATCH, "", json!({"clock": {"mode": "frozen"}}), "/clock"),
        field(PATCH, "", json!({"default_terminal": "T9"}), "/default_terminal"),
        field(PATCH, "", json!({"readings": {"download_runs_on": "yes"}}), "/readings/download_runs_on"),
        field(PATCH, "", json!({"readings": []}), "/readings"),
        field(POST, "/terminals", json!({}), "/id"),
        field(POST, "/terminals", json!({"id": 2}), "/id"),
        field(POST, "/terminals", json!({"id": "端末"}), "/id"),
        field(POST, "/terminals", json!({"id": "T2", "typo": 1}), "/typo"),
        field(POST, "/terminals", json!({"id": "T2", "bandwidth": -1}), "/bandwidth"),
        (POST, "/terminals", json!({"id": "T1"}), 409, "conflict", Some("/id")),
        (DELETE, "/terminals/T1", Value::Null, 409, "conflict", None),
        (GET, "/journal?limit=0", Value::Null, 400, "query", None),
        (GET, "/journal?limit=501", Value::Null, 400, "query", None),
        (GET, "/journal?limit=many", Value::Null, 400, "query", None),
        (GET, "/journal?limt=5", Value::Null, 400, "query", None),
        (GET, "/journal?limit=5&limit=6", Value::Null, 400, "query", None),
        field(POST, "/reset", json!({"typo": 1}), "/typo"),
    ];
    refuses(&mock, "/v1/institutions/9910000034", cases).await;
}

#[tokio::test]
async fn the_clock_names_what_is_wrong() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UPDATE_AVAILABLE, "2026-01-19T19:00:00+09:00").await;
    let cases = vec![
        field(PUT, "/clock", json!({}), "/mode"),
        field(PUT, "/clock", json!({"mode": "frozen", "typo": 1}), "/typo"),
        field(PUT, "/clock", json!({"mode": "FROZEN"}), "/mode"),
        field(PUT, "/clock", json!({"mode": "frozen", "now": 1}), "/now"),
        field(PUT, "/clock", json!({"mode": "frozen", "now": "2026-02-30T00:00:00Z"}), "/now"),
        field(PUT, "/clock", json!({"mode": "frozen", "now": "2026-01-19T19:00:00"}), "/now"),
        field(PUT, "/clock", json!({"mode": "frozen", "now": "9999-12-30T00:00:00Z"}), "/now"),
        field(PUT, "/clock", json!({"mode": "frozen", "now": "2200-01-01T00:00:00Z"}), "/now"),
        field(PUT, "/clock", json!({"mode": "system", "now": "2026-01-19T19:00:00Z"}), "/now"),
        field(PUT, "/clock", json!({"mode": "system", "rate": 1}), "/rate"),
        field(PUT, "/clock", json!({"mode": "running", "rate": 0}), "/rate"),
        field(PUT, "/clock", json!({"mode": "running", "rate": -1}), "/rate"),
        field(PUT, "/clock", json!({"mode": "running", "rate": 1e9}), "/rate"),
        field(PUT, "/clock", json!({"mode": "running", "rate": 1e-9}), "/rate"),
        field(PUT, "/clock", json!({"mode": "running", "rate": "fast"}), "/rate"),
        field(POST, "/clock/advance", json!({}), ""),
        field(POST, "/clock/advance", json!({"by": "PT1H", "to": "2026-01-20T00:00:00Z"}), ""),
        field(POST, "/clock/advance", json!({"by": "PT1H", "typo": 1}), "/typo"),
        field(POST, "/clock/advance", json!({"by": "-PT1H"}), "/by"),
        field(POST, "/clock/advance", json!({"by": "P1M"}), "/by"),
        field(POST, "/clock/advance", json!({"by": "1h"}), "/by"),
        field(POST, "/clock/advance", json!({"by": 3600}), "/by"),
        field(POST, "/clock/advance", json!({"by": "P401D"}), "/by"),
        field(POST, "/clock/advance", json!({"to": "2026-01-19T18:59:59+09:00"}), "/to"),
        field(POST, "/clock/advance", json!({"to": "2027-02-24T19:00:01+09:00"}), "/to"),
        field(POST, "/clock/advance", json!({"to": "9999-01-01T00:00:00Z"}), "/to"),
    ];
    refuses(&mock, &format!("/v1/institutions/{clinic}"), cases).await;
    clinic.freeze_at("2199-12-31T00:00:00Z").await;
    refuses(&mock, &format!("/v1/institutions/{clinic}"), vec![field(POST, "/clock/advance", json!({"by": "P2D"}), "/by")]).await;
}

#[tokio::test]
async fn the_campaign_names_what_is_wrong() {
    let mock = Mock::start().await;
    let put = |body: Value, pointer: &'static str| field(PUT, "/campaign", body, pointer);
    let package = |package: Value| json!({"packages": [{"component": "linkage_application", "version": "9.0"}, package]});
    let five = json!({"packages": vec![json!({"component": "linkage_application", "version": "9.0"}); 5]});
    let cases = vec![
        put(json!({"typo": 1}), "/typo"),
        put(json!({"id": "a b"}), "/id"),
        put(json!({"starts": "2026-13-01"}), "/starts"),
        put(json!({"starts": "9998-01-01"}), "/starts"),
        put(json!({"nights": 0}), "/nights"),
        put(json!({"nights": 401}), "/nights"),
        put(json!({"nights": 70000}), "/nights"),
        put(json!({"nights": "twelve"}), "/nights"),
        put(json!({"excluded": ["2026-01-25", "26th"]}), "/excluded/1"),
        put(json!({"excluded": (0..401).map(|n| format!("{}-01-01", 1000 + n)).collect::<Vec<_>>()}), "/excluded"),
        put(json!({"all_day_from": "-009999-01-01"}), "/all_day_from"),
        put(json!({"starts": "9999-12-25"}), "/starts"),
        put(json!({"opens": "8pm"}), "/opens"),
        put(json!({"closes": "25:00"}), "/closes"),
        put(json!({"all_day_from": 31}), "/all_day_from"),
        put(json!({"suspended": "no"}), "/suspended"),
        put(json!({"title": {"ja": "x"}}), "/title/en"),
        put(json!({"notices": [{"channel": "fax"}]}), "/notices/0/channel"),
        put(package(json!({"component": "printer", "version": "1"})), "/packages/1/component"),
        put(package(json!({"component": "face_recognition_library"})), "/packages/1/version"),
        put(package(json!({"component": "face_recognition_library", "version": "v4"})), "/packages/1/version"),
        put(package(json!({"component": "face_recognition_library", "version": "1.0"})), "/packages/1/version"),
        put(package(json!({"component": "linkage_application", "version": "9.1"})), "/packages/1/component"),
        put(package(json!({"component": "face_recognition_library", "version": "4", "size": 0})), "/packages/1/size"),
        put(package(json!({"component": "face_recognition_library", "version": "4", "size": 4_294_967_297_u64})), "/packages/1/size"),
        put(package(json!({"component": "face_recognition_library", "version": "4", "size": -1})), "/packages/1/size"),
        put(package(json!({"component": "face_recognition_library", "version": "4", "sha256": "0"})), "/packages/1/sha256"),
        put(five, "/packages/4"),
    ];
    refuses(&mock, "/v1/institutions/9910000034", cases).await;
}

#[tokio::test]
async fn a_terminal_names_what_is_wrong() {
    let mock = Mock::start().await;
    let patch = |body: Value, pointer: &'static str| field(PATCH, "", body, pointer);
    let mut cases = vec![
        patch(json!({"typo": 1}), "/typo"),
        patch(json!({"starts": "pending"}), "/starts"),
        patch(json!({"driver": "real"}), "/driver"),
        patch(json!({"polling": 1}), "/polling"),
        patch(json!({"power_schedule": {"on": "08:00"}}), "/power_schedule/off"),
        patch(json!({"power_schedule": {"on": "08:00", "off": "late"}}), "/power_schedule/off"),
        patch(json!({"power_schedule": {"on": "08:00", "off": "08:00"}}), "/power_schedule"),
        patch(json!({"automatic_restart": "7"}), "/automatic_restart"),
        patch(json!({"poll_interval": "PT59S"}), "/poll_interval"),
        patch(json!({"bandwidth": 0}), "/bandwidth"),
        patch(json!({"bandwidth": 1.5}), "/bandwidth"),
        patch(json!({"install_time": "1 minute"}), "/install_time"),
        patch(json!({"boot_time": "P401D"}), "/boot_time"),
        patch(json!({"reader": {"typo": true}}), "/reader/typo"),
        patch(json!({"reader": false}), "/reader"),
        patch(json!({"result_files": "renamed"}), "/result_files"),
    ];
    for action in ["/power", "/reader-power"] {
        cases.push(field(POST, action, json!({}), "/on"));
        cases.push(field(POST, action, json!([true]), ""));
        cases.push(field(POST, action, json!({"on": "yes"}), "/on"));
        cases.push(field(POST, action, json!({"on": true, "typo": 1}), "/typo"));
    }
    for action in ["/shutdown", "/restart", "/restart-linkage", "/download", "/install", "/certificate"] {
        cases.push(field(POST, action, json!({"typo": 1}), "/typo"));
    }
    refuses(&mock, "/v1/institutions/9910000034/terminals/T1", cases).await;
}

#[tokio::test]
async fn a_body_that_is_no_json_or_too_large_is_told_apart_from_a_wrong_field() {
    let mock = Mock::start_with(|config| config.body.max = 4096).await;
    let url = format!("https://{}/v1/institutions", mock.control);
    let large = format!("{{\"template\": \"{}\"}}", "9".repeat(5000));
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for (body, status, kind) in [
        ("{\"template\": ".into(), 400, "not-json"),
        ("hello".into(), 400, "not-json"),
        ("{\"template\": \"9910000018\"} x".into(), 400, "not-json"),
        (b"{\"template\": \"9910000018\", \"name\": \"\x93\x8c\x8b\x9e\"}".to_vec(), 400, "not-json"),
        (deep.into(), 422, "field"),
        (large.into(), 413, "body-too-large"),
    ] as [(Vec<u8>, u16, &str); 6]
    {
        let answer = mock.client.post(&url).bearer_auth(TOKEN).body(body.clone()).send().await.unwrap();
        let body = String::from_utf8_lossy(&body);
        assert_eq!(answer.status().as_u16(), status, "{body}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["type"], format!("urn:onshi-mock:problem:{kind}"), "{body}");
        assert_eq!(body.contains('\u{FFFD}'), problem["detail_en"].as_str().unwrap().contains("Byte 37 is not UTF-8"), "{problem}");
    }
}

#[tokio::test]
async fn a_wrong_type_is_told_in_japanese_too() {
    let mock = Mock::start().await;
    let clinic = mock.institution(template::EXTERNAL);
    for (path, body, said) in [
        ("/terminals/T1", json!({"driver": 5}), "文字列が必要ですが、整数です"),
        ("/terminals/T1", json!({"bandwidth": "x"}), "0以上の整数が必要ですが、文字列です"),
        ("/terminals/T1", json!({"power_schedule": true}), "オブジェクトが必要ですが、真偽値です"),
        ("", json!({"name": 1}), "{\"ja\": …, \"en\": …} の形が必要ですが、整数です"),
    ] {
        let problem = clinic.patch(path, body.clone()).expect_problem(StatusCode::UNPROCESSABLE_ENTITY).await;
        assert!(problem["detail"].as_str().unwrap().contains(said), "{body}: {problem}");
    }
}

#[tokio::test]
async fn a_route_that_does_not_exist_and_a_method_that_does_not_are_told_apart() {
    let mock = Mock::start().await;
    for path in
        ["/nothing", "/v1", "/v1/institutions/", "/v1/institutions/9910000018/nothing", "/v1/institutions/9910000018/terminals/T1/explode"]
    {
        mock.get(path).expect_problem_kind(StatusCode::NOT_FOUND, "not-found").await;
    }
    for (method, path, allow) in [
        (DELETE, "/v1/institutions", "GET,HEAD,POST"),
        (PUT, "/v1/institutions/9910000018", "GET,HEAD,PATCH,DELETE"),
        (GET, "/v1/institutions/9910000018/reset", "POST"),
        (POST, "/v1/institutions/9910000018/clock", "GET,HEAD,PUT"),
        (GET, "/v1/institutions/9910000018/clock/advance", "POST"),
        (GET, "/v1/institutions/9910000018/terminals/T1/restart", "POST"),
        (POST, "/v1/institutions/9910000018/terminals/T1/screen", "GET,HEAD"),
        (POST, "/healthz", "GET,HEAD"),
    ] {
        let url = format!("https://{}{path}", mock.control);
        let answer = mock.client.request(method.clone(), url).bearer_auth(TOKEN).send().await.unwrap();
        assert_eq!(
            (answer.status(), answer.headers()["allow"].to_str().unwrap()),
            (StatusCode::METHOD_NOT_ALLOWED, allow),
            "{method} {path}"
        );
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["type"], "urn:onshi-mock:problem:method-not-allowed", "{method} {path}");
        assert_eq!(problem["expected"], allow.replace(",HEAD", "").replace(',', ", "), "{method} {path}");
    }
}

#[tokio::test]
async fn a_terminal_that_does_not_exist_says_where_they_are_listed() {
    let mock = Mock::start().await;
    for path in ["", "/screen"] {
        let problem =
            mock.institution(template::UP_TO_DATE).get(&format!("/terminals/T9{path}")).expect_problem(StatusCode::NOT_FOUND).await;
        assert!(problem["remedy"].as_str().unwrap().starts_with("GET /v1/institutions/9910000018/terminals "), "{problem}");
    }
}

#[tokio::test]
async fn what_the_present_state_does_not_allow_is_a_conflict_that_says_what_to_do() {
    let mock = Mock::start().await;
    let conflict = async |path: &str, body: Value, words: &str| {
        let problem = mock.post(&format!("/v1/institutions/{path}"), body).expect_problem_kind(StatusCode::CONFLICT, "conflict").await;
        assert!(problem["detail"].as_str().unwrap().contains(words), "{path}: {problem}");
    };
    for action in ["shutdown", "restart", "restart-linkage", "download", "install"] {
        conflict(&format!("9910000034/terminals/T1/{action}"), Value::Null, "driver").await;
    }
    for action in ["power", "reader-power"] {
        conflict(&format!("9910000034/terminals/T1/{action}"), json!({"on": false}), "driver").await;
    }
    mock.institution(template::UP_TO_DATE).power(false).await;
    for action in ["shutdown", "restart", "restart-linkage", "download", "install"] {
        conflict(&format!("9910000018/terminals/T1/{action}"), Value::Null, "電源が切れています").await;
    }
    conflict("9910000026/terminals/T1/download", Value::Null, "最新版がインストールされています").await;
    mock.institution(template::PENDING).set_terminal(json!({"reader": {"attached": false}})).await;
    conflict("9910000026/terminals/T1/reader-power", json!({"on": false}), "カードリーダーがありません").await;
    mock.institution(template::UPDATE_AVAILABLE).put("/campaign", json!({"suspended": true})).await;
    conflict("9910000075/terminals/T1/download", Value::Null, "停止されています").await;
    for n in 2..=64 {
        mock.institution(template::UP_TO_DATE).post("/terminals", json!({"id": format!("T{n}")})).await;
    }
    conflict("9910000018/terminals", json!({"id": "T65"}), "64 台まで").await;
}
