//! The API's description: it is what `docs/openapi.json` has (`UPDATE_DOCS=1 cargo test --test docs
//! openapi` rewrites that), it is complete, and its examples are taken by the routes that they are
//! for.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::civil::date;
use onshi_mock::fixtures::Fixtures;
use onshi_mock::listener::Listener;
use onshi_mock::server::describe;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answer_examples::WITHOUT;
use crate::support::{Mock, TOKEN};

pub(crate) fn written(listener: Option<Listener>) -> Value {
    let (fixtures, _) = Fixtures::compiled_in(date(2026, 1, 19));
    describe(listener, &fixtures.unwrap().catalogue)
}

/// Path, method and operation, of each.
pub(crate) fn operations(document: &Value) -> impl Iterator<Item = (&String, &String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let object = paths.iter().flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |(method, object)| (path, method, object)));
    object.filter(|(_, _, object)| object.get("operationId").is_some())
}

/// What a reference names.
pub(crate) fn resolved<'a>(document: &'a Value, object: &'a Value) -> &'a Value {
    object["$ref"]
        .as_str()
        .map_or(object, |name| document.pointer(name.trim_start_matches('#')).unwrap_or_else(|| panic!("{name} is nowhere")))
}

#[test]
fn the_description_is_what_the_routes_and_types_say() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    let mut written = written(None);
    // A new version alone changes nothing of the interface.
    written["info"]["version"] = json!("…");
    let text = format!("{written:#}\n");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap().replace("\r\n", "\n");
    assert!(
        kept == text,
        "docs/openapi.json is not what the routes say: UPDATE_DOCS=1 cargo test --test docs openapi, then look at the difference"
    );
}

#[test]
fn every_operation_has_a_name_of_its_own_words_in_both_languages_and_its_answers() {
    let document = written(None);
    let mut names = BTreeSet::new();
    for (path, method, object) in operations(&document) {
        let at = format!("{method} {path}");
        assert!(names.insert(object["operationId"].as_str().unwrap()), "{at}: another operation has the name {}", object["operationId"]);
        let (ja, en) = object["summary"].as_str().unwrap().split_once(" / ").unwrap();
        assert!(!ja.is_ascii() && en.is_ascii(), "{at}: {ja} / {en}");
        assert!(["imitated", "invented", "mock"].contains(&object["x-provenance"].as_str().unwrap()), "{at}");
        let answers = object["responses"].as_object().unwrap();
        assert!(answers.keys().any(|status| status.starts_with('2')), "{at} tells no success");
        for (status, answer) in answers {
            assert!(!resolved(&document, answer)["description"].as_str().unwrap().is_empty(), "{at} {status}: no description");
        }
        let parameters = document["paths"][path]["parameters"].as_array().into_iter().chain(object["parameters"].as_array()).flatten();
        let mut places = path.matches('{').count();
        for parameter in parameters {
            places -= usize::from(parameter["in"] == "path");
            assert!(!parameter["description"].as_str().unwrap().is_empty(), "{at}: {parameter}");
        }
        assert_eq!(places, 0, "{at}: its path has other names than its parameters");
        if let Some(content) = object["requestBody"]["content"].as_object() {
            for (media_type, body) in content {
                let schema = resolved(&document, &body["schema"]);
                let without_fields = schema["properties"].as_object().is_none_or(serde_json::Map::is_empty) && schema["oneOf"].is_null();
                // A snapshot is taken only as the program gave it out: no example would be.
                let is_sealed = path.ends_with("/restore");
                assert!(without_fields || is_sealed || schema["examples"].is_array(), "{at}: {media_type} has no example");
            }
        }
    }
    assert!(names.len() > 30);
}

#[test]
fn every_reference_leads_somewhere_and_no_two_types_share_a_name() {
    for listener in [None, Some(Listener::Backend), Some(Listener::Control)] {
        let document = written(listener);
        check_references(&document, &document);
        for name in document["components"]["schemas"].as_object().unwrap().keys() {
            assert!(
                !name.ends_with(|c: char| c.is_ascii_digit()),
                "{name}: two types have this name, give one another by #[schemars(rename)]"
            );
        }
    }
}

