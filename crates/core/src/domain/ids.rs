//! Validated names and numbers: a value of these types is always well-formed.

use std::borrow::Borrow;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

use super::text::Text;

/// A parse error: the text and what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{got}` is not {}", expected.en)]
pub struct IdError {
    /// The rejected text, at most 64 characters of it.
    got: String,
    /// What was expected, with an example.
    expected: Text,
}

impl IdError {
    fn new(got: &str, expected: Text) -> Self {
        Self { got: got.chars().take(64).collect(), expected }
    }

    /// Returns the error message in both languages.
    pub fn text(&self) -> Text {
        Text::new(format!("「{}」は正しくありません。{}が必要です", self.got, self.expected.ja), self.to_string())
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $pattern:literal, $example:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "SmolStr", into = "SmolStr")]
        #[schemars(with = "String", extend("pattern" = $pattern, "examples" = [$example]))]
        pub struct $name(SmolStr);

        impl $name {
            /// Parses a text.
            ///
            /// # Errors
            /// The text is invalid; the error says what was expected.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                match Self::validate(text) {
                    None => Ok(Self(text.into())),
                    Some(expected) => Err(IdError::new(text, expected)),
                }
            }

            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<SmolStr> for $name {
            type Error = IdError;
            fn try_from(text: SmolStr) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for SmolStr {
            fn from(id: $name) -> SmolStr {
                id.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// 医療機関コード, ten digits: prefecture (2), score table (1 medical, 3 dental, 4 pharmacy, 6
    /// home-visit nursing), and seven more, of which the last is a check digit.
    InstitutionCode, "^[0-9]{2}[1346][0-9]{7}$", "9910000075"
}
text_id! {
    /// 保険者番号: eight digits, or six for National Health Insurance; the last is a check digit.
    /// 77777777 (不詳) is exempt.
    InsurerNumber, "^([0-9]{6}|[0-9]{8})$", "01990019"
}
text_id! {
    /// A terminal's name within its institution: 1 to 16 ASCII letters or digits, such as `T1`.
    TerminalId, "^[0-9A-Za-z]{1,16}$", "T1"
}
text_id! {
    /// A campaign's name: 1 to 32 ASCII letters, digits or `-`, such as `2026-01`.
    CampaignId, "^[0-9A-Za-z-]{1,32}$", "2026-01"
}
text_id! {
    /// A scenario's name: 1 to 48 lower-case ASCII letters, digits or `-`, such as
    /// `installed-not-restarted`.
    ScenarioId, "^[0-9a-z-]{1,48}$", "happy-morning"
}
text_id! {
    /// A fault's name within its institution: 1 to 32 ASCII letters, digits, `-` or `_`, such as
    /// `slow-login`.
    FaultId, "^[0-9A-Za-z_-]{1,32}$", "slow-login"
}
text_id! {
    /// The id of a boot: 1 to 64 visible ASCII characters.
    BootId, "^[!-~]{1,64}$", "boot-2"
}

impl InstitutionCode {
    fn validate(text: &str) -> Option<Text> {
        if text.len() != 10 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Some(Text::new("10桁の医療機関コード（例：9910000018）", "an institution code of ten digits, such as 9910000018"));
        }
        if !matches!(text.as_bytes()[2], b'1' | b'3' | b'4' | b'6') {
            return Some(Text::new(
                "3桁目が 1（医科）・3（歯科）・4（調剤）・6（訪問看護）の医療機関コード",
                "an institution code: its third digit is 1 (medical), 3 (dental), 4 (pharmacy) or 6 (home-visit nursing)",
            ));
        }
        check_digit_error(&text[3..])
    }

    /// Whether only the check digit makes a text invalid. It is then probably a typing error.
    pub fn is_mistyped(text: &str) -> bool {
        let is_right = |digit: char| text.get(..9).is_some_and(|digits| Self::validate(&format!("{digits}{digit}")).is_none());
        text.len() == 10 && Self::validate(text).is_some() && ('0'..='9').any(is_right)
    }

    /// Whether the prefecture exists (01 to 47), so that the code could be a real institution's.
    pub fn could_be_real(&self) -> bool {
        prefecture_exists(&self.0[..2])
    }

    /// Returns a code of the same score table, in the nonexistent prefecture 99. Its last seven
    /// digits begin with the six digits of `number`.
    pub fn numbered(&self, number: u32) -> Self {
        let (table, six) = (&self.0[2..3], format!("{:06}", number % 1_000_000));
        Self(format_smolstr!("99{table}{six}{}", check_digit(&six)))
    }
}

impl ScenarioId {
    fn validate(text: &str) -> Option<Text> {
        let fits = (1..=48).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        (!fits).then(|| {
            Text::new(
                "英小文字・数字・ハイフン1〜48文字のシナリオ名（例：installed-not-restarted）",
                "a scenario's name of 1 to 48 lower-case letters, digits or hyphens, such as installed-not-restarted",
            )
        })
    }
}

impl InsurerNumber {
    fn validate(text: &str) -> Option<Text> {
        if !matches!(text.len(), 6 | 8) || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Some(Text::new(
                "6桁または8桁の保険者番号（例：01990019）",
                "an insurer number of six or eight digits, such as 01990019",
            ));
        }
        if text == "77777777" { None } else { check_digit_error(text) }
    }

    /// Whether the prefecture exists (01 to 47), so that the number could be a real insurer's.
    pub fn could_be_real(&self) -> bool {
        let from = self.0.len() - 6;
        prefecture_exists(&self.0[from..from + 2])
    }

    /// Returns the number with spaces on the left, eight characters long, as responses carry it.
    pub fn to_padded(&self) -> String {
        format!("{:>8}", self.0)
    }
}

