//! The two character sets of the real messages, UTF-8 and Shift_JIS (CP932): decodes what is
//! declared, and reports every character that cannot be encoded.

use std::borrow::Cow;
use std::collections::BTreeSet;

use encoding_rs::SHIFT_JIS;

use crate::domain::encoding::Encoding;
use crate::domain::text::Text;

/// Encoded bytes, with the characters that the character set lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The characters that were replaced.
    pub replaced: BTreeSet<char>,
}

impl Encoded {
    /// Returns the journal's note about replaced characters.
    pub fn note(&self, encoding: Encoding) -> Option<Text> {
        let characters: Vec<String> = self.replaced.iter().take(20).map(|c| format!("{c:?} U+{:04X}", u32::from(*c))).collect();
        let (label, characters) = (encoding.label(), characters.join("、"));
        (!self.replaced.is_empty()).then(|| {
            Text::new(
                format!("{label} で表せない文字を置き換えました：{characters}"),
                format!("Characters that {label} cannot carry were replaced: {characters}"),
            )
        })
    }
}

/// Encodes a text. Characters that the character set lacks or would change are replaced, and so are
/// those that XML forbids.
///
/// The encoder's own flag is not sufficient: Shift_JIS accepts ¥, ‾ and − but returns other
/// characters. Each character is therefore decoded again and compared.
pub fn encode(text: &str, encoding: Encoding, replacement: char) -> Encoded {
    let mut replaced = BTreeSet::new();
    let mut note = |c| {
        replaced.insert(c);
        replacement
    };
    let carried: String = text.chars().map(|c| if can_encode(encoding, c) { c } else { note(c) }).collect();
    let bytes = match encoding {
        Encoding::Utf8 => carried.into_bytes(),
        Encoding::ShiftJis => SHIFT_JIS.encode(&carried).0.into_owned(),
    };
    Encoded { bytes, replaced }
}

/// Whether a character is unchanged after encoding and decoding.
pub fn can_encode(encoding: Encoding, c: char) -> bool {
    let in_xml = matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    in_xml && (encoding == Encoding::Utf8 || c.is_ascii() || round_trips(c))
}

fn round_trips(c: char) -> bool {
    let mut utf8 = [0; 4];
    let text = c.encode_utf8(&mut utf8);
    let (bytes, _, unmappable) = SHIFT_JIS.encode(text);
    !unmappable && SHIFT_JIS.decode_without_bom_handling(&bytes).0 == *text
}

/// Decodes an XML document. `declared` is the charset of the Content-Type; it takes precedence over
/// the document's own declaration.
///
/// # Errors
/// Another character set, or bytes that are invalid in the declared one: the position, and what was
/// expected.
pub fn decode(bytes: &[u8], declared: Option<&str>) -> Result<String, Text> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Err(unknown("UTF-16"));
    }
    let declared = declared.map_or_else(|| declaration(bytes), |label| Some(Cow::Borrowed(label)));
    let is_declared = declared.is_some();
    let encoding = declared.map_or(Ok(Encoding::Utf8), |label| named(&label).ok_or_else(|| unknown(&label)))?;
    let broken = |at| broken(bytes, at, encoding, is_declared);
    match encoding {
        Encoding::Utf8 => std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| broken(error.valid_up_to())),
        Encoding::ShiftJis => match SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes) {
            Some(text) => Ok(text.into_owned()),
            None => Err(broken(first_broken(bytes))),
        },
    }
}

/// Decodes a body for people, whatever it is: like [`decode`] if possible, otherwise in the set
/// that fits better, with marks for invalid bytes.
pub fn displayed(bytes: &[u8], declared: Option<&str>) -> String {
    decode(bytes, declared).unwrap_or_else(|_| {
        let in_utf8 = String::from_utf8_lossy(bytes);
        if std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none()) {
            // It was cut in the middle of a character.
            return in_utf8.into_owned();
        }
        let in_shift_jis = SHIFT_JIS.decode_without_bom_handling(bytes).0;
        let marks = |text: &str| text.matches('\u{FFFD}').count();
        if marks(&in_shift_jis) < marks(&in_utf8) { in_shift_jis.into_owned() } else { in_utf8.into_owned() }
    })
}

/// Returns the encoding in the XML declaration, which is ASCII in both sets.
fn declaration(bytes: &[u8]) -> Option<Cow<'_, str>> {
    // `<?xml-stylesheet …?>` is no declaration.
    let start = bytes.trim_ascii_start().strip_prefix(b"<?xml").filter(|rest| rest.first().is_some_and(u8::is_ascii_whitespace))?;
    let end = start.windows(2).take(200).position(|two| two == b"?>")?;
    let text = std::str::from_utf8(&start[..end]).ok()?;
    let value = text.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split(quote).next().map(Cow::Borrowed)
}