/// Whether a description has a sentence, and is not only names in the way of `` `login` ``,
/// `OpenAPI 3.1` or an error's id.
fn has_sentence(text: &str) -> bool {
    let outside = text.split('`').step_by(2).collect::<String>();
    let mut words = outside.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    let is_name =
        |word: &str| word.contains(|c: char| c.is_ascii_digit() || c == '_') || ["OK", "PEM", "OpenAPI", "OQSCD", "UTF"].contains(&word);
    words.any(|word| !is_name(word))
}

fn descriptions<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter().filter(|(name, _)| !name.starts_with("example")) {
                match value {
                    Value::String(text) if name == "description" => found.push(text),
                    Value::Array(meanings) if name == "x-enum-descriptions" => found.extend(meanings.iter().filter_map(Value::as_str)),
                    value => descriptions(value, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| descriptions(value, found)),
        _ => {}
    }
}

#[test]
fn every_description_is_in_japanese_first_and_no_translation_is_left_over() {
    let document = written(None);
    let mut found = Vec::new();
    descriptions(&document, &mut found);
    assert!(found.len() > 1000, "{}", found.len());
    for text in &found {
        let is_japanese = text.chars().take(60).any(|c| ('\u{3041}'..='\u{9FFF}').contains(&c));
        assert!(is_japanese || !has_sentence(text), "in English alone: {text} (src/http/openapi/descriptions.json)");
    }
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/http/openapi/descriptions.json");
    let translations: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    for (en, ja) in translations.as_object().unwrap() {
        let both = format!("{} {en}", ja.as_str().unwrap());
        assert!(found.contains(&both.as_str()), "nothing is described so any more: {en}");
    }
}

/// The ends of the control API's `type`s in a text, with their statuses: `` `field` (422`` or ``
/// `field`（422``.
fn listed_types(line: &str) -> BTreeSet<(String, String)> {
    let parts: Vec<&str> = line.split('`').collect();
    let named = parts.windows(2).filter_map(|pair| Some((pair[0], pair[1].strip_prefix(" (").or_else(|| pair[1].strip_prefix('（'))?)));
    named.filter_map(|(kind, after)| Some((kind.to_owned(), after.get(..3)?.to_owned()))).collect()
}

#[test]
fn the_pages_list_every_type_of_problem() {
    let document = written(None);
    let responses = document["components"]["responses"].as_object().unwrap();
    let of_status = |(name, object): (&String, &Value)| {
        let status = name.trim_start_matches("Problem").to_owned();
        let kinds = object["description"].as_str().unwrap().split("urn:onshi-mock:problem:").skip(1);
        kinds.map(|kind| (kind.split('`').next().unwrap().to_owned(), status.clone())).collect::<Vec<_>>()
    };
    let there_are: BTreeSet<_> = responses.iter().flat_map(of_status).collect();
    for (page, begins) in [("control-api.md", "`type` ends in one of"), ("control-api.ja.md", "`type` の末尾は")] {
        let text = std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs").join(page)).unwrap();
        let line = text.lines().find(|line| line.starts_with(begins)).unwrap();
        assert_eq!(listed_types(line), there_are, "{page}");
    }
}

fn check_references(document: &Value, value: &Value) {
    match value {
        Value::Object(fields) => {
            if fields.get("$ref").is_some_and(Value::is_string) {
                resolved(document, value);
            }
            fields.values().for_each(|value| check_references(document, value));
        }
        Value::Array(list) => list.iter().for_each(|value| check_references(document, value)),
        _ => {}
    }
}

