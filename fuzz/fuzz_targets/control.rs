//! Requests to the control API, a line each, relative to an institution: a refused one is a problem
//! document and changes nothing; whatever was accepted, the institution can be saved and restored,
//! its clock advanced, and its client's check is answered and recorded.

#![no_main]

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::Request;
use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target, fuzzer_mutate};
use onshi_core::domain::ids::InstitutionCode;
use onshi_mock_fuzz::server::{Answer, SEARCH, Server};
use onshi_mock_fuzz::steps::{self, Step};
use serde_json::{Value, json};

/// The most requests of one input.
const MAX_STEPS: usize = 6;

static SERVER: LazyLock<Server> = LazyLock::new(Server::start);

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| { steps::mutate(data, size, max_size, seed, fuzzer_mutate) });

fuzz_target!(|input: &[u8]| -> Corpus {
    let steps: Vec<Step<'_>> = steps::read(input).filter(is_ours).take(MAX_STEPS).collect();
    if steps.is_empty() {
        return Corpus::Reject;
    }
    let institution = Institution::create();
    let mut created = Vec::new();
    for step in &steps {
        created.extend(institution.take(step));
    }
    institution.check_restore();
    institution.check_exchange();
    institution.check_advance();
    created.iter().for_each(|path| delete(path));
    delete(&institution.path);
    Corpus::Keep
});

/// Whether the request concerns this input's institution only, or creates another one.
fn is_ours(step: &Step<'_>) -> bool {
    let is_change = matches!(step.method, "POST" | "PUT" | "PATCH" | "DELETE");
    let path = step.path;
    let is_create = step.method == "POST" && path == "/v1/institutions";
    let is_path = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_".contains(&byte));
    let deletes_institution = step.method == "DELETE" && path == "/";
    is_change && is_path && path.starts_with('/') && (is_create || !path.starts_with("/v1/")) && !deletes_institution
}

struct Institution {
    code: String,
    path: String,
}

impl Institution {
    fn create() -> Self {
        let clock = json!({ "mode": "frozen", "now": "2026-01-19T19:00:00+09:00" });
        let created = SERVER.set("POST", "/v1/institutions", &json!({ "template": "9910000075", "clock": clock }));
        let code = created["code"].as_str().expect("a code").to_owned();
        Self { path: format!("/v1/institutions/{code}"), code }
    }

    fn view(&self) -> Value {
        SERVER.set("GET", &self.path, &Value::Null)
    }

    /// Sends a request; returns the path of an institution that it created.
    fn take(&self, step: &Step<'_>) -> Option<String> {
        let path = match step.path {
            "/v1/institutions" => step.path.to_owned(),
            "/" => self.path.clone(),
            path => format!("{}{path}", self.path),
        };
        let before = self.view();
        let answer = SERVER.control(step.method, &path, step.body.as_bytes());
        if !answer.status.is_success() {
            check_problem(&answer, step);
            assert_eq!(self.view(), before, "a refused request changes nothing: {} {path} {}", step.method, step.body);
        }
        let location = answer.headers.get("location").and_then(|value| value.to_str().ok());
        location.filter(|_| path == "/v1/institutions").map(str::to_owned)
    }

    /// What a snapshot holds is restored as it was, and persons that were set can be set again.
    fn check_restore(&self) {
        let before = self.view();
        if before["own_persons"] == true {
            let persons = format!("{}/persons", self.path);
            let set = SERVER.set("GET", &persons, &Value::Null);
            assert_eq!(SERVER.set("PUT", &persons, &set), set);
        }
        let snapshot = SERVER.set("POST", &format!("{}/snapshot", self.path), &json!({}));
        SERVER.set("POST", &format!("{}/restore", self.path), &snapshot);
        assert_eq!(self.view(), before, "a restored institution is as it was");
    }

    /// A check is answered, and its answer is in the journal.
    fn check_exchange(&self) {
        let inquiry = json!({ "XmlMsg": {
            "MessageHeader": { "QualificationConfirmationDate": "20260120", "MedicalInstitutionCode": self.code },
            "MessageBody": { "QualificationConfirmSearchInfo": { "InsurerNumber": "01990019", "InsuredCardSymbol": "11010203",
                "InsuredIdentificationNumber": "1001", "Birthdate": "19800517" } } } });
        let request = Request::post(SEARCH).header("Content-Type", "application/json").body(Body::from(inquiry.to_string()));
        let answer = SERVER.backend(request.expect("a request"));
        SERVER.entry_of(&answer, &[InstitutionCode::parse(&self.code).expect("a code")]);
    }

    /// The clock advances, and the pages that show the institution can still be made.
    fn check_advance(&self) {
        let answer = SERVER.control("POST", &format!("{}/clock/advance", self.path), br#"{"by": "PT37H"}"#);
        assert!(answer.status.is_success() || answer.status == 422, "{} {}", answer.status, answer.text());
        for page in ["", "/persons", "/campaign", "/terminals", "/events", "/journal", "/verdict", "/terminals/T1/screen"] {
            let answer = SERVER.control("GET", &format!("{}{page}", self.path), b"");
            assert!(answer.status.is_success() || answer.status == 404, "{page}: {} {}", answer.status, answer.text());
        }
    }
}

/// A problem says in both languages what is wrong, and where.
fn check_problem(answer: &Answer, step: &Step<'_>) {
    let Step { method, path, body } = step;
    assert!(answer.status.is_client_error(), "{method} {path} {body}: {} {}", answer.status, answer.text());
    assert_eq!(answer.media_type(), "application/problem+json", "{method} {path} {body}");
    let problem = answer.json();
    for field in ["type", "title", "title_en", "detail", "detail_en"] {
        assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {problem}");
    }
    assert!(answer.text().len() < 20_000, "a problem does not repeat the request");
    if let (Some(pointer), Ok(sent)) = (problem["pointer"].as_str(), serde_json::from_str::<Value>(body)) {
        let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
        assert!(sent.pointer(pointer).is_some() || sent.pointer(parent).is_some(), "{pointer} is not in {sent}: {problem}");
    }
}

fn delete(path: &str) {
    let answer = SERVER.control("DELETE", path, b"");
    assert_eq!(answer.status, 204, "{}", answer.text());
}
