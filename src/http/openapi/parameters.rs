//! The path parameters, described by their names.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use crate::domain::campaign::Component;
use crate::domain::ids::{CampaignId, FaultId, InstitutionCode, TerminalAddress, TerminalId, Version};

/// Returns the names of the parameters in a path.
pub(super) fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).filter_map(|rest| rest.split('}').next())
}

/// Returns the description of a path parameter.
pub(super) fn path_parameter(name: &str, schemas: &mut SchemaGenerator) -> Value {
    let (schema, about, example) = match name {
        "code" => (of::<InstitutionCode>(schemas), "医療機関コード。 The code of the institution.", "9910000075"),
        "terminal" => (of::<TerminalId>(schemas), "端末の名前。 The name of the terminal.", "T1"),
        "id" => (
            of::<TerminalAddress>(schemas),
            "端末：<医療機関コード>-<端末>。 The terminal: <institution code>-<terminal>.",
            "9910000075-T1",
        ),
        "campaign" => (of::<CampaignId>(schemas), "キャンペーン。 The campaign.", "2026-01"),
        "component" => (of::<Component>(schemas), "コンポーネント。 The component.", "linkage_application"),
        "version" => (of::<Version>(schemas), "バージョン。 The version.", "5.3.0"),
        "entry" => (json!({ "type": "string", "minLength": 1 }), "エントリーの番号または ID。 The number or id of an entry.", "1"),
        "number" => (json!({ "type": "string", "pattern": "^[1-9][0-9]{0,14}$" }), "観察の番号。 The number of the observation.", "1"),
        "fault" => (of::<FaultId>(schemas), "障害の ID。 The id of the fault.", "f1"),
        "name" => (json!({ "type": "string", "minLength": 1 }), "ファイル名。 The name of the file.", "OQSsiquc01req_0001.xml"),
        _ => (json!({ "type": "string", "minLength": 1 }), "", ""),
    };
    json!({ "name": name, "in": "path", "required": true, "description": about, "schema": schema, "example": example })
}

fn of<T: JsonSchema>(schemas: &mut SchemaGenerator) -> Value {
    schemas.subschema_for::<T>().to_value()
}
