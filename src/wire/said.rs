//! What parsers say of a JSON, TOML or query that makes no sense, in Japanese.

/// The parser speaks English; what it most often says is said in Japanese, with its own words for the rest.
pub fn in_japanese(said: &str) -> String {
    let after = |mark: &str| said.split_once(mark).map(|(_, rest)| rest.split(" at line").next().unwrap_or(rest));
    let quoted = |text: &str| text.split('`').nth(1).unwrap_or_default().to_owned();
    let choices = after("expected ").map_or("なし", |expected| expected.trim_start_matches("one of "));
    if said.contains("`shuffle_elements` is replaced") {
        return "shuffle_elements は廃止しました。この項目を削除し、代わりに端末の設定 element_order を使ってください（PATCH …/terminals/T1 {\"element_order\": \"shuffled\"}。作成時は \"terminals\": {\"T1\": {\"element_order\": \"shuffled\"}}）。".to_owned();
    }
    if let Some(field) = after("unknown field ") {
        return format!("項目「{}」はありません。使える項目: {choices}", quoted(field));
    }
    if let Some(field) = after("missing field ") {
        return format!("必須の項目「{}」がありません。", quoted(field));
    }
    if let Some(variant) = after("unknown variant ") {
        return format!("「{}」は使えません。使える値: {choices}", quoted(variant));
    }
    if let Some(digit) = after("the last digit would be ") {
        return format!("「{}」のチェックディジットが違います。末尾は {digit} です。", quoted(said));
    }
    if said.contains("failed to find offset") || said.contains("failed to find time component") {
        return "日付だけでなく、時刻とタイムゾーンも必要です（例: 2026-01-20T08:55:00+09:00）。".to_owned();
    }
    if said.contains("integer as hour") {
        return "時刻は2桁ずつで指定してください（例: 07:00）。".to_owned();
    }
    if said.contains("is not a duration") {
        return format!("「{}」は時間の長さとして読めません（例: PT30S、PT1H、P1DT12H。最長 P400D）。", quoted(said));
    }
    if said.contains("invalid float") {
        return "値を読めません。文字列は引用符（\"）で囲んでください。".to_owned();
    }
    if said.contains("failed to parse") || said.contains("failed to find") {
        return format!("日付・時刻の形式が違います（例: 2026-01-20T08:55:00+09:00、2026-01-20、07:00）。{said}");
    }
    if let Some((got, wanted)) = after("invalid type: ").and_then(|types| types.split_once(", expected ")) {
        return format!("値の型が違います（{}が必要ですが、{}です）。", type_in_japanese(wanted), type_in_japanese(got));
    }
    format!("値が正しくありません（{said}）。")
}

/// What the parser calls a type: `integer `1``, `a string`, `u32`; its own words where they are not known.
fn type_in_japanese(words: &str) -> String {
    const TYPES: [(&str, &str); 16] = [
        ("struct Given", "{\"ja\": …, \"en\": …} の形"),
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

    #[test]
    fn times_and_lengths_say_what_is_missing() {
        for (said, words) in [
            ("failed to find time component in \"2026-01-20\", which is required for parsing a timestamp", "時刻とタイムゾーンも必要です"),
            ("failed to find offset component in \"2026-01-20T09:10:00\"", "時刻とタイムゾーンも必要です"),
            ("failed to parse hour in time: failed to parse two digit integer as hour: got :", "2桁ずつ"),
            ("`13h` is not a duration from PT0S to P400D in ISO 8601 at line 1 column 13", "「13h」は時間の長さ"),
            ("invalid float, expected `nan`", "引用符"),
            ("invalid type: string \"朝\", expected struct Given", "{\"ja\": …, \"en\": …} の形が必要"),
        ] {
            let in_japanese = in_japanese(said);
            assert!(in_japanese.contains(words), "{said}: {in_japanese}");
        }
    }
}
