//! The explanation of a response: the rule that decided, the steps before it, the terminal's state,
//! the near miss, the fault, and what to do next.

use schemars::JsonSchema;
use serde::Serialize;

use super::FILE;
use super::entry::{Entry, EntryTerminal, JournalError, MASKED, Outcome};
use super::steps::{Step, steps_of};
use crate::domain::error_catalogue::ErrorId;
use crate::domain::error_presentation::ErrorProfile;
use crate::domain::inquiry::{Criterion, NearMiss, Validity};
use crate::domain::linkage::ResultFiles;
use crate::domain::terminal::Phase;
use crate::domain::text::Text;
use crate::domain::troubleshooting::Heading;

/// The explanation of one entry.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Explanation {
    /// The outcome and its reason.
    pub summary: Text,
    /// The rule that determined the outcome; absent if there was no problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    /// For a check: its steps in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// The terminal and its state when the request arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal: Option<Text>,
    /// The closest person, criterion by criterion.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub near_miss: Vec<Comparison>,
    /// The fault that fired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Text>,
    /// For a file: how it is created, and which file watchers do not detect it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<Text>,
    /// Additional notes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Text>,
    /// What to do next.
    pub next: Text,
}

/// The rule that determined the outcome.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Rule {
    /// The error's name in the catalogue.
    pub id: &'static str,
    /// The source: a row of the notice, such as N5, or `mock`.
    pub source: String,
    /// The text.
    #[serde(flatten)]
    pub text: Text,
}

/// A criterion that must match.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Compared")]
pub struct Comparison {
    /// ✓ or ✗.
    pub mark: &'static str,
    /// The element of the request.
    pub element: String,
    /// The value in the fixtures.
    pub expected: String,
    /// The value in the request.
    pub got: String,
}

/// Explains an entry. `own_persons` is the number of the institution's own persons, if it does not
/// use the fixtures'.
pub fn explain(entry: &Entry, own_persons: Option<usize>) -> Explanation {
    let error = entry.error();
    let steps = steps_of(entry.operation, error.map(|error| error.id));
    let decided = steps.iter().find(|step| step.mark == "✗");
    let rule = error.map(|error| Rule {
        id: error.id.name(),
        source: error.provenance.source.clone(),
        text: decided.map_or_else(|| error.message.clone(), |step| step.rule.clone()),
    });
    let mut notes = entry.notes.clone();
    Explanation {
        summary: with_delivery_note(entry, summary(entry)),
        rule,
        terminal: terminal(entry),
        near_miss: near_miss(entry).map(|miss| miss.criteria.iter().map(compare).collect()).unwrap_or_default(),
        fault: entry.fault.as_ref().and_then(|_| notes.pop()),
        file: entry.result_files.map(file),
        notes,
        next: next(entry, own_persons),
        steps,
    }
}

impl Explanation {
    /// Returns lines for people, in Japanese and English. Each part has a heading if there are
    /// several.
    pub fn sections(&self) -> Vec<(Text, Vec<Text>)> {
        let rule = self.rule.iter().map(|rule| {
            let Rule { id, source, text } = rule;
            Text::new(format!("{}（{id}、出典 {source}）", text.ja), format!("{} ({id}, source {source})", text.en))
        });
        let steps =
            self.steps.iter().map(|Step { mark, name, .. }| Text::new(format!("{mark} {}", name.ja), format!("{mark} {}", name.en)));
        let near = self.near_miss.iter().map(|Comparison { mark, element, expected, got }| {
            Text::new(
                format!("{mark} {element}: 登録値 {expected}、要求の値 {got}"),
                format!("{mark} {element}: expected {expected}, got {got}"),
            )
        });
        let all = [
            (Text::new("結果", "Result"), vec![self.summary.clone()]),
            (Text::new("規則", "Rule"), rule.collect()),
            (Text::new("確認の順序", "What is looked at, in order"), steps.collect()),
            (Text::new("端末", "Terminal"), self.terminal.iter().cloned().collect()),
            (Text::new("最も近い被保険者", "Nearest person"), near.collect()),
            (Text::new("障害", "Fault"), self.fault.iter().cloned().collect()),
            (Text::new("ファイル", "File"), self.file.iter().cloned().collect()),
            (Text::new("注記", "Notes"), self.notes.clone()),
            (Text::new("次にすること", "What to do next"), vec![self.next.clone()]),
        ];
        all.into_iter().filter(|(_, lines)| !lines.is_empty()).collect()
    }

