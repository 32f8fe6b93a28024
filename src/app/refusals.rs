//! The log of refused requests, for people who watch it. All surfaces use it.

use crate::domain::ids::InstitutionCode;
use crate::domain::operation::Operation;
use crate::domain::text::Text;
use crate::journal::Outcome;

/// Logs a request if it was refused.
pub fn log_refusal(operation: Operation, institution: Option<&InstitutionCode>, outcome: &Outcome, why: &Text) {
    if let Outcome::Refused { error, .. } = outcome {
        let (operation, institution) = (operation.name(), institution.map_or("-", InstitutionCode::as_str));
        tracing::info!(operation, institution, code = error.code, why = %format_args!("{} / {}", why.ja, why.en), "拒否しました / refused");
    }
}
