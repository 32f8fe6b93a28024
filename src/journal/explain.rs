//! Why an answer was what it was: the rule that decided, the way there, the terminal then, the near miss, the fault, and what to do next.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::steps::{Step, steps_of};
use crate::domain::fault::answer_arrives;
use crate::domain::text::Text;

/// The explanation of one entry.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Explanation {
    /// How it ended, and what decided it.
    pub summary: Text,
    /// The rule that decided; none where nothing was in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    /// Of a check: what is looked at, in order, as far as it came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// The terminal, and what it was at when the request came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal: Option<Text>,
    /// Who came nearest, criterion by criterion.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub near_miss: Vec<Compared>,
    /// The fault that fired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Text>,
    /// Of a file: how it comes into being, and which watchers miss it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<Text>,
    /// What else is worth knowing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Text>,
    /// What to do next.
    pub next: Text,
}

/// The rule that decided.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Rule {
    /// The error's name in the catalogue.
    pub id: String,
    /// A row of the notice such as N5, or `mock`.
    pub source: String,
    /// What it says.
    #[serde(flatten)]
    pub text: Text,
}

/// One thing that has to match.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Compared {
    /// ✓ or ✗.
    pub mark: &'static str,
    /// The element of the request.
    pub element: String,
    /// What the fixture has.
    pub expected: String,
    /// What came.
    pub got: String,
}

/// Explains an entry as it is kept. `own_persons`: how many its institution has, where they are not the fixtures'.
pub fn explain(entry: &Value, own_persons: Option<usize>) -> Explanation {
    let error = entry.get("error");
    let id = error.map(|error| word(&error["id"]));
    let steps = steps_of(&word(&entry["operation"]), id.as_deref());
    let decided = steps.iter().find(|step| step.mark == "✗");
    let rule = error.zip(id).map(|(error, id)| Rule {
        id,
        source: word(&error["provenance"]["source"]),
        text: decided.map_or_else(|| text(&error["message"]), |step| step.rule.clone()),
    });
    let mut notes: Vec<Text> = entry["notes"].as_array().into_iter().flatten().map(text).collect();
    let criteria = entry.pointer("/near_miss/criteria").and_then(Value::as_array).into_iter().flatten();
    Explanation {
        summary: arrived_or_not(entry, summary(entry)),
        rule,
        terminal: terminal(entry),
        near_miss: criteria.map(compared).collect(),
        fault: entry.get("fault").and_then(|_| notes.pop()),
        file: file(entry),
        notes,
        next: next(entry, own_persons),
        steps,
    }
}