fn named(label: &str) -> Option<Encoding> {
    let label = label.trim();
    if label.eq_ignore_ascii_case("cp932") {
        return Some(Encoding::ShiftJis);
    }
    match encoding_rs::Encoding::for_label(label.as_bytes())? {
        encoding if encoding == encoding_rs::UTF_8 => Some(Encoding::Utf8),
        encoding if encoding == SHIFT_JIS => Some(Encoding::ShiftJis),
        _ => None,
    }
}

/// Returns the position of the first invalid byte in Shift_JIS.
fn first_broken(bytes: &[u8]) -> usize {
    let mut text = String::with_capacity(bytes.len() * 3);
    let (_, read) = SHIFT_JIS.new_decoder_without_bom_handling().decode_to_string_without_replacement(bytes, &mut text, true);
    read.saturating_sub(1)
}

fn unknown(label: &str) -> Text {
    let label: String = label.chars().take(40).collect();
    Text::new(
        format!("文字コード「{label}」は使えません。UTF-8 または Shift_JIS で送ってください。"),
        format!("The character set `{label}` cannot be read; send UTF-8 or Shift_JIS."),
    )
}

fn broken(bytes: &[u8], at: usize, encoding: Encoding, is_declared: bool) -> Text {
    let label = encoding.label();
    let other = if encoding == Encoding::Utf8 { Encoding::ShiftJis } else { Encoding::Utf8 };
    let reads_as_other = match other {
        Encoding::Utf8 => std::str::from_utf8(bytes).is_ok(),
        Encoding::ShiftJis => SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes).is_some(),
    };
    let hint = if reads_as_other {
        let other = other.label();
        Text::new(
            format!("{other} としては読めます。宣言と実際の文字コードを一致させてください。"),
            format!("It does read as {other}: declare what it is."),
        )
    } else {
        Text::new("宣言と実際の文字コードを一致させてください。", "Declare what it is.")
    };
    let wrong = if is_declared {
        Text::new(format!("宣言は {label} ですが、"), format!("{label} is declared, and "))
    } else {
        Text::new("文字コードの宣言がない（UTF-8 とみなす）本文の ", "Nothing is declared, which means UTF-8, and ")
    };
    Text::new(
        format!("{}{at} バイト目が {label} ではありません。{}", wrong.ja, hint.ja),
        format!("{}byte {at} is not {label}. {}", wrong.en, hint.en),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_survives_or_its_lost_characters_are_named(text: String, shift_jis: bool) {
            let encoding = if shift_jis { Encoding::ShiftJis } else { Encoding::Utf8 };
            let encoded = encode(&text, encoding, '〓');
            let label = encoding.label();
            let read = decode(&encoded.bytes, Some(label)).unwrap();
            // A byte order mark at the start is not part of the text.
            let text = if encoding == Encoding::Utf8 { text.strip_prefix('\u{feff}').unwrap_or(&text) } else { &text };
            let expected: String = text.chars().map(|c| if encoded.replaced.contains(&c) { '〓' } else { c }).collect();
            prop_assert_eq!(read, expected);
        }
    }

    #[test]
    fn characters_that_shift_jis_would_change_are_replaced() {
        for c in ['¥', '‾', '−', '〜', '😀', '𠮷', 'é'] {
            assert_eq!(
                encode(&c.to_string(), Encoding::ShiftJis, '〓'),
                Encoded { bytes: vec![0x81, 0xAC], replaced: BTreeSet::from([c]) },
                "{c}"
            );
        }
        for c in ['髙', '﨑', '①', 'ｱ', '～', '－', '\\', '~', '〓', '　'] {
            assert!(can_encode(Encoding::ShiftJis, c), "{c}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_shown_in_the_set_in_which_it_makes_most_sense() {
        let sjis = SHIFT_JIS.encode("模擬　太郎").0;
        assert_eq!(displayed(&sjis, None), "模擬　太郎", "though nothing declares it");
        assert_eq!(displayed("模擬".as_bytes(), Some("Shift_JIS")).chars().count(), 4, "what is declared and readable, counts");
        assert_eq!(displayed("模擬　太郎".as_bytes(), Some("euc-jp")), "模擬　太郎");
        assert_eq!(displayed(&"模擬　太郎".as_bytes()[..14], None), "模擬　太\u{FFFD}");
    }

    #[test]
    fn the_declaration_says_how_to_read() {
        let text = "<?xml version=\"1.0\" encoding='Shift_JIS' standalone=\"no\"?><a>表示</a>";
        let bytes = SHIFT_JIS.encode(text).0;
        assert_eq!(decode(&bytes, None).unwrap(), text);
        for label in ["Windows-31J", "MS932", "CP932", "sjis", "x-sjis"] {
            assert_eq!(decode(&bytes, Some(label)).unwrap(), text);
        }
        let error = decode(&bytes, Some("utf-8")).unwrap_err();
        assert!(error.ja.contains("Shift_JIS としては読めます"), "{error:?}");
        assert!(decode(text.as_bytes(), Some("euc-jp")).unwrap_err().ja.contains("euc-jp"));
        assert!(decode(b"<?xml-stylesheet encoding='euc-jp'?><a/>", None).is_ok());
    }
}
