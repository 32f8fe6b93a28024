//! Snapshots whose state was changed and sealed again: each is refused and changes nothing, or
//! gives an institution that works. The input is JSON: pointers into the state, and values.

#![no_main]

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Body;
use axum::http::Request;
use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target, fuzzer_mutate};
use onshi_core::domain::ids::InstitutionCode;
use onshi_mock_fuzz::json;
use onshi_mock_fuzz::server::{SEARCH, Server};
use serde_json::{Map, Value, json};

static SETUP: LazyLock<Setup> = LazyLock::new(Setup::new);

struct Setup {
    server: Server,
    code: InstitutionCode,
    path: String,
    snapshot: Value,
    pointers: Vec<String>,
}

impl Setup {
    /// An institution in which much is set and much has happened.
    fn new() -> Self {
        let server = Server::start();
        let create = json!({
            "template": "9940000018", "scenario": "happy-morning", "code": "9940100016", "seed": 1,
            "clock": { "mode": "running", "now": "2026-01-19T19:00:00+09:00" },
            "errors": { "restart_required": { "code": "X1" } },
            "faults": [{ "kind": "delay", "delay": "PT3S", "operation": "search", "nth": 1 }],
            "terminals": { "T3": { "starts": "update_available", "power_schedule": { "on": "08:00", "off": "19:00" } } },
            "rehearsal": { "product": "p" },
        });
        server.set("POST", "/v1/institutions", &create);
        let code = InstitutionCode::parse("9940100016").expect("a code");
        let path = format!("/v1/institutions/{code}");
        server.set("POST", &format!("{path}/clock/advance"), &json!({ "by": "PT62M" }));
        server.set("POST", &format!("{path}/observations"), &json!({ "kind": "message_shown", "text": "t" }));
        let persons = server.set("GET", &format!("{path}/persons"), &Value::Null);
        let few: Vec<Value> = persons["persons"].as_array().expect("a list").iter().take(2).cloned().collect();
        server.set("PUT", &format!("{path}/persons"), &json!({ "persons": few }));
        let snapshot = server.set("POST", &format!("{path}/snapshot"), &json!({}));
        let mut pointers = Vec::new();
        json::collect_pointers(&snapshot["state"], String::new(), &mut pointers);
        Self { server, code, path, snapshot, pointers }
    }
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut rng = fastrand::Rng::with_seed(u64::from(seed));
    let mut edits: Map<String, Value> = serde_json::from_slice(&data[..size]).unwrap_or_default();
    if rng.u8(..4) == 0 {
        let removed = edits.keys().nth(rng.usize(..edits.len().max(1))).cloned().unwrap_or_default();
        edits.remove(&removed);
    } else {
        let pointer = &SETUP.pointers[rng.usize(..SETUP.pointers.len())];
        let mut value = edits.get(pointer).or(SETUP.snapshot["state"].pointer(pointer)).cloned().unwrap_or_default();
        json::mutate(&mut value, &mut rng);
        edits.insert(pointer.clone(), value);
    }
    let text = Value::Object(edits).to_string();
    if text.len() > max_size {
        return fuzzer_mutate(data, size, max_size);
    }
    data[..text.len()].copy_from_slice(text.as_bytes());
    text.len()
});

fuzz_target!(|input: &[u8]| -> Corpus {
    let Ok(edits) = serde_json::from_slice::<Map<String, Value>>(input) else { return Corpus::Reject };
    if edits.values().any(is_out_of_reach) {
        return Corpus::Reject;
    }
    let Setup { server, path, snapshot, .. } = &*SETUP;
    server.set("POST", &format!("{path}/restore"), snapshot);
    let before = server.set("GET", path, &Value::Null);
    let mut changed = snapshot.clone();
    for (pointer, value) in edits {
        if let Some(target) = changed["state"].pointer_mut(&pointer) {
            *target = value;
        }
    }
    seal(&mut changed);
    let answer = server.control("POST", &format!("{path}/restore"), changed.to_string().as_bytes());
    if answer.status.is_success() {
        check_that_it_works();
    } else {
        assert!(answer.status.is_client_error(), "{} {}", answer.status, answer.text());
        assert_eq!(server.set("GET", path, &Value::Null), before, "a refused snapshot changes nothing");
    }
    Corpus::Keep
});

/// Whether a value has a number to which the program, which counts one by one, never comes.
fn is_out_of_reach(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_f64().is_some_and(|number| number.abs() > 1e15),
        Value::Array(items) => items.iter().any(is_out_of_reach),
        Value::Object(members) => members.values().any(is_out_of_reach),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

/// Sets the checksum.
fn seal(snapshot: &mut Value) {
    let fields = snapshot.as_object_mut().expect("an object");
    fields.remove("sha256");
    let sum: String = digest(&SHA256, snapshot.to_string().as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    snapshot["sha256"] = json!(sum);
}

/// What was restored is saved, asked, advanced and shown without a failure.
fn check_that_it_works() {
    let Setup { server, code, path, .. } = &*SETUP;
    let before = server.set("GET", path, &Value::Null);
    let again = server.set("POST", &format!("{path}/snapshot"), &json!({}));
    server.set("POST", &format!("{path}/restore"), &again);
    assert_eq!(server.set("GET", path, &Value::Null), before, "it is restored as it was");
    let inquiry = json!({ "XmlMsg": {
        "MessageHeader": { "QualificationConfirmationDate": "20260120", "MedicalInstitutionCode": code },
        "MessageBody": { "QualificationConfirmSearchInfo": { "InsurerNumber": "01990019", "InsuredCardSymbol": "11010203",
            "InsuredIdentificationNumber": "1001", "Birthdate": "19800517" } } } });
    let request = Request::post(SEARCH).header("Content-Type", "application/json").body(Body::from(inquiry.to_string()));
    let answer = server.backend(request.expect("a request"));
    server.entry_of(&answer, std::slice::from_ref(code));
    for (method, page) in [
        ("POST", "/clock/advance"),
        ("GET", ""),
        ("GET", "/persons"),
        ("GET", "/campaign"),
        ("GET", "/scenario"),
        ("GET", "/events"),
        ("GET", "/observations"),
        ("GET", "/verdict"),
        ("GET", "/terminals/T1/screen"),
        ("GET", "/delivery-results"),
        ("POST", "/reset"),
    ] {
        let body: &[u8] = if page == "/clock/advance" { br#"{"by": "P9D"}"# } else { b"" };
        let answer = server.control(method, &format!("{path}{page}"), body);
        assert!(!answer.status.is_server_error(), "{method} {page}: {} {}", answer.status, answer.text());
    }
}
