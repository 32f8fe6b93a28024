//! A command that makes a check in place of a receipt computer.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::patients::Patient;
use super::settings::SEARCH;
use crate::domain::ids::InstitutionCode;
use crate::domain::japan;
use crate::http::app::App;
use crate::policy::{ClientAuthPolicy, LoginPolicy};

/// Returns the command for bash; `None` if a check needs a token or a certificate.
pub(super) fn command(app: &App, code: &InstitutionCode, patient: &Patient, now: Timestamp) -> Option<String> {
    if app.login == LoginPolicy::Strict || app.client_auth == ClientAuthPolicy::Required {
        return None;
    }
    let request = quoted(&request(code, patient, now).to_string());
    let backend = &app.addresses.backend;
    Some(format!("curl --cacert ca.pem --header 'Content-Type: application/json' --data {request} {backend}{SEARCH}"))
}

fn request(code: &InstitutionCode, patient: &Patient, now: Timestamp) -> Value {
    let mut info = json!({
        "InsurerNumber": patient.insurer_number,
        "InsuredIdentificationNumber": patient.number,
        "Birthdate": patient.birthdate_digits(),
        "LimitApplicationCertificateRelatedConsFlg": "0",
    });
    for (element, value) in [("InsuredCardSymbol", &patient.symbol), ("InsuredBranchNumber", &patient.branch)] {
        if !value.is_empty() {
            info[element] = json!(value);
        }
    }
    let today = japan::civil(now).strftime("%Y%m%d").to_string();
    json!({ "XmlMsg": {
        "MessageHeader": { "QualificationConfirmationDate": today, "MedicalInstitutionCode": code },
        "MessageBody": { "QualificationConfirmSearchInfo": info },
    } })
}

/// Quotes a text for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_quotes_stays_one_word() {
        assert_eq!(quoted(r#"{"a": "it's"}"#), r#"'{"a": "it'\''s"}'"#);
    }
}
