//! The body of a request or an answer as people read it: JSON on several lines.

/// Adds line ends and indentation between the tokens of JSON; nothing else is changed. Another text
/// is returned as it is.
pub(super) fn readable(body: &str) -> String {
    if !body.trim_start().starts_with('{') {
        return body.to_owned();
    }
    let mut text = String::with_capacity(body.len() * 2);
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let line = |text: &mut String, depth: usize| {
        text.push('\n');
        text.extend(std::iter::repeat_n("  ", depth.min(16)));
    };
    let mut characters = body.chars().peekable();
    while let Some(c) = characters.next() {
        if in_string {
            text.push(c);
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            ' ' | '\t' | '\r' | '\n' => {}
            '{' | '[' => {
                text.push(c);
                while characters.next_if(|next| next.is_ascii_whitespace()).is_some() {}
                if characters.peek().is_some_and(|next| *next != '}' && *next != ']') {
                    depth += 1;
                    line(&mut text, depth);
                } else {
                    text.extend(characters.next());
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut text, depth);
                text.push(c);
            }
            ',' => {
                text.push(c);
                line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            c => {
                in_string = c == '"';
                text.push(c);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn json_gets_lines_and_other_texts_stay() {
        let body = r#"{"a":{"b":"x, \"y\": {","c":[]},"d":[1,2]}"#;
        let lines = "{\n  \"a\": {\n    \"b\": \"x, \\\"y\\\": {\",\n    \"c\": []\n  },\n  \"d\": [\n    1,\n    2\n  ]\n}";
        assert_eq!(readable(body), lines);
        for other in ["<a>\n  <b/></a>", "", "plain"] {
            assert_eq!(readable(other), other);
        }
    }

    proptest! {
        #[test]
        fn the_value_stays_the_same(texts in prop::collection::vec(any::<String>(), 0..5)) {
            let value = serde_json::json!({ "texts": texts, "more": { "n": [null, 1.5, true], "none": {} } });
            let shown: Value = serde_json::from_str(&readable(&value.to_string())).unwrap();
            prop_assert_eq!(shown, value);
        }

        #[test]
        fn a_text_that_is_no_json_is_harmless(text in "\\{[\\[\\]{},:\"\\\\a ]{0,40}") {
            let without_space = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(without_space(&readable(&text)), without_space(&text));
        }
    }
}