impl TerminalId {
    fn validate(text: &str) -> Option<Text> {
        let fits = (1..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
        (!fits).then(|| Text::new("英数字1〜16文字の端末名（例：T1）", "a terminal's name of 1 to 16 ASCII letters or digits, such as T1"))
    }
}

impl CampaignId {
    fn validate(text: &str) -> Option<Text> {
        let fits = (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        (!fits).then(|| {
            Text::new(
                "英数字とハイフン1〜32文字のキャンペーン名（例：2026-01）",
                "a campaign's name of 1 to 32 ASCII letters, digits or hyphens, such as 2026-01",
            )
        })
    }
}

impl FaultId {
    fn validate(text: &str) -> Option<Text> {
        let fits = (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        (!fits).then(|| {
            Text::new(
                "英数字・ハイフン・下線1〜32文字の障害名（例：slow-login）",
                "a fault's name of 1 to 32 ASCII letters, digits, hyphens or underscores, such as slow-login",
            )
        })
    }

    /// Returns the nth generated name with this stem. The stem must have at most 20 characters.
    pub fn numbered(stem: &str, n: u64) -> Self {
        Self(format_smolstr!("{stem}-{n}"))
    }
}

impl BootId {
    fn validate(text: &str) -> Option<Text> {
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        (!fits).then(|| {
            Text::new("表示可能な ASCII 1〜64文字の起動ID（例：boot-2）", "a boot id of 1 to 64 visible ASCII characters, such as boot-2")
        })
    }

    /// Returns the boot id of an external terminal that has not reported a boot.
    pub fn unreported() -> Self {
        Self(SmolStr::new_inline("unreported"))
    }

