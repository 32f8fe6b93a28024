//! What a patient consents to at the reader, or a receipt computer says they do.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was answered for each kind; a kind that is absent counts as refused.
pub type Consents = BTreeMap<ConsentKind, Consent>;

/// What is consented to. The first two govern certificates, the others medical information.
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

impl Consent {
    /// Its code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Refused => "0",
            Self::Given => "1",
            Self::Expired => "2",
            Self::Unobtainable => "3",
        }
    }
}
