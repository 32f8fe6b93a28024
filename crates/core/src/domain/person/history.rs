//! The history of a person: drug information (薬剤情報) and health check-ups (特定健診情報). All of it is
//! invented.

use jiff::ToSpan;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DataType, FixtureDate, InOut, ItemCode, NineDigits, OrganizationKind, Quantity};
use crate::domain::ids::InstitutionCode;
use crate::domain::text::Text;

/// The maximum number of drug records of a person.
const MAX_RECORDS: usize = 100;
/// The maximum number of drugs and treatments of a person. Each repetition of a record counts.
const MAX_LINES: usize = 1_000;
/// The maximum number of check-ups of a person.
const MAX_CHECKUPS: usize = 20;
/// The maximum number of items of a check-up.
const MAX_ITEMS: usize = 100;

/// The drugs, and for a claim the treatments, of one day at one institution; with `repeat`, of
/// several days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DrugRecord {
    /// The source of the information.
    pub kind: RecordKind,
    /// The date of dispensing or treatment; for an electronic prescription, the date of issue.
    pub date: FixtureDate,
    /// The date of prescription, if it differs from `date`. An electronic prescription has only
    /// `date`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prescribed: Option<FixtureDate>,
    /// Repetitions of the record on earlier days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeat>,
    /// The kind of institution that claims, dispenses or prescribes: `medical`, `dental` or
    /// `pharmacy`.
    pub organization: OrganizationKind,
    /// The institution that treated or dispensed.
    #[serde(default)]
    pub institution: NamedInstitution,
    /// The prescribing institution, if it is recorded in addition to `institution`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prescriber: Option<NamedInstitution>,
    /// For a claim: inpatient (`in`) or outpatient (`out`). For an electronic record: dispensed
    /// inside (`in`) or outside (`out`) the prescribing institution.
    pub in_out: InOut,
    /// The drugs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drugs: Vec<Drug>,
    /// The treatments; only for a claim.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub treatments: Vec<Treatment>,
}

/// The source of drug information.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// レセプト: a claim.
    Claim,
    /// 電子処方箋: an electronic prescription.
    ElectronicPrescription,
    /// 電子処方箋の調剤: what was dispensed, reported electronically.
    ElectronicDispensing,
}

/// Repetitions of the record on earlier days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// The interval between the records in days: 1 to 366.
    #[schemars(range(min = 1, max = 366))]
    pub every: u16,
    /// The total number of records: 1 to 60.
    #[schemars(range(min = 1, max = 60))]
    pub times: u16,
}

/// An institution in a record. Without a code, it is the requesting institution, so that every
/// institution finds records of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedInstitution {
    /// 医療機関コード
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<InstitutionCode>,
    /// 医療機関名. If code and name are omitted, the requesting institution's name is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A drug.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Drug {
    /// 医薬品コード: nine digits.
    pub code: NineDigits,
    /// 医薬品名
    pub name: String,
    /// 成分名
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingredient: Option<String>,
    /// 数量: the amount per dose or per day, such as `1` or `0.5`.
    pub quantity: Quantity,
    /// 単位
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// 用法
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    /// 特別指示
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instruction: Option<String>,
    /// 回数: the number of days or times, 1 to 999.
    #[schemars(range(min = 1, max = 999))]
    pub times: u16,
    /// The class number (診療識別 for a claim, otherwise 用法区分): 1 to 99. It is invented that `MeTrIdCl`
    /// and `UsageCl` contain this number.
    #[schemars(range(min = 1, max = 99))]
    pub class: u8,
}

/// A treatment other than drugs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Treatment {
    /// 診療行為コード: nine digits.
    pub code: NineDigits,
    /// 診療行為名
    pub name: String,
    /// The class number (診療識別): 1 to 99. It is invented that `MeTrIdCl` contains this number.
    #[schemars(range(min = 1, max = 99))]
    pub class: u8,
    /// 数量
    pub quantity: Quantity,
    /// 単位
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// 回数: 1 to 999.
    #[schemars(range(min = 1, max = 999))]
    pub times: u16,
}

/// A health check-up (特定健診).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Checkup {
    /// 受診日
    pub date: FixtureDate,
    /// Results and answers to questions: 1 to 100.
    pub items: Vec<CheckupItem>,
}

/// A result, or the answer to a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckupItem {
    /// 項目コード: 17 characters in the form of JLAC10.
    pub code: ItemCode,
    /// 項目名
    pub name: String,
    /// The type of the value: `PQ` quantity, `CD` code, `CO` ordered code, `ST` text.
    pub data_type: DataType,
    /// The value, or its code.
    pub value: String,
    /// 単位
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The code system of a code, as an object identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oid: Option<String>,
    /// The meaning of the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_name: Option<String>,
}

