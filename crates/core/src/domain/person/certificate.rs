//! The certificates that belong to a qualification and are returned with it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ContributionRatio, DiseaseCategory, FixtureDate, LimitClass, LimitClassification};

/// 高齢受給者証
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ElderlyCertificate {
    /// The date of issue.
    pub issued: FixtureDate,
    /// The first day of validity.
    pub from: FixtureDate,
    /// The last day of validity.
    pub until: FixtureDate,
    /// The share that the patient pays.
    pub contribution_ratio: ContributionRatio,
}

/// 限度額適用認定証, 限度額適用・標準負担額減額認定証, or 標準負担額減額認定証.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitCertificate {
    /// The kind of limit certificate.
    pub classification: LimitClassification,
    /// The class.
    pub class: LimitClass,
    /// The date of issue.
    pub issued: FixtureDate,
    /// The first day of validity.
    pub from: FixtureDate,
    /// The last day of validity.
    pub until: FixtureDate,
    /// 長期入院該当年月日
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long_term: Option<FixtureDate>,
    /// Code table 014: whether bulk checks report the certificate as changed.
    #[serde(default)]
    pub changed: bool,
}

/// 特定疾病療養受療証
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpecificDisease {
    /// The disease.
    pub category: DiseaseCategory,
    /// The date of issue.
    pub issued: FixtureDate,
    /// The first day of validity.
    pub from: FixtureDate,
    /// The last day of validity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<FixtureDate>,
    /// 自己負担限度額 a month, in yen.
    pub self_pay: u32,
}
