//! The certificates that belong to a qualification and are returned with it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ContributionRatio, DiseaseCategory, FixtureDate, LimitClass, LimitClassification};

/// 高齢受給者証
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ElderlyCertificate {
    /// Issued on.
    pub issued: FixtureDate,
    /// Valid from.
    pub from: FixtureDate,
    /// Its last day.
    pub until: FixtureDate,
    /// The share that the patient pays.
    pub contribution_ratio: ContributionRatio,
}

/// 限度額適用認定証, 限度額適用・標準負担額減額認定証, or 標準負担額減額認定証.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitCertificate {
    /// Which of the three.
    pub classification: LimitClassification,
    /// Its class.
    pub class: LimitClass,
    /// Issued on.
    pub issued: FixtureDate,
    /// Valid from.
    pub from: FixtureDate,
    /// Its last day.
    pub until: FixtureDate,
    /// 長期入院該当年月日
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long_term: Option<FixtureDate>,
    /// Code table 014: whether bulk checks say that it changed.
    #[serde(default)]
    pub changed: bool,
}

/// 特定疾病療養受療証
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpecificDisease {
    /// Which disease.
    pub category: DiseaseCategory,
    /// Issued on.
    pub issued: FixtureDate,
    /// Valid from.
    pub from: FixtureDate,
    /// Its last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<FixtureDate>,
    /// 自己負担限度額 a month, in yen.
    pub self_pay: u32,
}