#[test]
fn every_answer_in_json_has_an_example_that_is_such_as_its_schema_says() {
    let document = written(None);
    let mut shown = 0;
    for (path, method, object) in operations(&document) {
        let id = object["operationId"].as_str().unwrap();
        for (status, answer) in object["responses"].as_object().unwrap().iter().filter(|(status, _)| status.starts_with('2')) {
            let Some(object) = answer["content"].get("application/json").filter(|_| !WITHOUT.contains(&id)) else {
                continue;
            };
            let example = object.get("example").unwrap_or_else(|| {
                panic!("{method} {path} {status} has no example: UPDATE_DOCS=1 cargo test --test docs answer_examples, then build anew")
            });
            if let Some(misfit) = misfit(&document, &object["schema"], example, "", true) {
                panic!("{method} {path} {status}: {misfit}: UPDATE_DOCS=1 cargo test --test docs answer_examples, then build anew");
            }
            shown += 1;
        }
    }
    assert!(shown > 45, "{shown} examples");
}

/// Where a value is not what a schema says; where that has all of its fields, one that it does not
/// know is wrong, too.
fn misfit(document: &Value, schema: &Value, value: &Value, at: &str, has_all: bool) -> Option<String> {
    let schema = resolved(document, schema);
    for several in ["anyOf", "oneOf"] {
        if let Some(either) = schema[several].as_array()
            && either.iter().all(|one| misfit(document, one, value, at, has_all && schema["properties"].is_null()).is_some())
        {
            return Some(format!("{at} is none of {several}: {value}"));
        }
    }
    let fits = |kind: &str| match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" | "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        _ => value.is_object(),
    };
    let kinds: Vec<&str> = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        kind => kind.as_str().into_iter().collect(),
    };
    if !kinds.is_empty() && !kinds.into_iter().any(fits) {
        return Some(format!("{at} is no {}: {value}", schema["type"]));
    }
    if schema["enum"].as_array().is_some_and(|choices| !choices.contains(value)) {
        return Some(format!("{at} is none of {}: {value}", schema["enum"]));
    }
    if let Some(items) = value.as_array() {
        return items.iter().enumerate().find_map(|(i, item)| misfit(document, &schema["items"], item, &format!("{at}/{i}"), true));
    }
    let (fields, properties) = (value.as_object()?, schema["properties"].as_object()?);
    let missing = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).find(|name| !fields.contains_key(*name));
    if let Some(missing) = missing {
        return Some(format!("{at} has no {missing}"));
    }
    let is_closed = has_all && ["anyOf", "oneOf", "additionalProperties", "$ref"].iter().all(|name| schema[*name].is_null());
    fields.iter().find_map(|(name, field)| match properties.get(name) {
        Some(property) => misfit(document, property, field, &format!("{at}/{name}"), true),
        None => is_closed.then(|| format!("{at} has a field {name} that its schema does not know")),
    })
}

/// Schemas of a document: pointer and value.
fn schemas_of<'a>(at: &str, value: &'a Value, found: &mut Vec<(String, &'a Value)>) {
    for (name, inner) in value.as_object().into_iter().flatten() {
        let at = format!("{at}/{name}");
        if ["schema", "items", "not", "additionalProperties"].contains(&name.as_str()) {
            found.push((at.clone(), inner));
        }
        if ["properties", "schemas", "patternProperties"].contains(&name.as_str()) {
            found.extend(inner.as_object().into_iter().flatten().map(|(name, schema)| (format!("{at}/{name}"), schema)));
        }
        schemas_of(&at, inner, found);
    }
    for (number, inner) in value.as_array().into_iter().flatten().enumerate() {
        schemas_of(&format!("{at}/{number}"), inner, found);
    }
}