impl DrugRecord {
    /// Returns its days if today is `today`, newest first: the day of dispensing or treatment, and
    /// the day of the prescription.
    pub fn days(&self, today: Date) -> impl Iterator<Item = (Date, Date)> + use<> {
        let (date, prescribed) = (self.date.on(today), self.prescribed.unwrap_or(self.date).on(today));
        let Repeat { every, times } = self.repeat.unwrap_or(Repeat { every: 1, times: 1 });
        (0..times).map(move |n| {
            let back = (i64::from(n) * i64::from(every)).days();
            (date.saturating_sub(back), prescribed.saturating_sub(back))
        })
    }

    fn lines(&self) -> usize {
        self.repeat.map_or(1, |repeat| usize::from(repeat.times)) * (self.drugs.len() + self.treatments.len())
    }

    /// Returns an invalid field, and why it is invalid.
    fn validate(&self) -> Option<(String, Text)> {
        let (is_claim, is_prescription) = (self.kind == RecordKind::Claim, self.kind == RecordKind::ElectronicPrescription);
        if self.drugs.is_empty() && self.treatments.is_empty() {
            return Some(("drugs".to_owned(), Text::new("drugs か treatments が必要です", "it needs drugs or treatments")));
        }
        if !is_claim && !self.treatments.is_empty() {
            return Some(("treatments".to_owned(), Text::new("kind = \"claim\" だけの項目です", "only kind = \"claim\" has it")));
        }
        if is_prescription && self.prescribed.is_some() {
            let text = Text::new("電子処方箋では date が処方日です", "the date of an electronic prescription is its only one");
            return Some(("prescribed".to_owned(), text));
        }
        if self.prescribed.is_some_and(|prescribed| prescribed.is_after(self.date)) {
            let text = Text::new("date より後の処方日です", "it is after the date of the record");
            return Some(("prescribed".to_owned(), text));
        }
        if let Some(Repeat { every, times }) = self.repeat {
            let (every, times) = (out_of(u64::from(every), 366), out_of(u64::from(times), 60));
            let fault = every.map(|text| ("repeat/every", text)).or(times.map(|text| ("repeat/times", text)));
            if let Some((field, text)) = fault {
                return Some((field.to_owned(), text));
            }
        }
        let drugs = self.drugs.iter().enumerate().map(|(i, drug)| ("drugs", i, drug.times, drug.class));
        let treatments = self.treatments.iter().enumerate().map(|(i, treatment)| ("treatments", i, treatment.times, treatment.class));
        drugs.chain(treatments).find_map(|(list, i, times, class)| {
            let times = out_of(u64::from(times), 999).map(|text| ("times", text));
            let (field, text) = times.or_else(|| out_of(u64::from(class), 99).map(|text| ("class", text)))?;
            Some((format!("{list}/{i}/{field}"), text))
        })
    }
}

/// Returns the error for a number that is not from 1 to `most`.
fn out_of(number: u64, most: u64) -> Option<Text> {
    let fits = (1..=most).contains(&number);
    (!fits).then(|| Text::new(format!("1〜{most} が必要です"), format!("expected 1 to {most}")))
}

/// Returns the errors in a person's history: the JSON pointer within the person, and what was
/// expected.
pub(super) fn validate_history(records: &[DrugRecord], checkups: &[Checkup]) -> Vec<(String, Text)> {
    let too_many = |pointer: String, got: usize, most: usize| {
        let text = Text::new(format!("{got} 件あります（{most} 件まで）"), format!("{got} of them; at most {most}"));
        (got > most).then_some((pointer, text))
    };
    let lines: usize = records.iter().map(DrugRecord::lines).sum();
    let count = too_many("/drug_history".to_owned(), records.len(), MAX_RECORDS).or_else(|| {
        let text = || {
            Text::new(
                format!("drugs と treatments が、繰り返しを含めて {lines} 件あります（{MAX_LINES} 件まで）"),
                format!("drugs and treatments are {lines}, with repeated ones; at most {MAX_LINES}"),
            )
        };
        (lines > MAX_LINES).then(|| ("/drug_history".to_owned(), text()))
    });
    let of_records = records.iter().enumerate().filter_map(|(i, record)| {
        let (field, text) = record.validate()?;
        Some((format!("/drug_history/{i}/{field}"), text))
    });
    let of_checkups = checkups.iter().enumerate().filter_map(|(i, checkup)| {
        let pointer = format!("/checkups/{i}/items");
        let none = || Text::new("項目が1つ以上必要です", "expected at least one item");
        match checkup.items.len() {
            0 => Some((pointer, none())),
            count => too_many(pointer, count, MAX_ITEMS),
        }
    });
    let checkup_count = too_many("/checkups".to_owned(), checkups.len(), MAX_CHECKUPS);
    count.into_iter().chain(of_records).chain(checkup_count).chain(of_checkups).collect()
}
