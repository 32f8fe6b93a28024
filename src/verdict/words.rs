//! The outcomes of requests in Japanese, and the meanings of the rules' sources.

use super::exchange::Exchange;
use crate::domain::campaign::Component;
use crate::domain::operation::OutcomeName;

/// What each source of a rule is about, in Japanese and English: the rows of the notice, and other
/// sources.
const SOURCES: [(&str, &str, &str); 16] = [
    ("N1", "資格確認端末と顔認証付きカードリーダーに更新が配信される", "updates for qualification terminals and card readers"),
    ("N2", "配信は1月19日から30日までの夜（25日を除く）", "distributed in the nights from 19 to 30 January, except the 25th"),
    ("N3", "電源が入っていれば、ダウンロードとインストールは自動で行われる", "downloaded and installed by itself while powered on"),
    ("N4", "インストール後、翌朝に端末を再起動する", "restart the terminal in the morning after the installation"),
    (
        "N5",
        "インストール後に再起動していない端末では資格確認がエラーになる。再起動した後、もう一度行う",
        "not restarted after the installation, the check ends in an error: restart, then check again",
    ),
    (
        "N6",
        "診療開始前に自動で再起動する端末は、手動の再起動が不要",
        "no manual restart where the terminal restarts by itself before consultations",
    ),
    ("N7", "1月31日以降は終日配信される", "distributed all day from 31 January on"),
    (
        "N8",
        "エラーの画面、任意のタイミングでのダウンロード、完了の確認方法",
        "error screens, downloads at a time of one's own, delivery results",
    ),
    (
        "N9",
        "再起動してもエラーが消えなければコールセンターへ連絡し、その間は別の方法で資格を確認する",
        "if the error stays after a restart, call the call centre, and meanwhile confirm qualifications in another way",
    ),
    ("N10", "メールとオンライン請求の画面で通知される", "told by mail and on the online-claims screen"),
    ("N11", "更新がインストールされていないだけではエラーにならない", "an update that is not installed is no error by itself"),
    ("docs/answers.md", "エラーがレセコンに届くときの形", "the forms in which an error reaches a receipt computer"),
    ("docs/control-api.md", "トークンの有効期限", "the life of tokens"),
    ("RFC 9110 §10.2.3", "HTTP の Retry-After ヘッダー", "the header Retry-After of HTTP"),
    ("docs/linkage.md", "連携フォルダー", "the linkage folder"),
    ("docs/delivery.md", "更新パッケージの配信", "the delivery of packages"),
];

/// Returns what a rule's source is about, in Japanese and English; `None` if the source is unknown.
pub fn meaning(source: &str) -> Option<(&'static str, &'static str)> {
    SOURCES.iter().find(|(known, ..)| *known == source).map(|(_, ja, en)| (*ja, *en))
}

/// Returns the names of components.
pub(super) fn components(components: &[Component]) -> String {
    components.iter().map(|component| component.title().ja).collect::<Vec<_>>().join("、")
}

/// Returns the outcome of a request.
pub(super) fn outcome(entry: &Exchange) -> String {
    match (entry.error, entry.validity, entry.outcome) {
        (Some(error), ..) => error.title().map_or_else(|| format!("エラー {}", error.name()), |title| format!("エラー（{}）", title.ja)),
        (None, Some(validity), _) => validity.ja().to_owned(),
        (None, None, OutcomeName::Answered | OutcomeName::Checked) => "応答した".to_owned(),
        (None, None, OutcomeName::Refused) => "拒否された".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::RULES;
    use super::*;

    #[test]
    fn each_source_of_a_rule_is_explained() {
        for rule in RULES {
            assert!(meaning(rule.source).is_some_and(|(ja, en)| !ja.is_ascii() && en.is_ascii()), "{}: {}", rule.id, rule.source);
        }
        assert_eq!(meaning("N12"), None);
    }
}