#[test]
fn schemas_are_written_so_that_generators_of_clients_take_them() {
    let document = written(None);
    let mut schemas = Vec::new();
    schemas_of("", &document, &mut schemas);
    assert!(schemas.len() > 1_000, "{} schemas", schemas.len());
    for (at, schema) in schemas {
        let closes = at.ends_with("/additionalProperties") && *schema == json!(false);
        assert!(closes || schema.is_object(), "{at} is a boolean: {schema}");
        assert!(
            !schema.get("default").is_some_and(Value::is_null),
            "{at} has null as its default, which makes it required for some generators"
        );
        assert!(schema["$ref"].is_null() || schema.get("default").is_none(), "{at} has a default beside a reference");
        let choices = schema["oneOf"].as_array().into_iter().flatten();
        assert!(choices.filter(|choice| choice["const"].is_string()).count() == 0, "{at} is a choice of texts that is no enum");
        let (values, meanings) = (schema["enum"].as_array(), schema["x-enum-descriptions"].as_array());
        assert!(meanings.is_none() || meanings.map(Vec::len) == values.map(Vec::len), "{at} does not say what each value means");
    }
}

#[tokio::test]
async fn the_running_program_serves_it_without_a_token_with_its_own_addresses() {
    let mock = Mock::start().await;
    let get = |path: &str| mock.client.get(format!("https://{}{path}", mock.control)).send();
    let whole: Value = get("/openapi.json").await.unwrap().json().await.unwrap();
    assert_eq!(whole["paths"]["/v1/institutions"]["servers"][0]["url"], format!("https://{}", mock.control));
    assert_eq!(whole["paths"]["/notices/v1"]["servers"][0]["url"], format!("https://{}", mock.backend));
    let backend: Value = get("/openapi.json?listener=backend").await.unwrap().json().await.unwrap();
    assert_eq!(backend["servers"], json!([{"url": format!("https://{}", mock.backend)}]));
    assert!(backend["paths"]["/v1/institutions"].is_null());
    assert_eq!(get("/openapi.json?listener=x").await.unwrap().status(), StatusCode::BAD_REQUEST);
    for path in ["/", "/docs"] {
        let answer = get(path).await.unwrap();
        assert_eq!(answer.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
        let page = answer.text().await.unwrap();
        assert!(
            !page.contains("<script") && !page.contains("href=\"http") && !page.contains("src="),
            "{path} needs something from elsewhere"
        );
        assert!(page.contains("オンライン資格確認") || page.contains("POST /v1/institutions"), "{path}");
    }
}

#[tokio::test]
async fn every_example_of_a_body_is_taken_by_its_route() {
    let mock = Mock::start().await;
    let document = written(None);
    let mut tried = 0;
    for (path, method, object) in operations(&document) {
        for (media_type, body) in
            object["requestBody"]["content"].as_object().into_iter().flatten().filter(|(media_type, _)| *media_type != "application/xml")
        {
            for example in resolved(&document, &body["schema"])["examples"].as_array().into_iter().flatten() {
                let host = if object["security"].is_null() { mock.backend } else { mock.control };
                let url = format!("https://{host}{}", with_examples(&document, path, object));
                let request = mock.client.request(Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(), url);
                let request = if object["security"].is_null() { request } else { request.bearer_auth(TOKEN) };
                let answer = request.header(CONTENT_TYPE, media_type).body(example.to_string()).send().await.unwrap();
                let (status, text) = (answer.status(), answer.text().await.unwrap());
                assert!(object["responses"].get(status.as_str()).is_some(), "{method} {path} {example}: {status} is not told");
                assert!(status.is_success() || status == StatusCode::CONFLICT, "{method} {path} {example}: {text}");
                tried += 1;
            }
        }
    }
    assert!(tried > 15, "{tried} examples");
}

/// The path with its parameters' examples.
pub(crate) fn with_examples(document: &Value, path: &str, object: &Value) -> String {
    let parameters = document["paths"][path]["parameters"].as_array().into_iter().chain(object["parameters"].as_array()).flatten();
    let named = parameters.filter(|parameter| parameter["in"] == "path");
    named.fold(path.to_owned(), |path, one| {
        path.replace(&format!("{{{}}}", one["name"].as_str().unwrap()), one["example"].as_str().unwrap())
    })
}
