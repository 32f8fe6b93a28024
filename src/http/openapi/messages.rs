//! The schemas of the real system's messages. Those of a check are generated from the table of
//! elements that is also used to write the messages.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use crate::wire::codes::CODE_TABLES;
use crate::wire::message::{Certainty, Content, Element, MESSAGE};
use crate::wire::tree::ListStyle;

/// The request body of a login.
pub struct LoginRequest;

/// The response of a login, granted or refused.
pub struct LoginAnswer;

/// The request body of a check.
pub struct CheckRequest;

/// The response of a check.
pub struct CheckAnswer;

/// The required elements of a check's request.
const REQUIRED_ELEMENTS: [&str; 9] = [
    "XmlMsg",
    "MessageHeader",
    "QualificationConfirmationDate",
    "MedicalInstitutionCode",
    "MessageBody",
    "QualificationConfirmSearchInfo",
    "InsurerNumber",
    "InsuredIdentificationNumber",
    "Birthdate",
];

/// The elements of requests that are dates in the form YYYYMMDD.
const DATES: [&str; 2] = ["QualificationConfirmationDate", "Birthdate"];

impl JsonSchema for LoginRequest {
    fn schema_name() -> Cow<'static, str> {
        "LoginRequest".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "ログイン。項目名は公開されていないため仮のものです。lenient では任意の JSON オブジェクトを受け付け、医療機関コードまたは端末のアドレスである文字列から要求元を判断します。 \
                A login. The names of the real fields are not public. With lenient login, any JSON object is accepted; a string that is an institution's code or a terminal's address identifies the client.",
            "type": "object",
            "properties": {
                "userId": { "type": "string", "x-provenance": "invented" },
                "password": { "type": "string", "x-provenance": "invented" },
            },
            "examples": [{ "userId": "9910000018" }, { "userId": "9910000018-T1", "password": "secret" }],
        })
    }
}

impl JsonSchema for LoginAnswer {
    fn schema_name() -> Cow<'static, str> {
        "LoginAnswer".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let text = |provenance: &str, about: &str| json!({ "type": "string", "x-provenance": provenance, "description": about });
        json_schema!({
            "description": "ログインの結果。拒否の場合、`status` はエラーコード、`result` は空です。 The result of a login. If it is refused, `status` contains the error code, and `result` is empty.",
            "type": "object",
            "required": ["status", "msg", "result"],
            "properties": {
                "status": text("invented", "200, or the error code."),
                "msg": text("invented", "OK, or the error message."),
                "result": {
                    "type": "object",
                    "properties": {
                        "accessToken": text("in_use", ""),
                        "refreshToken": text("in_use", ""),
                        "idToken": text("in_use", "資格確認の `Authorization` に指定する値。 The value of `Authorization` in a check."),
                        "linkSysCharCd": text("in_use", "0 UTF-8, 1 Shift_JIS"),
                    },
                },
            },
        })
    }
}

impl JsonSchema for CheckRequest {
    fn schema_name() -> Cow<'static, str> {
        "CheckRequest".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = group_schema(MESSAGE, &is_in_request, |element| REQUIRED_ELEMENTS.contains(&element.name));
        schema["examples"] = json!([{ "XmlMsg": {
            "MessageHeader": { "QualificationConfirmationDate": "20260120", "MedicalInstitutionCode": "9910000018" },
            "MessageBody": { "QualificationConfirmSearchInfo": {
                "InsurerNumber": "01990019", "InsuredCardSymbol": "11010203", "InsuredIdentificationNumber": "1001", "InsuredBranchNumber": "01",
                "Birthdate": "19800517", "LimitApplicationCertificateRelatedConsFlg": "0",
            } },
        } }]);
        Schema::try_from(schema).unwrap_or_default()
    }
}

impl JsonSchema for CheckAnswer {
    fn schema_name() -> Cow<'static, str> {
        "CheckAnswer".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = group_schema(MESSAGE, &|_| true, |element| element.required);
        schema["description"] = json!(
            "資格確認の応答。要素の順序は決まっていません。値はすべて文字列です。 The response of a check. The order of elements is not fixed, and every value is a string. See docs/elements.md."
        );
        Schema::try_from(schema).unwrap_or_default()
    }
}

/// Whether a request of a check has the element: a text that is taken from the request, or a group
/// with such a text.
fn is_in_request(element: &Element) -> bool {
    match &element.content {
        Content::Text(_) => element.from == "request",
        Content::Group { elements, .. } => element.name != "ReferenceNumberRegistrationInfo" && elements.iter().any(is_in_request),
        Content::List { .. } => false,
    }
}

fn group_schema(elements: &[Element], is_there: &dyn Fn(&Element) -> bool, is_required: impl Fn(&Element) -> bool + Copy) -> Value {
    let there = || elements.iter().filter(|element| is_there(element));
    let properties: Map<String, Value> = there().map(|element| (element.name.to_owned(), schema(element, is_there, is_required))).collect();
    let required: Vec<&str> = there().filter(|element| is_required(element)).map(|element| element.name).collect();
    let mut schema = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn schema(element: &Element, is_there: &dyn Fn(&Element) -> bool, is_required: impl Fn(&Element) -> bool + Copy) -> Value {
    let mut schema = match &element.content {
        Content::Text(_) if DATES.contains(&element.name) => json!({ "type": "string", "pattern": "^[0-9]{8}$" }),
        Content::Text(_) => json!({ "type": "string" }),
        Content::Group { elements, .. } => group_schema(elements, is_there, is_required),
        Content::List { style, item, elements, .. } => {
            let of_item = group_schema(elements, is_there, is_required);
            let items = match style {
                ListStyle::Wrapped => json!({ "type": "object", "properties": { *item: of_item } }),
                ListStyle::Bare | ListStyle::Repeated => of_item,
            };
            json!({ "type": "array", "items": items })
        }
    };
    if let Some(description) = description(element) {
        schema["description"] = json!(description);
    }
    schema["x-provenance"] = json!(match element.certainty {
        Certainty::Captured => "captured",
        Certainty::InUse => "in_use",
        Certainty::OneAuthor => "one_author",
        Certainty::Invented => "invented",
    });
    schema
}

/// Returns the element's code table as text.
fn description(element: &Element) -> Option<String> {
    let table = CODE_TABLES.iter().find(|table| Some(table.number) == element.codes)?;
    let codes: Vec<String> = table.codes.iter().map(|(code, words)| format!("{code} {words}")).collect();
    Some(format!("OQSCD {:03}: {}", table.number, codes.join("、")))
}
