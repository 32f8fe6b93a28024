//! Faults in words: what each kind does, for which requests and how often; and the kinds that the
//! page offers, with their parameters.

use crate::domain::fault::{Fault, Kind, KindName, Requests, When};
use crate::domain::japan;
use crate::domain::period::{Period, in_words};
use crate::domain::text::Text;
use crate::http::console::language::Language;

/// A kind of fault that the page offers.
pub(super) struct FaultForm {
    pub(super) kind: KindName,
    /// What it does, in Japanese and English.
    pub(super) sentence: (&'static str, &'static str),
    pub(super) parameters: &'static [Parameter],
    /// A fault of this kind, for the requests to which it applies.
    example: Kind,
}

/// A parameter of a kind: a choice or a number.
pub(super) struct Parameter {
    /// The field of the fault's definition.
    pub(super) name: &'static str,
    pub(super) label: (&'static str, &'static str),
    /// The choices, as ISO 8601 durations; none for a number. The empty one leaves the field out.
    pub(super) choices: &'static [&'static str],
    /// The least and the greatest number.
    pub(super) range: (u32, u32),
    /// What is chosen at first.
    pub(super) value: &'static str,
}

const DELAY: Parameter = Parameter {
    name: "delay",
    label: ("どれだけ遅らせるか", "How long"),
    choices: &["PT1S", "PT3S", "PT5S", "PT10S", "PT30S", "PT1M", "PT2M", "PT5M"],
    range: (0, 0),
    value: "PT10S",
};
const STATUS: Parameter =
    Parameter { name: "status", label: ("HTTP ステータス", "HTTP status"), choices: &[], range: (400, 599), value: "503" };
const RETRY_AFTER: Parameter = Parameter {
    name: "retry_after",
    label: ("Retry-After", "Retry-After"),
    choices: &["", "PT1S", "PT5S", "PT10S", "PT30S", "PT1M"],
    range: (0, 0),
    value: "",
};
const AFTER: Parameter = Parameter {
    name: "after",
    label: ("何バイトの後に切るか（空欄：半分）", "After how many bytes (empty: half of them)"),
    choices: &[],
    range: (0, 1_000_000),
    value: "",
};

/// The kinds of faults that the page offers.
pub(super) const FAULT_FORMS: [FaultForm; 8] = [
    FaultForm {
        kind: KindName::Delay,
        sentence: ("応答を遅らせます。", "Answers are late."),
        parameters: &[DELAY],
        example: Kind::Delay { least: Period::from_secs(1), most: Period::from_secs(1) },
    },
    FaultForm {
        kind: KindName::Status,
        sentence: ("電文ではなく HTTP のエラーだけを返します。", "An HTTP error comes in place of a message."),
        parameters: &[STATUS, RETRY_AFTER],
        example: Kind::Status { status: 503, retry_after: None },
    },
    FaultForm {
        kind: KindName::BlackHole,
        sentence: ("応答せず、接続は開いたままにします。", "No answer comes, and the connection stays open."),
        parameters: &[],
        example: Kind::BlackHole,
    },
    FaultForm {
        kind: KindName::Close,
        sentence: ("応答せずに接続を閉じます。", "The connection closes without an answer."),
        parameters: &[],
        example: Kind::Close,
    },
    FaultForm {
        kind: KindName::Cut,
        sentence: ("応答の本文を途中で切ります。", "The answer's body breaks off."),
        parameters: &[AFTER],
        example: Kind::Cut { after: None },
    },
    FaultForm {
        kind: KindName::Malformed,
        sentence: ("本文の終わりが欠けた、読み取れない応答を返します。", "The end of the body is missing, so that it cannot be read."),
        parameters: &[],
        example: Kind::Malformed,
    },
    FaultForm {
        kind: KindName::Processing,
        sentence: ("資格確認に「処理中」を返します。", "Checks are answered as being processed."),
        parameters: &[],
        example: Kind::Processing,
    },
    FaultForm {
        kind: KindName::ExpiredToken,
        sentence: ("トークンを期限切れとして拒否します。", "Tokens are refused as expired."),
        parameters: &[],
        example: Kind::ExpiredToken,
    },
];

impl FaultForm {
    /// Whether it can be set for these requests.
    pub(super) fn applies_to(&self, requests: Requests) -> bool {
        requests == Requests::Any || self.example.applies_to(requests)
    }
}

/// Returns the words for a choice.
pub(super) fn choice_title(choice: &str) -> Text {
    match Period::try_from(choice.to_owned()) {
        Ok(period) => in_words(period.duration()),
        Err(_) => Text::new("なし", "none"),
    }
}

