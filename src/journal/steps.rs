//! The steps before a check is answered, in order: each with its rule, and how far a request came.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::error_catalogue::ErrorId;
use crate::domain::operation::Operation;
use crate::domain::text::Text;

/// A step of a check.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CheckStep")]
pub struct Step {
    /// The name of the step in the API.
    pub step: &'static str,
    /// ✓ passed, ✗ determined the outcome, – not reached.
    pub mark: &'static str,
    /// The title.
    pub name: Text,
    /// The rule of the step.
    pub rule: Text,
}

/// A step: its name in the API, the errors that end it, its title in Japanese and English, its rule
/// in both.
type Line = (&'static str, &'static [ErrorId], [&'static str; 2], [&'static str; 2]);

/// The steps in order.
const STEPS: [Line; 7] = [
    (
        "request",
        &[ErrorId::MalformedRequest, ErrorId::KindNotPublic, ErrorId::BodyTimeout, ErrorId::BodyTooLarge, ErrorId::BodyEncoded],
        ["要求", "the request"],
        ["読み取れない要求は、ほかの何よりも先に拒否します。", "A request that cannot be read is refused before anything else."],
    ),
    (
        "identity",
        &[
            ErrorId::IdentityMissing,
            ErrorId::IdentityUnknown,
            ErrorId::IdentityContradiction,
            ErrorId::CertificateRequired,
            ErrorId::LoginRefused,
        ],
        ["要求元", "who asks"],
        [
            "要求元は、クライアント証明書、トークン、要求の順に決まります。互いに矛盾すれば拒否します。",
            "Who asks is told by the client certificate, else the token, else the request; a contradiction is refused.",
        ],
    ),
    (
        "token",
        &[ErrorId::TokenMissing, ErrorId::TokenForeign, ErrorId::TokenExpired],
        ["トークン", "the token"],
        [
            "トークンは、現在のこの医療機関のもので、医療機関の時計で期限内でなければなりません。",
            "A token has to be of this making of the institution, and not expired by the institution's clock.",
        ],
    ),
    (
        "power",
        &[ErrorId::TerminalOff, ErrorId::TerminalStarting],
        ["電源", "the power"],
        ["電源が切れているか起動中の端末は、資格確認をしません。", "A terminal that is off or booting checks nothing."],
    ),
    (
        "restart",
        &[ErrorId::RestartRequired, ErrorId::RestartDidNotHelp],
        ["再起動", "the restart"],
        [
            "更新をインストールした後に再起動していない端末は、再起動まで資格確認を拒否します。再起動しても直らなければ、コールセンターに連絡します。",
            "A terminal that has installed an update and was not restarted since refuses checks until its restart; where that does not help, the call centre does.",
        ],
    ),
    (
        "update",
        &[ErrorId::UpdateMissing],
        ["更新", "the update"],
        [
            "設定 outdated_refused_from の日からは、更新をインストールしていない端末も拒否します。",
            "From the day of the setting outdated_refused_from on, a terminal without the update is refused, too.",
        ],
    ),
    (
        "inquiry",
        &[ErrorId::PersonRefused, ErrorId::PersonUnmatched, ErrorId::ConsentMissing, ErrorId::ReceptionUnknown],
        ["照会", "the inquiry"],
        [
            "保険者番号、記号、番号、枝番（資格確認では生年月日も）がすべて一致した被保険者について応答します。薬剤情報・特定健診情報は、本人が同意したものだけを返します。",
            "The person is answered for whose insurer number, symbol, number and branch number all match, in a check the birthday, too. Drug information and check-ups are told only where the person consented.",
        ],
    ),
];

/// Returns the steps of an operation, marked as far as the request came: up to the step that
/// `error` ended. An operation that is no check has none.
pub(super) fn steps_of(operation: Operation, error: Option<ErrorId>) -> Vec<Step> {
    if !matches!(operation, Operation::Search | Operation::Linkage | Operation::Card) {
        return Vec::new();
    }
    let end = error.map(|error| STEPS.iter().position(|(_, errors, ..)| errors.contains(&error)));
    if end == Some(None) {
        // Another error: of the store, or of the route.
        return Vec::new();
    }
    let end = end.flatten().unwrap_or(STEPS.len());
    let step = |(i, (step, _, name, rule)): (usize, &Line)| Step {
        step,
        mark: if i < end {
            "✓"
        } else if i == end {
            "✗"
        } else {
            "–"
        },
        name: Text::new(name[0], name[1]),
        rule: Text::new(rule[0], rule[1]),
    };
    STEPS.iter().enumerate().map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_shown_as_far_as_it_came() {
        let marks = |operation, error| steps_of(operation, error).iter().map(|step| step.mark).collect::<String>();
        assert_eq!(marks(Operation::Search, None), "✓✓✓✓✓✓✓");
        assert_eq!(marks(Operation::Search, Some(ErrorId::RestartRequired)), "✓✓✓✓✗––");
        assert_eq!(marks(Operation::Linkage, Some(ErrorId::MalformedRequest)), "✗––––––");
        assert_eq!(marks(Operation::Search, Some(ErrorId::StoreUnavailable)), "");
        assert_eq!(marks(Operation::Login, Some(ErrorId::LoginRefused)), "");
    }
}