impl Explanation {
    /// As lines to read, a heading each where there is more than one thing to say: Japanese, then English.
    pub fn sections(&self) -> Vec<(Text, Vec<Text>)> {
        let rule = self.rule.iter().map(|rule| {
            let Rule { id, source, text } = rule;
            Text::new(format!("{}（{id}、出典 {source}）", text.ja), format!("{} ({id}, source {source})", text.en))
        });
        let steps =
            self.steps.iter().map(|Step { mark, name, .. }| Text::new(format!("{mark} {}", name.ja), format!("{mark} {}", name.en)));
        let near = self.near_miss.iter().map(|Compared { mark, element, expected, got }| {
            Text::new(format!("{mark} {element}: 期待 {expected}、実際 {got}"), format!("{mark} {element}: expected {expected}, got {got}"))
        });
        let all = [
            (Text::new("結果", "Result"), vec![self.summary.clone()]),
            (Text::new("決まり", "Rule"), rule.collect()),
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

    /// As plain text: Japanese, then English.
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

fn summary(entry: &Value) -> Text {
    let why = text(&entry["why"]);
    let error = &entry["error"];
    match entry["outcome"].as_str() {
        Some("refused") => {
            let (code, message) = (word(&error["code"]), text(&error["message"]));
            Text::new(
                format!("拒否しました: {code} {}{}", message.ja, other(&why.ja, &message.ja)),
                format!("Refused: {code} {}{}", message.en, other(&why.en, &message.en)),
            )
        }
        _ => why,
    }
}

/// How it ended, and that the client did not get that answer where a fault saw to it.
fn arrived_or_not(entry: &Value, summary: Text) -> Text {
    if arrives(entry) {
        return summary;
    }
    Text::new(
        format!("{}ただし、障害のため、この応答はそのままではクライアントに届いていません。", summary.ja),
        format!("{} But a fault kept that answer from the client, or spoilt it.", summary.en),
    )
}

fn arrives(entry: &Value) -> bool {
    entry.pointer("/fault/kind").and_then(Value::as_str).is_none_or(answer_arrives)
}

/// What decided it, where that is not what was said.
fn other(why: &str, message: &str) -> String {
    if message.contains(why) { String::new() } else { format!(" {why}") }
}

fn terminal(entry: &Value) -> Option<Text> {
    let (id, phase) = (entry["terminal"].as_str()?, entry["phase"].as_str());
    let (ja, en) = match phase? {
        "off" => ("電源が切れていました", "was off"),
        "starting" => ("起動中でした", "was booting"),
        "pending" => ("更新をインストールした後、再起動していませんでした", "had installed the update and had not been restarted since"),
        "downloading" => ("更新をダウンロード中でした", "was downloading the update"),
        "installing" => ("更新をインストール中でした", "was installing the update"),
        "update_available" => ("まだ更新をインストールしていませんでした", "had an update that was not installed"),
        _ => ("最新でした", "was up to date"),
    };
    Some(Text::new(format!("端末 {id} は{ja}。"), format!("Terminal {id} {en}.")))
}

fn file(entry: &Value) -> Option<Text> {
    let (ja, en) = match entry["result_files"].as_str()? {
        "in_place" => (
            "端末の設定は result_files: in_place です。ファイルはその名前で作成してから書き込みます。作成の通知で一度だけ読むクライアントは、空または途中までのファイルを読みます。",
            "The terminal has result_files: in_place: the file is created under its name, then written. A client that reads once, at the creation, meets an empty or short file.",
        ),
        _ => (
            "端末の設定は result_files: atomic です。ファイルは別の場所に書き終えてから名前を変えます。作成・名前変更の通知は出ますが、変更の通知だけを待つクライアントは気付きません。",
            "The terminal has result_files: atomic: the file is written elsewhere, then renamed. There is a creation or renaming: a client that waits for changes only never notices it.",
        ),
    };
    Some(Text::new(ja, en))
}

fn compared(criterion: &Value) -> Compared {
    let met = criterion["met"].as_bool().unwrap_or_default();
    Compared {
        mark: if met { "✓" } else { "✗" },
        element: word(&criterion["element"]),
        expected: word(&criterion["expected"]),
        got: Some(word(&criterion["got"])).filter(|got| !got.is_empty()).unwrap_or_else(|| "-".to_owned()),
    }
}

fn next(entry: &Value, own_persons: Option<usize>) -> Text {
    if entry.get("error").is_some() {
        return text(&entry["error"]["remedy"]);
    }
    if !arrives(entry) {
        return Text::new(
            "クライアントが障害にどう対処したかを確認し、必要なら照会し直してください。",
            "Look at what the client made of the fault, and check again where that is needed.",
        );
    }
    if entry["outcome"] == "answered" && entry.get("inquiry").is_some() {
        return Text::new("処理中です。間をおいて照会し直してください。", "It is being processed: check again after a while.");
    }
    if entry["validity"] != "none" {
        return Text::new("することはありません。", "There is nothing to do.");
    }
    let correct = if entry.get("near_miss").is_some() {
        Text::new("✗ の項目を直して照会し直してください。", "Correct what is marked ✗ and check again.")
    } else {
        Text::new("一致する被保険者がいません。照会の内容を確認してください。", "Nobody insured matches: look at what was asked.")
    };
    let persons = match own_persons {
        Some(count) => Text::new(
            format!(
                "この医療機関には独自の被保険者（{count}人）が設定されていて、README の被保険者はいません。一覧は GET …/persons にあります。"
            ),
            format!("This institution has persons of its own ({count}) in place of the README's. GET …/persons lists them."),
        ),
        None => Text::new("被保険者の一覧は README と GET …/persons にあります。", "The README and GET …/persons list the persons."),
    };
    Text::new(format!("{}{}", correct.ja, persons.ja), format!("{} {}", correct.en, persons.en))
}

/// A text of either language, as it is kept.
fn text(value: &Value) -> Text {
    Text::new(word(&value["ja"]), word(&value["en"]))
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| if value.is_null() { String::new() } else { value.to_string() }, str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_fault_kept_from_the_client_is_not_told_as_done() {
        let entry = |fault: &str| {
            json!({"operation": "search", "outcome": "checked", "validity": "valid", "inquiry": "p1",
            "why": {"ja": "資格確認ができました。", "en": "It was checked."}, "notes": [{"ja": "障害", "en": "A fault"}], "fault": {"kind": fault}})
        };
        let reset = explain(&entry("reset"), None);
        assert!(reset.summary.en.contains("kept that answer from the client") && reset.next.en.contains("check again"), "{reset:?}");
        let delayed = explain(&entry("delay"), None);
        assert_eq!((&*delayed.summary.en, &*delayed.next.en), ("It was checked.", "There is nothing to do."));
    }

    #[test]
    fn how_a_file_comes_into_being_is_told_with_who_misses_it() {
        let file = |entry: Value| explain(&entry, None).file.map(|text| text.en);
        let entry = |way: &str| json!({"operation": "linkage", "outcome": "answered", "result_files": way});
        assert!(file(entry("in_place")).is_some_and(|en| en.contains("in_place") && en.contains("empty or short")));
        assert!(file(entry("atomic")).is_some_and(|en| en.contains("atomic") && en.contains("changes only")));
        assert_eq!(file(json!({"operation": "search", "outcome": "answered"})), None);
        let told = explain(&entry("atomic"), None).plain();
        assert!(told.contains("ファイル\n") && told.contains("File\n"), "{told}");
    }

    #[test]
    fn who_is_told_that_it_is_being_processed_asks_again() {
        let entry =
            json!({"operation": "search", "outcome": "answered", "inquiry": "p1", "why": {"ja": "処理中です。", "en": "Processing."}});
        assert!(explain(&entry, None).next.en.contains("again after a while"));
    }
}