/// Returns the name of the requests that a fault counts.
pub(super) fn requests_title(lang: Language, requests: Requests) -> &'static str {
    match requests {
        Requests::Any => lang.say("すべての要求", "all requests"),
        Requests::Login => lang.say("ログイン", "logins"),
        Requests::Search => lang.say("資格確認（Web）", "checks (Web)"),
        Requests::Updates => lang.say("更新の問い合わせ", "requests for updates"),
        Requests::Package => lang.say("パッケージの取得", "package downloads"),
        Requests::Reports => lang.say("端末の報告", "terminals' reports"),
        Requests::Results => lang.say("配信実績", "delivery results"),
        Requests::Linkage => lang.say("連携ファイル（HTTP）", "linkage files (HTTP)"),
        Requests::Folder => lang.say("連携フォルダー", "the linkage folder"),
        Requests::Card => lang.say("カードリーダー", "cards at the reader"),
        Requests::Notices => lang.say("通知", "notices"),
    }
}

/// Returns for which requests a fault fires, and how often.
pub(super) fn fires(fault: &Fault) -> Text {
    let mut ja = vec![requests_title(Language::Japanese, fault.operation).to_owned()];
    let mut en = vec![requests_title(Language::English, fault.operation).to_owned()];
    if let Some(terminal) = &fault.terminal {
        ja.push(format!("端末 {terminal}"));
        en.push(format!("terminal {terminal}"));
    }
    match &fault.when {
        When::From(1) => {}
        When::From(number) => {
            ja.push(format!("{number}件目から"));
            en.push(format!("from number {number} on"));
        }
        When::Nth(numbers) => {
            let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
            ja.push(format!("{}件目", numbers.join("・")));
            en.push(format!("number {}", numbers.join(", ")));
        }
        When::Probability(probability) => {
            let percent = (probability * 1000.0).round() / 10.0;
            ja.push(format!("{percent}%の確率で"));
            en.push(format!("with a probability of {percent}%"));
        }
    }
    if let Some(times) = fault.times {
        ja.push(format!("{times}回まで"));
        en.push(format!("at most {times} times"));
    }
    if let Some(expires) = fault.expires {
        ja.push(format!("{} まで", japan::format_japanese(expires)));
        en.push(format!("until {}", japan::civil(expires).strftime("%m-%d %H:%M:%S")));
    }
    Text::new(format!("対象：{}", ja.join("、")), format!("For: {}", en.join(", ")))
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;
    use crate::domain::fault::FaultDefinition;

    fn words(definition: serde_json::Value) -> String {
        let mut definition: FaultDefinition = from_value(definition).unwrap();
        definition.id = Some(crate::domain::ids::FaultId::parse("f").unwrap());
        let fault = Fault::try_from(definition).unwrap();
        format!("{}{}", fault.kind.description().ja, fires(&fault).ja)
    }

    #[test]
    fn a_fault_is_told_in_words() {
        let delay = json!({"kind": "delay", "delay": "PT1M30S", "operation": "search", "terminal": "T1", "times": 2});
        assert_eq!(words(delay), "応答を1分30秒遅らせます。対象：資格確認（Web）、端末 T1、2回まで");
        let range = json!({"kind": "delay", "delay": ["PT0.2S", "PT2S"], "probability": 0.2});
        assert_eq!(words(range), "応答を0.2秒〜2秒遅らせます。対象：すべての要求、20%の確率で");
        let status = json!({"kind": "status", "status": 503, "retry_after": "PT10S", "nth": [1, 2]});
        assert_eq!(words(status), "HTTP 503 と Retry-After（10秒）を返します。対象：すべての要求、1・2件目");
        assert_eq!(words(json!({"kind": "clock_skew", "skew": "-PT5M"})), "応答の時刻が5分遅れています。対象：すべての要求");
    }

    #[test]
    fn what_a_form_offers_can_be_set() {
        for form in FAULT_FORMS {
            for requests in Requests::ALL.into_iter().filter(|requests| form.applies_to(*requests)) {
                let mut definition = json!({"id": "f", "kind": form.kind, "operation": requests});
                for parameter in form.parameters.iter().filter(|parameter| !parameter.value.is_empty()) {
                    let number: Option<u32> = parameter.value.parse().ok();
                    definition[parameter.name] = number.map_or_else(|| json!(parameter.value), |number| json!(number));
                }
                let set: FaultDefinition = from_value(definition.clone()).unwrap();
                assert!(Fault::try_from(set).is_ok(), "{definition}");
            }
        }
    }
}
