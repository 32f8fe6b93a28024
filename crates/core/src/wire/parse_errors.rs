//! Japanese messages for parse errors in JSON, TOML or a query.

/// What this program's own types expect: the start of the English text, and the Japanese text.
const EXPECTED: [(&str, &str); 21] = [
    ("an institution code of ten digits", "10桁の医療機関コード（都道府県番号2桁、点数表番号1桁、コード7桁。例：9910000018）"),
    ("an institution code: its third digit", "3桁目が 1（医科）・3（歯科）・4（調剤）・6（訪問看護）の医療機関コード"),
    ("an insurer number of six or eight digits", "6桁または8桁の保険者番号（例：01990019）"),
    ("a terminal's name", "英数字1〜16文字の端末名（例：T1）"),
    ("<institution code>-<terminal>", "<医療機関コード>-<端末>（例：9910000026-T1）"),
    ("a campaign's name", "英数字とハイフン1〜32文字のキャンペーン名（例：2026-01）"),
    ("a scenario's name", "英小文字・数字・ハイフン1〜48文字のシナリオ名（例：installed-not-restarted）"),
    ("a fault's name", "英数字・ハイフン・下線1〜32文字の障害名（例：slow-login）"),
    ("a boot id", "表示可能な ASCII 1〜64文字の起動ID（例：boot-2）"),
    ("a version of one to four numbers", "1〜4個の数をドットでつないだバージョン（例：5.2.0）"),
    ("a symbol or number of 1 to 20 characters", "1〜20文字の記号または番号"),
    ("a branch number of two digits", "2桁の枝番（例：01）"),
    ("half-width katakana", "半角カタカナ（姓と名の間は半角空白。例：ﾓｷﾞ ﾀﾛｳ）"),
    ("a code of nine digits", "9桁のコード（例：990000001）"),
    ("a number such as 1 or 0.25", "0以上の数（整数部は6桁まで、小数は5桁まで。例：1、0.25）"),
    ("a code of 17 digits and capital letters", "数字と英大文字17文字のコード（例：9Z001000000000001）"),
    ("neither a date such as 2024-04-01 nor days from today", "日付（例：2024-04-01）または今日からの日数（例：today+10、today-30）"),
    ("neither `tonight` nor a date", "tonight または日付（例：2026-01-19）"),
    ("expected one value or a list of them", "1つの値かその配列（nth は整数、delay は \"PT3S\" のような時間の長さ）"),
    ("wanted string or table", "文字列かテーブル"),
    ("invalid socket address", "IPアドレスとポート（例：127.0.0.1:8443）"),
];

/// Returns the Japanese message for a parser's English message. It does not repeat the English,
/// which is shown next to it.
pub fn in_japanese(message: &str) -> String {
    let message = message.split(" at line ").next().unwrap_or(message);
    let after = |mark: &str| message.split_once(mark).map(|(_, rest)| rest);
    let quoted = |text: &str| text.split('`').nth(1).unwrap_or_default().to_owned();
    let choices = after("expected ").map_or("なし".to_owned(), |expected| expected.trim_start_matches("one of ").replace(" or ", "、"));
    if message.contains("`shuffle_elements` is replaced") {
        return "shuffle_elements は廃止しました。この項目を削除し、代わりに端末の設定 element_order を使ってください（PATCH …/terminals/T1 {\"element_order\": \"shuffled\"}。作成時は \"terminals\": {\"T1\": {\"element_order\": \"shuffled\"}}）。".to_owned();
    }
    if let Some(field) = after("unknown field ") {
        return format!("項目「{}」はありません。使える項目：{choices}", quoted(field));
    }
    if let Some(field) = after("missing field ") {
        return format!("必須の項目「{}」がありません。", quoted(field));
    }
    if let Some(field) = after("duplicate field ") {
        return format!("項目「{}」が重複しています。", quoted(field));
    }
    if let Some(variant) = after("unknown variant ") {
        return format!("「{}」は使えません。使える値：{choices}", quoted(variant));
    }
    if let Some(digit) = after("the last digit would be ") {
        return format!("「{}」のチェックディジットが違います。末尾は {digit} です。", quoted(message));
    }
    if let Some((_, expected)) = EXPECTED.iter().find(|(english, _)| message.contains(english)) {
        let got = message.strip_prefix('`').map_or_else(String::new, |_| format!("「{}」は正しくありません。", quoted(message)));
        return format!("{got}{expected}が必要です。");
    }
    if let Some((ja, _)) = message.split_once(" / ").filter(|(ja, _)| !ja.is_ascii()) {
        return ja.to_owned();
    }
    of_time(message).or_else(|| of_value(message)).unwrap_or_else(|| "値または書式が正しくありません。".to_owned())
}

/// Returns the message for an invalid time, date or duration.
fn of_time(message: &str) -> Option<String> {
    if message.contains("failed to find offset") {
        return Some("タイムゾーンのオフセット（+09:00 など）も必要です（例：2026-01-20T08:55:00+09:00）。".to_owned());
    }
    if message.contains("failed to find time component") {
        return Some("日付だけでなく、時刻とオフセットも必要です（例：2026-01-20T08:55:00+09:00）。".to_owned());
    }
    if message.contains("integer as hour") || message.contains("integer as minute") {
        return Some("時刻は 00:00 から 23:59 まで、2桁ずつで指定してください（例：07:00）。".to_owned());
    }
    if message.contains("is not a duration") {
        let got = message.split('`').nth(1).unwrap_or_default();
        return Some(format!("「{got}」は時間の長さとして読めません（例：PT30S、PT1H、P1DT12H。最長 P400D）。"));
    }
    let is_of_time = message.contains("failed to parse") || message.contains("failed to find");
    is_of_time.then(|| "日付・時刻の形式が違います（例：2026-01-20T08:55:00+09:00、2026-01-20、07:00）。".to_owned())
}

