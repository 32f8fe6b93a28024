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

/// A person and their present and past qualifications.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The id of the person, unique within the fixtures.
    pub id: String,
    /// The name in kanji, with a full-width space between family and given name.
    pub name: String,
    /// その他の氏名: another name, such as one used besides the registered name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_other: Option<String>,
    /// The name in half-width katakana, with an ASCII space between family and given name.
    pub name_kana: HalfWidthKana,
    /// The other name's kana.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_other_kana: Option<HalfWidthKana>,
    /// 1 male, 2 female, 3 not set.
    pub sex: Sex,
    /// 性別2: the sex on the back of the card, if the front shows none.
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
    /// The default consents, which are used unless specified otherwise, for example by a choice at
    /// the reader.
    #[serde(default)]
    pub consents: Consents,
    /// The prescription that the person chooses at the reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prescription: Option<PrescriptionChoice>,
    /// The result of a check of the person.
    #[serde(default)]
    pub outcome: PersonOutcome,
    /// The date of consent to home-visit nursing or treatment, for its bulk checks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home_visit_consent: Option<FixtureDate>,
    /// The date of consent to online consultation, for its bulk checks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub online_consent: Option<FixtureDate>,
    /// The present and past qualifications.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub qualifications: Vec<Qualification>,
    /// 薬剤情報: drugs, and treatments of claims, returned with the consent `pharmacists`. At most 100
    /// records with 1,000 drugs and treatments in total; each repetition of a record counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drug_history: Vec<DrugRecord>,
    /// 特定健診情報, returned with the consent `specific_health_checkups`. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checkups: Vec<Checkup>,
}

/// The result of a check of the person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonOutcome {
    /// The check returns what was found.
    #[default]
    Answered,
    /// 処理中: the check is not finished, SegmentOfResult "2".
    Processing,
    /// The check results in an error specific to the person: ProcessingResultStatus "2".
    Refused,
}

/// A qualification as shown on its card, and its period of validity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Qualification {
    /// Code table 010: `01` to `07`, or `A1` for medical aid.
    pub card: CardClassification,
    /// 保険者番号
    pub insurer_number: InsurerNumber,
    /// 保険者名
    pub insurer_name: String,
    /// 記号; absent for medical-aid and elderly cards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<CardText>,
    /// 番号
    pub number: CardText,
    /// 枝番
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<Branch>,
    /// Code table 009: `1` insured person, `2` family member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal_family: Option<PersonalFamily>,
    /// The name of the householder or insured person, if it is someone else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insured_name: Option<String>,
    /// The first day on which the qualification is valid. No element contains it.
    pub from: FixtureDate,
    /// 資格取得日, if responses contain it. Real responses do not contain it for ordinary persons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qualification_date: Option<FixtureDate>,
    /// 資格喪失日: the first day on which the qualification is no longer valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<FixtureDate>,
    /// The reason for the loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_of_loss: Option<ReasonOfLoss>,
    /// 証交付日
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<FixtureDate>,
    /// 有効開始日: the first day of the card's validity. The qualification may be older, from an earlier
    /// card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<FixtureDate>,
    /// 有効終了日: the last day of the card's validity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<FixtureDate>,
    /// 一部負担金割合, 75 and over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contribution_ratio: Option<ContributionRatio>,
    /// 未就学: whether the person is below school age and pays a smaller share.
    #[serde(default)]
    pub preschool: bool,
    /// For medical aid: whether the result is 有効（未登録） instead of 有効.
    #[serde(default)]
    pub unregistered: bool,
    /// 高齢受給者証
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elderly_certificate: Option<ElderlyCertificate>,
    /// 限度額適用認定証 and similar certificates: returned only with consent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_certificate: Option<LimitCertificate>,
    /// 特定疾病療養受療証: returned only with consent.
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