    /// Returns plain text: Japanese, then English.
    pub fn plain(&self) -> String {
        let sections = self.sections();
        let in_one = |language: fn(&Text) -> &str| -> String {
            let section = |(heading, lines): &(Text, Vec<Text>)| {
                let lines: String = lines.iter().map(|line| format!("  {}\n", language(line))).collect();
                format!("{}\n{lines}", language(heading))
            };
            sections.iter().map(section).collect()
        };
        format!("{}\n{}", in_one(|text| &text.ja), in_one(|text| &text.en))
    }
}

fn summary(entry: &Entry) -> Text {
    let why = &entry.why;
    let Some(JournalError { code, message, .. }) = entry.error() else {
        return why.clone();
    };
    Text::new(
        format!("拒否しました：{code} {}{}", message.ja, other(&why.ja, &message.ja)),
        format!("Refused: {code} {}{}", message.en, other(&why.en, &message.en)),
    )
}

/// Returns the summary. If a fault kept the response from the client, it says so.
fn with_delivery_note(entry: &Entry, summary: Text) -> Text {
    if response_arrived(entry) {
        return summary;
    }
    Text::new(
        format!("{}ただし、障害のため、この応答はそのままではクライアントに届いていません。", summary.ja),
        format!("{} But a fault kept that answer from the client, or spoilt it.", summary.en),
    )
}

fn response_arrived(entry: &Entry) -> bool {
    entry.fault.as_ref().is_none_or(|fault| fault.kind.answer_arrives())
}

/// Returns the reason, unless the message contains it already.
fn other(why: &str, message: &str) -> String {
    if message.contains(why) { String::new() } else { format!(" {why}") }
}

fn terminal(entry: &Entry) -> Option<Text> {
    let id = match entry.terminal.as_ref()? {
        EntryTerminal::Named(id) => id.as_str(),
        EntryTerminal::Masked => MASKED,
    };
    let (ja, en) = match entry.found.as_ref()?.phase {
        Phase::Off => ("電源が切れていました", "was off"),
        Phase::Starting => ("起動中でした", "was booting"),
        Phase::Pending => {
            ("更新をインストールした後、再起動していませんでした", "had installed the update and had not been restarted since")
        }
        Phase::Downloading => ("更新をダウンロード中でした", "was downloading the update"),
        Phase::Installing => ("更新をインストール中でした", "was installing the update"),
        Phase::UpdateAvailable => ("まだ更新をインストールしていませんでした", "had an update that was not installed"),
        Phase::UpToDate => ("最新でした", "was up to date"),
    };
    Some(Text::new(format!("端末 {id} は{ja}。"), format!("Terminal {id} {en}.")))
}

fn file(way: ResultFiles) -> Text {
    let (ja, en) = match way {
        ResultFiles::InPlace => (
            "端末の設定は result_files: in_place です。ファイルはその名前で作成してから書き込みます。作成の通知で一度だけ読むクライアントは、空または途中までのファイルを読みます。",
            "The terminal has result_files: in_place: the file is created under its name, then written. A client that reads once, at the creation, meets an empty or short file.",
        ),
        ResultFiles::Atomic => (
            "端末の設定は result_files: atomic です。ファイルは別の場所に書き終えてから名前を変えます。作成・名前変更の通知は出ますが、変更の通知だけを待つクライアントは気付きません。",
            "The terminal has result_files: atomic: the file is written elsewhere, then renamed. There is a creation or renaming: a client that waits for changes only never notices it.",
        ),
    };
    Text::new(ja, en)
}

fn near_miss(entry: &Entry) -> Option<&NearMiss> {
    match &entry.outcome {
        Outcome::Checked { near_miss, .. } => near_miss.as_ref(),
        Outcome::Answered | Outcome::Refused { .. } => None,
    }
}

