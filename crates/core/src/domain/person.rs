//! Insured persons and their qualifications over time. All of them are invented.

mod certificate;
mod codes;
mod history;
mod lookup;
mod text;
mod ticket;
mod validation;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use certificate::{ElderlyCertificate, LimitCertificate, SpecificDisease};
pub use codes::{
    CardClassification, ContributionRatio, DataType, DiseaseCategory, InOut, LimitClass, LimitClassification, OrganizationKind,
    PersonalFamily, PrescriptionChoice, Presence, ReasonOfLoss, Sex, SingleOrCombined, TicketType, TreatmentType,
};
pub use history::{Checkup, CheckupItem, Drug, DrugRecord, NamedInstitution, RecordKind, Repeat, Treatment};
pub use lookup::{AmbiguousPerson, find_person};
pub(in crate::domain) use text::fold;
pub use text::{Branch, CardText, FixtureDate, HalfWidthKana, ItemCode, NineDigits, Quantity};
pub use ticket::{MedicalTicket, UpToThree};
pub use validation::{MAX_PERSONS, validate_persons};

use super::consent::Consents;
use super::ids::InsurerNumber;
use super::text::Text;

/// One person with the qualifications that they have or had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Tells persons apart within the fixtures.
    pub id: String,
    /// Kanji, with a full-width space.
    pub name: String,
    /// その他の氏名: another name, such as a name in use besides that of the register.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_other: Option<String>,
    /// Half-width katakana, with an ASCII space.
    pub name_kana: HalfWidthKana,
    /// The other name's kana.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_other_kana: Option<HalfWidthKana>,
    /// 1 male, 2 female, 3 not set.
    pub sex: Sex,
    /// 性別2: the sex on the back of the card, where the front shows none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex2: Option<Sex>,
    /// Date of birth.
    pub birthdate: Date,
    /// Address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Postal code, `123-4567`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_number: Option<String>,
    /// What they consent to where nothing else says so, such as a choice at the reader.
    #[serde(default)]
    pub consents: Consents,
    /// Which prescription they choose at the reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prescription: Option<PrescriptionChoice>,
    /// How a check about them ends.
    #[serde(default)]
    pub outcome: PersonOutcome,
    /// When they consented to home-visit nursing or treatment, for its bulk checks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home_visit_consent: Option<FixtureDate>,
    /// When they consented to online consultation, for its bulk checks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub online_consent: Option<FixtureDate>,
    /// What they have or had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub qualifications: Vec<Qualification>,
    /// 薬剤情報: drugs, and treatments of claims, told under the consent `pharmacists`. At most 100 records with 1,000 drugs and treatments in all,
    /// those of a repeated record counted each time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drug_history: Vec<DrugRecord>,
    /// 特定健診情報, told under the consent `specific_health_checkups`. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checkups: Vec<Checkup>,
}

/// How a check about a person ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonOutcome {
    /// With what was found.
    #[default]
    Answered,
    /// Not yet: SegmentOfResult "2", 処理中.
    Processing,
    /// With an error of this person: ProcessingResultStatus "2".
    Refused,
}

/// A qualification, as its card shows it, and when it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Qualification {
    /// Code table 010: `01` to `07`, or `A1` for medical aid.
    pub card: CardClassification,
    /// 保険者番号
    pub insurer_number: InsurerNumber,
    /// 保険者名
    pub insurer_name: String,
    /// 記号; a medical-aid or elderly card has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<CardText>,
    /// 番号
    pub number: CardText,
    /// 枝番
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<Branch>,
    /// Code table 009: `1` the insured, `2` family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal_family: Option<PersonalFamily>,
    /// The householder or insured, where that is someone else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insured_name: Option<String>,
    /// The first day on which it holds; no element tells it.
    pub from: FixtureDate,
    /// 資格取得日, where answers tell it: real ones do not for an ordinary person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qualification_date: Option<FixtureDate>,
    /// 資格喪失日: the first day on which it holds no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<FixtureDate>,
    /// Why it was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_of_loss: Option<ReasonOfLoss>,
    /// 証交付日
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<FixtureDate>,
    /// 有効開始日: the card's first day. The qualification may hold longer, from an earlier card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<FixtureDate>,
    /// 有効終了日: the card's last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<FixtureDate>,
    /// 一部負担金割合, 75 and over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contribution_ratio: Option<ContributionRatio>,
    /// 未就学: a child before school age pays a smaller share.
    #[serde(default)]
    pub preschool: bool,
    /// Medical aid: a match that would be 有効 is 有効（未登録）.
    #[serde(default)]
    pub unregistered: bool,
    /// 高齢受給者証
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elderly_certificate: Option<ElderlyCertificate>,
    /// 限度額適用認定証 and its relatives: told only under consent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_certificate: Option<LimitCertificate>,
    /// 特定疾病療養受療証: told only under consent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub specific_diseases: Vec<SpecificDisease>,
    /// 医療券 and 調剤券, of medical aid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub medical_tickets: Vec<MedicalTicket>,
}

impl Qualification {
    /// Whether the qualification is valid on a day. `today` is the base of relative dates.
    pub fn holds_on(&self, day: Date, today: Date) -> bool {
        let begun = self.from.on(today) <= day;
        let lost = self.lost.is_some_and(|lost| lost.on(today) <= day);
        let expired = self.expires.is_some_and(|last| last.on(today) < day);
        begun && !lost && !expired
    }

    /// Whether it is medical aid (医療扶助) and not medical insurance.
    pub fn is_medical_aid(&self) -> bool {
        self.card == CardClassification::MedicalAid
    }

    /// Returns a field that is not allowed on such a card, and why.
    pub fn validate(&self) -> Option<(&'static str, Text)> {
        let of_medical_aid = [("unregistered", self.unregistered), ("medical_tickets", !self.medical_tickets.is_empty())];
        let (field, _) = of_medical_aid.into_iter().find(|(_, set)| *set && !self.is_medical_aid())?;
        Some((field, Text::new("医療扶助（card = \"A1\"）だけの項目です", "only medical aid (card = \"A1\") has it")))
    }
}
