//! Consents of a patient: given at the reader, or as stated by a receipt computer.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The consent for each kind. A missing kind counts as refused.
pub type Consents = BTreeMap<ConsentKind, Consent>;

/// A kind of consent. The first two govern certificates, the others medical information.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentKind {
    /// 限度額適用認定証関連
    LimitCertificate,
    /// 特定疾病療養受療証関連
    SpecificDiseases,
    /// 特定健診情報
    SpecificHealthCheckups,
    /// 薬剤情報
    Pharmacists,
    /// 診療情報
    Diagnosis,
    /// 手術情報
    Operation,
    /// 傷病名
    DiagnosisName,
    /// 感染症
    Infectious,
    /// アレルギー
    Allergy,
    /// 薬剤禁忌
    Contraindication,
    /// 検査
    Test,
    /// 処方
    Prescription,
}

/// Code table 016.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// なし
    #[default]
    Refused,
    /// あり
    Given,
    /// 有効期限切れ
    Expired,
    /// 同意取得困難
    Unobtainable,
}

/// The consents given at the institution's readers, by person. As in a face result, they are valid
/// for a day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReaderConsents(BTreeMap<String, ConsentAnswer>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ConsentAnswer {
    until: Timestamp,
    consents: Consents,
}

/// How long a consent given at a reader is valid.
const CONSENT_VALIDITY: SignedDuration = SignedDuration::from_hours(24);

impl ReaderConsents {
    /// Whether no consent is stored.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Stores a person's consents in place of the former ones. Expired ones are removed, so that
    /// there are never more entries than persons.
    pub fn record(&mut self, person: &str, consents: Consents, now: Timestamp) {
        self.0.retain(|_, answered| now < answered.until);
        let until = now.checked_add(CONSENT_VALIDITY).unwrap_or(Timestamp::MAX);
        self.0.insert(person.to_owned(), ConsentAnswer { until, consents });
    }

    /// Returns a person's consents while they are valid.
    pub fn of(&self, person: &str, now: Timestamp) -> Option<&Consents> {
        self.0.get(person).filter(|answered| now < answered.until).map(|answered| &answered.consents)
    }
}

impl Consent {
    /// Returns the code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Refused => "0",
            Self::Given => "1",
            Self::Expired => "2",
            Self::Unobtainable => "3",
        }
    }
}