fn compare(criterion: &Criterion) -> Comparison {
    let Criterion { element, met, expected, got } = criterion;
    Comparison {
        mark: if *met { "✓" } else { "✗" },
        element: element.clone().into_owned(),
        expected: expected.clone(),
        got: if got.is_empty() { "-".to_owned() } else { got.clone() },
    }
}

/// Returns what to do next, with the heading of docs/troubleshooting.md if one is about this.
fn next(entry: &Entry, own_persons: Option<usize>) -> Text {
    let action = action(entry, own_persons);
    match heading(entry) {
        Some(heading) => heading.after(&action),
        None => action,
    }
}

fn heading(entry: &Entry) -> Option<Heading> {
    let is_file = entry.method == FILE;
    let nothing_arrived = if is_file { Heading::NoFile } else { Heading::NoResponse };
    match &entry.outcome {
        Outcome::Refused { error_profile: Some(ErrorProfile::Silent), .. } => Some(nothing_arrived),
        Outcome::Refused { error, .. } => match error.id {
            ErrorId::TokenMissing
            | ErrorId::TokenForeign
            | ErrorId::TokenExpired
            | ErrorId::LoginRefused
            | ErrorId::IdentityMissing
            | ErrorId::IdentityContradiction => Some(Heading::Token),
            ErrorId::MalformedRequest | ErrorId::KindNotPublic if is_file => Some(Heading::ErrFile),
            _ => None,
        },
        _ if !response_arrived(entry) => Some(nothing_arrived),
        Outcome::Checked { validity: Validity::Invalid | Validity::InvalidNewer | Validity::None, .. } => Some(Heading::NotValid),
        Outcome::Checked { .. } | Outcome::Answered => None,
    }
}

