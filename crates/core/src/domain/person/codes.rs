//! The code tables for fixtures. One list per enum defines the variants, their names in fixtures,
//! the codes and their Japanese texts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Defines an enum from a list of variant, name in fixtures, code and Japanese text. Without
/// `named`, the code is the name in fixtures.
macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($variant:ident $code:literal $ja:literal,)+ }) => {
        codes! { $(#[$doc])* $name named { $($variant $code $code $ja,)+ } }
    };
    ($(#[$doc:meta])* $name:ident named { $($variant:ident $fixture:literal $code:literal $ja:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        pub enum $name {
            $(
                #[doc = concat!($ja, ".")]
                #[serde(rename = $fixture)]
                $variant,
            )+
        }

        impl $name {
            /// Every code with its Japanese text.
            pub const CODES: &[(&str, &str)] = &[$(($code, $ja)),+];

            /// Returns the code.
            pub fn code(self) -> &'static str {
                Self::CODES[self as usize].0
            }

            /// Returns the Japanese text.
            pub fn ja(self) -> &'static str {
                Self::CODES[self as usize].1
            }
        }
    };
}

codes! {
    /// Code table 007.
    Sex named { Male "male" "1" "男", Female "female" "2" "女", NotSet "not_set" "3" "未設定", }
}

codes! {
    /// Code table 008, 資格喪失事由.
    ReasonOfLoss {
        Death "01" "死亡",
        PublicAssistance "02" "生活保護受給開始",
        OtherInsurance "03" "医療保険等の資格取得",
        Other "99" "その他",
    }
}

codes! {
    /// Code table 009, 本人・家族の別.
    PersonalFamily named { Personal "personal" "1" "本人", Family "family" "2" "家族", }
}

codes! {
    /// Code table 010, 被保険者証区分. `02` to `05` are historic.
    CardClassification {
        General "01" "被保険者証（一般）",
        Retired "02" "被保険者証（退職）",
        ShortTerm "03" "短期被保険者証（一般）",
        ShortTermRetired "04" "短期被保険者証（退職）",
        Certificate "05" "被保険者資格証明書",
        SpecialRetired "06" "特例退職被保険者証",
        SelfDefence "07" "自衛官診療証",
        MedicalAid "A1" "医療扶助",
    }
}

codes! {
    /// Code table 011, the kind of limit certificate.
    LimitClassification {
        Limit "01" "限度額適用認定証",
        LimitAndReduction "02" "限度額適用・標準負担額減額認定証",
        Reduction "03" "標準負担額減額認定証",
    }
}

codes! {
    /// Code table 012, the class of a limit certificate: `A…` under age 70, `B…` from age 70.
    LimitClass {
        A01 "A01" "ア",
        A02 "A02" "イ",
        A03 "A03" "ウ",
        A04 "A04" "エ",
        A05 "A05" "オ",
        A06 "A06" "オ（境）",
        B01 "B01" "現役並みⅢ",
        B02 "B02" "現役並みⅡ",
        B03 "B03" "現役並みⅠ",
        B04 "B04" "一般",
        B05 "B05" "低所得Ⅱ",
        B06 "B06" "低所得Ⅰ",
        B07 "B07" "低所得Ⅰ（老福）",
        B08 "B08" "低所得Ⅰ（境）",
        B09 "B09" "一般Ⅱ",
        B10 "B10" "一般Ⅰ",
    }
}

codes! {
    /// Code table 013, 特定疾病.
    DiseaseCategory {
        KidneyFailure "1" "人工透析を必要とする慢性腎不全",
        Haemophilia "2" "先天性血液凝固因子障害",
        Hiv "3" "血液凝固因子製剤の投与に起因するHIV感染症",
    }
}

codes! {
    /// Code table 017, PrescriptionIssueSelect: the prescription that the patient chose.
    PrescriptionChoice named { Electronic "electronic" "1" "電子処方箋", Paper "paper" "2" "紙", }
}

codes! {
    /// Code table 018, the kind of medical ticket.
    TicketType { Medical "01" "医療券", Dispensing "02" "調剤券", }
}

codes! {
    /// Code table 019, 診療別.
    TreatmentType {
        Inpatient "01" "入院",
        Outpatient "02" "入院外",
        Dental "03" "歯科",
        Dispensing "04" "調剤",
        HomeNursing "05" "訪問看護",
    }
}

codes! {
    /// Code table 020, 単独・併用別.
    SingleOrCombined named { Single "single" "01" "単独", Combined "combined" "02" "併用", }
}

codes! {
    /// Code tables 021, 023, 024 and 025: whether something applies.
    Presence named { Yes "yes" "01" "あり", No "no" "02" "なし", }
}

codes! {
    /// 一部負担金の割合, a percentage in three digits. The code table has no number here.
    ContributionRatio { Ten "010" "1割", Twenty "020" "2割", Thirty "030" "3割", }
}

codes! {
    /// The kind of institution of a drug record. The code table has no number here; the digits are
    /// those of the score table in institution codes.
    OrganizationKind named { Medical "medical" "1" "医科", Dental "dental" "3" "歯科", Pharmacy "pharmacy" "4" "調剤", }
}

codes! {
    /// 入院 or 入院外 for a claim, 院内処方 or 院外処方 for an electronic record. The code table has no number
    /// here, and its codes are invented.
    InOut named { In "in" "1" "入院・院内", Out "out" "2" "入院外・院外", }
}

codes! {
    /// The type of a check-up item's value. The code table has no number here, and its codes are
    /// invented.
    DataType {
        Quantity "PQ" "数値",
        Code "CD" "コード",
        Ordered "CO" "順序のあるコード",
        Text "ST" "文字列",
    }
}
