//! The tickets of medical aid: 医療券 and 調剤券.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FixtureDate, Presence, SingleOrCombined, TicketType, TreatmentType};
use crate::domain::ids::InstitutionCode;

/// A ticket that the welfare office issued for a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MedicalTicket {
    /// 医療券 or 調剤券.
    pub ticket_type: TicketType,
    /// 有効開始日
    pub valid_from: FixtureDate,
    /// 有効終了日: the last day of validity.
    pub valid_until: FixtureDate,
    /// 交付番号
    pub issue_number: String,
    /// 診療年月, given as any date in the month.
    pub treatment_month: FixtureDate,
    /// 指定医療機関コード. If omitted, the requesting institution is used, so that the ticket is valid at
    /// every institution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub designated_code: Option<InstitutionCode>,
    /// 指定医療機関名
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub designated_name: Option<String>,
    /// 処方箋発行元医療機関コード, of a 調剤券.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prescription_issuer_code: Option<InstitutionCode>,
    /// 処方箋発行元医療機関名
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prescription_issuer_name: Option<String>,
    /// 傷病名1 to 3.
    #[serde(default)]
    pub injury_names: UpToThree,
    /// 診療別
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub treatment_type: Option<TreatmentType>,
    /// 本人支払額, in yen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_pay_amount: Option<u32>,
    /// 地区担当員名
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district_contact: Option<String>,
    /// 取扱担当者名
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handling_contact: Option<String>,
    /// 単独・併用別
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub single_or_combined: Option<SingleOrCombined>,
    /// 社会保険の状況
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub social_insurance: Option<Presence>,
    /// 整合性フラグ: whether the tickets contradict each other.
    #[serde(default)]
    pub inconsistent: bool,
    /// 感染症の該当状況
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub infection: Option<Presence>,
    /// 後期高齢者医療の該当状況
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elderly: Option<Presence>,
    /// 都道府県費の該当状況
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefectural: Option<Presence>,
    /// 備考1 to 3.
    #[serde(default)]
    pub remarks: UpToThree,
}

/// At most three texts, for the elements numbered 1 to 3.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<String>")]
#[schemars(!try_from)]
pub struct UpToThree(Vec<String>);

impl UpToThree {
    /// Returns the text with this number, from 1.
    pub fn number(&self, number: usize) -> Option<&str> {
        self.0.get(number.checked_sub(1)?).map(String::as_str)
    }
}

impl TryFrom<Vec<String>> for UpToThree {
    type Error = String;

    fn try_from(texts: Vec<String>) -> Result<Self, String> {
        if texts.len() > 3 { Err(format!("{} texts; at most three fit", texts.len())) } else { Ok(Self(texts)) }
    }
}