/// Returns the message for a value of the wrong type or size.
fn of_value(message: &str) -> Option<String> {
    if message.contains("invalid float") {
        return Some("値を読めません。文字列は引用符（\"）で囲んでください。".to_owned());
    }
    let types = |mark: &str| message.split_once(mark).and_then(|(_, types)| types.split_once(", expected "));
    if let Some((got, wanted)) = types("invalid type: ") {
        return Some(format!("値の型が違います（{}が必要ですが、{}です）。", type_in_japanese(wanted), type_in_japanese(got)));
    }
    if let Some((_, wanted)) = types("invalid value: ") {
        return Some(format!("値が範囲外です（{}が必要です）。", type_in_japanese(wanted)));
    }
    let (most, has) = message.strip_prefix("a text has at most ")?.split_once(" characters, this has ")?;
    Some(format!("{most}文字までです（{has}文字あります）。"))
}

/// Returns the Japanese name of a parser's type: `integer `1``, `a string`, `u32`. Unknown names
/// are kept.
fn type_in_japanese(words: &str) -> String {
    const TYPES: [(&str, &str); 16] = [
        ("object with `ja` and `en`", "{\"ja\": …, \"en\": …} の形"),
        ("struct", "オブジェクト"),
        ("map", "オブジェクト"),
        ("internally tagged enum", "オブジェクト"),
        ("sequence", "配列"),
        ("string", "文字列"),
        ("borrowed string", "文字列"),
        ("boolean", "真偽値"),
        ("floating point", "小数"),
        ("integer", "整数"),
        ("null", "null"),
        ("u", "0以上の整数"),
        ("nonzero u", "1以上の整数"),
        ("i", "整数"),
        ("f64", "数値"),
        ("option", "値または null"),
    ];
    let words = words.trim_start_matches("a ").trim_start_matches("an ");
    let known = TYPES.iter().find(|(english, _)| match *english {
        "u" | "i" | "nonzero u" => words.strip_prefix(english).is_some_and(|bits| bits.parse::<u8>().is_ok() || bits == "size"),
        english => words.starts_with(english),
    });
    known.map_or_else(|| words.to_owned(), |(_, japanese)| (*japanese).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{
        BootId, CampaignId, FaultId, InstitutionCode, InsurerNumber, ScenarioId, TerminalAddress, TerminalId, Version,
    };
    use crate::domain::person::{Branch, FixtureDate, HalfWidthKana, ItemCode, NineDigits, Quantity};

    #[test]
    fn times_and_lengths_say_what_is_missing() {
        for (message, words) in [
            ("failed to find time component in \"2026-01-20\", which is required for parsing a timestamp", "時刻とオフセットも必要です"),
            ("failed to find offset component in \"2026-01-20T09:10:00\"", "タイムゾーンのオフセット（+09:00 など）も必要です"),
            ("failed to parse hour in time: failed to parse two digit integer as hour: got :", "2桁ずつ"),
            ("failed to parse four digit integer as year: invalid digit, expected 0-9 but got \\xE6 at line 1 column 9", "形式が違います"),
            ("invalid value: integer `-1`, expected u64 at line 1 column 34", "値が範囲外です（0以上の整数が必要です）"),
            ("a text has at most 4000 characters, this has 4001", "4000文字までです（4001文字あります）"),
            ("2026-11-25 のような日付が必要です / a date such as 2026-11-25 is expected", "2026-11-25 のような日付が必要です"),
            ("duplicate field `seed` at line 1 column 9", "項目「seed」が重複しています"),
            ("`13h` is not a duration from PT0S to P400D in ISO 8601 at line 1 column 13", "「13h」は時間の長さ"),
            ("invalid float, expected `nan`", "引用符"),
            ("invalid type: string \"朝\", expected an object with `ja` and `en`", "{\"ja\": …, \"en\": …} の形が必要"),
        ] {
            let in_japanese = in_japanese(message);
            assert!(in_japanese.contains(words), "{message}: {in_japanese}");
        }
    }

    #[test]
    fn what_types_of_ours_expect_is_said_in_japanese_alone() {
        let of_ids = [
            InstitutionCode::parse("1000001").unwrap_err(),
            InstitutionCode::parse("9920000018").unwrap_err(),
            InstitutionCode::parse("9910000019").unwrap_err(),
            InsurerNumber::parse("1").unwrap_err(),
            TerminalId::parse("T-1").unwrap_err(),
            TerminalAddress::parse("T1").unwrap_err(),
            CampaignId::parse("").unwrap_err(),
            ScenarioId::parse("A").unwrap_err(),
            FaultId::parse("").unwrap_err(),
            BootId::parse("").unwrap_err(),
            Version::parse("5.x").unwrap_err(),
        ]
        .map(|error| error.to_string());
        let of_texts = [
            Branch::try_from("1".to_owned()).unwrap_err(),
            HalfWidthKana::try_from("モギ".to_owned()).unwrap_err(),
            NineDigits::try_from("1".to_owned()).unwrap_err(),
            Quantity::try_from("x".to_owned()).unwrap_err(),
            ItemCode::try_from("x".to_owned()).unwrap_err(),
            FixtureDate::try_from("x".to_owned()).unwrap_err(),
        ];
        for message in of_ids.into_iter().chain(of_texts) {
            let ja = in_japanese(&message);
            let words = ["an ", " of ", " or ", "expected", "such as", "値または書式"];
            assert!(words.iter().all(|word| !ja.contains(word)), "{message}: {ja}");
        }
    }
}
