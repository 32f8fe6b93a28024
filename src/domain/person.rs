//! Insured persons and their qualifications over time. All of them are invented.

use jiff::civil::Date;
use serde::Deserialize;

use super::ids::InsurerNumber;

/// One person with the qualifications that they have or had.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Tells persons apart within the fixtures.
    pub id: String,
    /// Kanji, with a full-width space.
    pub name: String,
    /// Half-width katakana, with an ASCII space.
    pub name_kana: HalfWidthKana,
    /// 1 male, 2 female, 3 not set.
    pub sex: Sex,
    /// Date of birth.
    pub birthdate: Date,
    /// Address.
    #[serde(default)]
    pub address: Option<String>,
    /// Postal code, `123-4567`.
    #[serde(default)]
    pub post_number: Option<String>,
    /// What they have or had.
    #[serde(default)]
    pub qualifications: Vec<Qualification>,
}

/// Code table 007.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// 男.
    Male,
    /// 女.
    Female,
    /// 未設定.
    NotSet,
}

impl Sex {
    /// Its code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Male => "1",
            Self::Female => "2",
            Self::NotSet => "3",
        }
    }
}

/// A qualification, as its card shows it, and when it holds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Qualification {
    /// Code table 010: `01` to `07`, or `A1` for medical aid.
    pub card: CardClassification,
    /// 保険者番号.
    pub insurer_number: InsurerNumber,
    /// 保険者名.
    pub insurer_name: String,
    /// 記号; a medical-aid or elderly card has none.
    #[serde(default)]
    pub symbol: Option<CardText>,
    /// 番号.
    pub number: CardText,
    /// 枝番.
    #[serde(default)]
    pub branch: Option<Branch>,
    /// Code table 009: `1` the insured, `2` family.
    #[serde(default)]
    pub personal_family: Option<PersonalFamily>,
    /// The householder or insured, where that is someone else.
    #[serde(default)]
    pub insured_name: Option<String>,
    /// 資格取得日: the first day.
    pub from: FixtureDate,
    /// 資格喪失日: the first day on which it holds no more.
    #[serde(default)]
    pub lost: Option<FixtureDate>,
    /// Code table 008.
    #[serde(default)]
    pub reason_of_loss: Option<String>,
    /// 証交付日.
    #[serde(default)]
    pub issued: Option<FixtureDate>,
    /// 有効終了日: the card's last day.
    #[serde(default)]
    pub expires: Option<FixtureDate>,
    /// 一部負担金割合, 75 and over: `010`, `020`, `030`.
    #[serde(default)]
    pub contribution_ratio: Option<String>,
    /// 高齢受給者証.
    #[serde(default)]
    pub elderly_certificate: Option<ElderlyCertificate>,
    /// 限度額適用認定証 and its relatives: told only under consent.
    #[serde(default)]
    pub limit_certificate: Option<LimitCertificate>,
}

impl Qualification {
    /// Whether it holds on a day; `today` anchors dates that are relative.
    pub fn holds_on(&self, day: Date, today: Date) -> bool {
        let begun = self.from.on(today) <= day;
        let lost = self.lost.is_some_and(|lost| lost.on(today) <= day);
        let expired = self.expires.is_some_and(|last| last.on(today) < day);
        begun && !lost && !expired
    }
}

/// 高齢受給者証.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ElderlyCertificate {
    /// Issued on.
    pub issued: FixtureDate,
    /// Valid from.
    pub from: FixtureDate,
    /// Its last day.
    pub until: FixtureDate,
    /// `020` or `030`.
    pub contribution_ratio: String,
}

/// 限度額適用認定証, 限度額適用・標準負担額減額認定証, or 標準負担額減額認定証.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitCertificate {
    /// Code table 011.
    pub classification: String,
    /// Code table 012.
    pub class: String,
    /// Issued on.
    pub issued: FixtureDate,
    /// Valid from.
    pub from: FixtureDate,
    /// Its last day.
    pub until: FixtureDate,
    /// 長期入院該当年月日.
    #[serde(default)]
    pub long_term: Option<FixtureDate>,
}

/// Code table 010, 被保険者証区分.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum CardClassification {
    /// 被保険者証（一般）.
    #[serde(rename = "01")]
    General,
    /// 被保険者証（退職）; historic.
    #[serde(rename = "02")]
    Retired,
    /// 短期被保険者証（一般）; historic.
    #[serde(rename = "03")]
    ShortTerm,
    /// 短期被保険者証（退職）; historic.
    #[serde(rename = "04")]
    ShortTermRetired,
    /// 被保険者資格証明書; historic.
    #[serde(rename = "05")]
    Certificate,
    /// 特例退職被保険者証.
    #[serde(rename = "06")]
    SpecialRetired,
    /// 自衛官診療証.
    #[serde(rename = "07")]
    SelfDefence,
    /// 医療扶助.
    #[serde(rename = "A1")]
    MedicalAid,
}

impl CardClassification {
    /// Its code.
    pub fn code(self) -> &'static str {
        match self {
            Self::General => "01",
            Self::Retired => "02",
            Self::ShortTerm => "03",
            Self::ShortTermRetired => "04",
            Self::Certificate => "05",
            Self::SpecialRetired => "06",
            Self::SelfDefence => "07",
            Self::MedicalAid => "A1",
        }
    }
}

/// Code table 009, 本人・家族の別.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonalFamily {
    /// 本人.
    Personal,
    /// 家族.
    Family,
}

impl PersonalFamily {
    /// Its code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Personal => "1",
            Self::Family => "2",
        }
    }
}

/// A date that is fixed (`2024-04-01`), or so many days from the institution's today (`today-30`, `today+10`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum FixtureDate {
    /// A day of the calendar.
    Fixed(Date),
    /// Days after the institution's today; negative before it.
    FromToday(i32),
}

impl FixtureDate {
    /// The day that it is when today is `today`.
    pub fn on(self, today: Date) -> Date {
        match self {
            Self::Fixed(date) => date,
            Self::FromToday(days) => today.saturating_add(jiff::Span::new().days(days)),
        }
    }
}

impl TryFrom<String> for FixtureDate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let relative =
            text.strip_prefix("today").and_then(|days| days.parse::<i32>().ok()).filter(|days| (-36_500..=36_500).contains(days));
        if let Some(days) = relative {
            return Ok(Self::FromToday(days));
        }
        let wrong = format!("`{text}` is neither a date such as 2024-04-01 nor days from today such as today+10 or today-30");
        text.parse().map(Self::Fixed).map_err(|_| wrong)
    }
}

macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $fits:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> {
                let fits: fn(&str) -> bool = $fits;
                if fits(&text) { Ok(Self(text)) } else { Err(format!(concat!("`{}` is not ", $expected), text)) }
            }
        }
    };
}

checked_text! {
    /// A card's symbol or number: 1 to 20 characters.
    CardText, "a symbol or number of 1 to 20 characters", |text| (1..=20).contains(&text.chars().count())
}
checked_text! {
    /// 枝番: two digits.
    Branch, "a branch number of two digits, such as 01", |text| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())
}
checked_text! {
    /// Half-width katakana and ASCII spaces.
    HalfWidthKana, "half-width katakana with an ASCII space, such as ﾓｷﾞ ﾀﾛｳ",
    |text| !text.is_empty() && text.chars().all(|c| c == ' ' || ('\u{FF66}'..='\u{FF9F}').contains(&c))
}
