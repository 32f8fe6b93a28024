//! The control token: every operation of the control API wants it but those that are open.

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::screenshots;
use crate::console::refused::kept;
use crate::support::{Clinic, Mock, template};

/// The routes that are open: those of the API, and what a browser needs for the sign-in.
const OPEN: [&str; 8] = ["/healthz", "/readyz", "/ca.pem", "/openapi.json", "/docs", "/", "/signin", "/console/assets/signin.js"];

const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// A clinic that has what every path of the API can name, and the values of the paths' parameters.
async fn clinic(mock: &Mock) -> (Clinic<'_>, [(&'static str, String); 5]) {
    let clinic = mock.clinic(template::UP_TO_DATE, "2026-01-20T08:55:00+09:00").await;
    clinic.put("/scenario", json!({"id": "installed-not-restarted"})).await;
    clinic.check().await.expect_error("MOCK0501E");
    // An entry of the journal of requests that match no institution.
    mock.receipt_computer().check("9919999997").await;
    let observation = clinic.post("/observations", json!({"kind": "restart_prompted"})).await["number"].as_u64().unwrap();
    screenshots::put(&clinic, observation, "image/png", screenshots::png(None)).await;
    let fault = clinic.add_fault(json!({"kind": "close"})).await["id"].as_str().unwrap().to_owned();
    let parameters = [
        ("{code}", clinic.code.clone()),
        ("{terminal}", "T1".to_owned()),
        ("{entry}", "1".to_owned()),
        ("{number}", observation.to_string()),
        ("{fault}", fault),
    ];
    (clinic, parameters)
}

/// The operations of the control API by its own description, on what is there.
async fn operations(mock: &Mock, parameters: &[(&str, String)]) -> Vec<(Method, String)> {
    let document = mock.get("/openapi.json?listener=control").await;
    let mut operations = Vec::new();
    for (path, described) in document["paths"].as_object().unwrap() {
        let place = parameters.iter().fold(path.clone(), |path, (name, value)| path.replace(name, value));
        assert!(!place.contains('{'), "a parameter without a value: {path}");
        let has = |method: &&Method| described.get(method.as_str().to_lowercase()).is_some();
        operations.extend(METHODS.iter().filter(has).map(|method| (method.clone(), place.clone())));
    }
    operations
}

async fn expect_refusal(what: &str, request: RequestBuilder, words: &str) {
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{what}");
    assert_eq!(answer.headers()["www-authenticate"], "Bearer", "{what}");
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["type"], "urn:onshi-mock:problem:control-token", "{what}");
    assert!(problem["detail"].as_str().unwrap().contains(words), "{what}: {problem}");
}

#[tokio::test]
async fn the_token_is_wanted_on_every_route_that_is_not_open() {
    let mock = Mock::start().await;
    let (clinic, parameters) = clinic(&mock).await;
    let (open, guarded): (Vec<_>, Vec<_>) =
        operations(&mock, &parameters).await.into_iter().partition(|(_, path)| OPEN.contains(&path.as_str()));
    assert_eq!((open.len(), guarded.len() > 50), (6, true), "{guarded:?}");
    for (_, path) in guarded.iter().filter(|(method, _)| method == Method::GET) {
        mock.get(path).await;
    }
    let before = kept(&clinic).await;
    for (method, path) in &guarded {
        let request = || mock.client.request(method.clone(), format!("https://{}{path}", mock.control));
        expect_refusal(&format!("{method} {path} without a token"), request(), "ありません").await;
        for (given, words) in [("Bearer wrong", "違います"), ("Basic eDp5", "始まっていません"), ("Bearer ", "違います")] {
            expect_refusal(&format!("{method} {path} with {given}"), request().header("authorization", given), words).await;
        }
    }
    assert_eq!(kept(&clinic).await, before);
    for path in OPEN {
        let answer = mock.client.get(format!("https://{}{path}", mock.control)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
    }
}