    /// Returns the id of a virtual terminal's nth boot.
    pub fn numbered(n: u64) -> Self {
        Self(format_smolstr!("boot-{n}"))
    }
}

/// The address of a terminal: `<institution code>-<terminal>`, such as `9910000026-T1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String", extend("pattern" = "^[0-9]{2}[1346][0-9]{7}-[0-9A-Za-z]{1,16}$", "examples" = ["9910000075-T1"]))]
pub struct TerminalAddress {
    /// The institution.
    pub institution: InstitutionCode,
    /// The terminal within it.
    pub terminal: TerminalId,
}

impl TerminalAddress {
    /// Parses `<institution code>-<terminal>`.
    ///
    /// # Errors
    /// The error says which half is invalid and what was expected.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let (institution, terminal) = text.split_once('-').ok_or_else(|| {
            IdError::new(
                text,
                Text::new("<医療機関コード>-<端末>（例：9910000026-T1）", "<institution code>-<terminal>, such as 9910000026-T1"),
            )
        })?;
        Ok(Self { institution: InstitutionCode::parse(institution)?, terminal: TerminalId::parse(terminal)? })
    }
}

impl TryFrom<String> for TerminalAddress {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl fmt::Display for TerminalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.institution, self.terminal)
    }
}

/// A program version: one to four numbers separated by dots, compared number by number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[0-9]{1,9}([.][0-9]{1,9}){0,3}$", "examples" = ["5.3.0"]))]
pub struct Version(Vec<u32>);

impl Version {
    /// Parses a text.
    ///
    /// # Errors
    /// The text is invalid; the error says what was expected.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let numbers: Option<Vec<u32>> =
            text.split('.').map(|part| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten()).collect();
        numbers.filter(|numbers| numbers.len() <= 4).map(Self).ok_or_else(|| {
            IdError::new(
                text,
                Text::new(
                    "1〜4個の数をドットでつないだバージョン（例：5.2.0）",
                    "a version of one to four numbers with dots between, such as 5.2.0",
                ),
            )
        })
    }
}

impl TryFrom<String> for Version {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<Version> for String {
    fn from(version: Version) -> String {
        version.to_string()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, number) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(".")?;
            }
            write!(f, "{number}")?;
        }
        Ok(())
    }
}

/// Computes the check digit: the digits are multiplied by 2, 1, 2, 1 … from right to left, and the
/// digits of the products are added. The check digit is 10 minus the last digit of the sum, or 0
/// instead of 10.
fn check_digit(digits: &str) -> u32 {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, byte)| u32::from(byte - b'0') * if i % 2 == 0 { 2 } else { 1 })
        .map(|product| product / 10 + product % 10)
        .sum();
    (10 - sum % 10) % 10
}

fn check_digit_error(text: &str) -> Option<Text> {
    let (digits, last) = text.split_at(text.len() - 1);
    let expected = check_digit(digits).to_string();
    let right = || {
        Text::new(
            format!("チェックディジット（末尾）が {expected} の番号"),
            format!("right in its check digit: the last digit would be {expected}"),
        )
    };
    (last != expected).then(right)
}

fn prefecture_exists(two: &str) -> bool {
    ("01"..="47").contains(&two)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_follow_the_rule() {
        for code in ["9910000018", "9910000026", "9910000034", "9910000042", "9910000059", "9910000067", "9910000075", "9940000018"] {
            assert!(InstitutionCode::parse(code).is_ok(), "{code}");
        }
        let wrong = InstitutionCode::parse("9910000019").unwrap_err().to_string();
        assert_eq!(wrong, "`9910000019` is not right in its check digit: the last digit would be 8");
        assert!(InsurerNumber::parse("77777777").is_ok());
        assert!(InsurerNumber::parse("0199001９").is_err(), "a full-width digit is no digit here");
        let pharmacy = InstitutionCode::parse("9940000018").unwrap().numbered(1);
        assert_eq!(InstitutionCode::parse(pharmacy.as_str()), Ok(pharmacy.clone()));
        assert_eq!(&pharmacy.as_str()[..3], "994");
    }

    #[test]
    fn versions_compare_by_number() {
        let version = |text| Version::parse(text).unwrap();
        assert!(version("5.10.0") > version("5.9.9"));
        assert_eq!(version("5.2.0").to_string(), "5.2.0");
        for text in ["", "5..0", "v5", "1.2.3.4.5", "5.-1", "+5"] {
            assert!(Version::parse(text).is_err(), "{text}");
        }
    }
}