fn action(entry: &Entry, own_persons: Option<usize>) -> Text {
    if let Some(error) = entry.error() {
        return error.remedy.clone();
    }
    if !response_arrived(entry) {
        return Text::new(
            "クライアントが障害にどう対処したかを確認し、必要なら照会し直してください。",
            "Look at what the client made of the fault, and check again where that is needed.",
        );
    }
    if matches!(entry.outcome, Outcome::Answered) && entry.inquiry.is_some() {
        return Text::new("処理中です。間をおいて照会し直してください。", "It is being processed: check again after a while.");
    }
    match &entry.outcome {
        Outcome::Checked { validity: Validity::None, .. } => {}
        Outcome::Checked { validity: Validity::Invalid | Validity::InvalidNewer, .. } => {
            return Text::new("無効が正しければ、対応は不要です。", "If expired is right, there is nothing to do.");
        }
        _ => return Text::new("対応は不要です。", "There is nothing to do."),
    }
    let correct = if near_miss(entry).is_some() {
        Text::new("✗ の項目を直して照会し直してください。", "Correct what is marked ✗ and check again.")
    } else {
        Text::new("一致する被保険者がいません。照会の内容を確認してください。", "Nobody insured matches: look at what was asked.")
    };
    let persons = match own_persons {
        Some(count) => Text::new(
            format!(
                "この医療機関には独自の被保険者（{count}人）が設定されていて、docs/persons.ja.md の被保険者はいません。一覧は GET …/persons にあります。"
            ),
            format!("This institution has persons of its own ({count}) in place of those of docs/persons.md. GET …/persons lists them."),
        ),
        None => Text::new(
            "被保険者の一覧は docs/persons.ja.md と GET …/persons にあります。",
            "docs/persons.md and GET …/persons list the persons.",
        ),
    };
    Text::new(format!("{}{}", correct.ja, persons.ja), format!("{} {}", correct.en, persons.en))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fault::KindName;
    use crate::domain::ids::{FaultId, TerminalId};
    use crate::domain::operation::Operation;
    use crate::domain::terminal_condition::TerminalCondition;
    use crate::journal::FaultMark;
    use crate::journal::example::{error, example};

    fn checked(validity: Validity) -> Entry {
        let why = Text::new("資格確認ができました。", "It was checked.");
        let outcome = Outcome::Checked { validity, person: None, near_miss: None };
        Entry { why, inquiry: Some("p1".to_owned()), ..example(Operation::Search, outcome) }
    }

    #[test]
    fn what_a_fault_kept_from_the_client_is_not_told_as_done() {
        let entry = |kind| Entry {
            notes: vec![Text::new("障害", "A fault")],
            fault: Some(FaultMark { id: FaultId::parse("f1").unwrap(), kind, answered: false }),
            ..checked(Validity::Valid)
        };
        let reset = explain(&entry(KindName::Reset), None);
        assert!(reset.summary.en.contains("kept that answer from the client") && reset.next.en.contains("check again"), "{reset:?}");
        let delayed = explain(&entry(KindName::Delay), None);
        assert_eq!((&*delayed.summary.en, &*delayed.next.en), ("It was checked.", "There is nothing to do."));
    }

    #[test]
    fn what_to_do_next_names_the_heading_that_helps() {
        let refused = |id, profile| example(Operation::Search, Outcome::refused(error(id), profile));
        let file = |entry: Entry| Entry { method: FILE.into(), ..entry };
        let silent = || refused(ErrorId::RestartRequired, Some(ErrorProfile::Silent));
        for (entry, expected) in [
            (refused(ErrorId::TokenExpired, None), Some(Heading::Token)),
            (silent(), Some(Heading::NoResponse)),
            (file(silent()), Some(Heading::NoFile)),
            (file(refused(ErrorId::MalformedRequest, None)), Some(Heading::ErrFile)),
            (refused(ErrorId::MalformedRequest, None), None),
            (refused(ErrorId::RestartRequired, Some(ErrorProfile::Envelope)), None),
            (checked(Validity::None), Some(Heading::NotValid)),
            (checked(Validity::Invalid), Some(Heading::NotValid)),
            (checked(Validity::Valid), None),
        ] {
            assert_eq!(heading(&entry), expected, "{entry:?}");
            let named = expected.is_none_or(|heading| explain(&entry, None).next.en.ends_with(&heading.reference().en));
            assert!(named, "{entry:?}");
        }
    }

    #[test]
    fn how_a_file_comes_into_being_is_told_with_who_misses_it() {
        let entry = |way| Entry { result_files: way, ..example(Operation::Linkage, Outcome::Answered) };
        let file = |way| explain(&entry(way), None).file.map(|text| text.en);
        assert!(file(Some(ResultFiles::InPlace)).is_some_and(|en| en.contains("in_place") && en.contains("empty or short")));
        assert!(file(Some(ResultFiles::Atomic)).is_some_and(|en| en.contains("atomic") && en.contains("changes only")));
        assert_eq!(file(None), None);
        let texts = explain(&entry(Some(ResultFiles::Atomic)), None).plain();
        assert!(texts.contains("ファイル\n") && texts.contains("File\n"), "{texts}");
    }

    #[test]
    fn who_is_told_that_it_is_being_processed_asks_again() {
        let entry = Entry { outcome: Outcome::Answered, ..checked(Validity::Valid) };
        assert!(explain(&entry, None).next.en.contains("again after a while"));
        assert!(explain(&checked(Validity::None), None).next.en.contains("Nobody insured matches"));
    }
    #[test]
    fn what_the_terminal_was_at_is_told_for_each_phase() {
        let found = |phase| TerminalCondition { phase, last_event: 1, other_terminals: Vec::new() };
        let texts = Phase::ALL.map(|phase| {
            let terminal = Some(EntryTerminal::Named(TerminalId::parse("T1").unwrap()));
            explain(&Entry { terminal, found: Some(found(phase)), ..checked(Validity::Valid) }, None).plain()
        });
        let words = [
            "was off",
            "was booting",
            "had installed the update",
            "was downloading",
            "was installing",
            "was not installed",
            "was up to date",
        ];
        for words in words {
            assert_eq!(texts.iter().filter(|texts| texts.contains(words)).count(), 1, "{words}");
        }
    }
}
