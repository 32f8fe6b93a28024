//! The code tables (OQSCD) of messages with their texts. Tables that fixtures choose from are the
//! domain's own lists.

use crate::domain::person::{
    CardClassification, DiseaseCategory, LimitClass, LimitClassification, PersonalFamily, PrescriptionChoice, Presence, ReasonOfLoss, Sex,
    SingleOrCombined, TicketType, TreatmentType,
};

/// One code table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeTable {
    /// The number.
    pub number: u16,
    /// The elements that use it; if none is known, its subject.
    pub element: &'static str,
    /// Every code with its Japanese text.
    pub codes: &'static [(&'static str, &'static str)],
}

const fn table(number: u16, element: &'static str, codes: &'static [(&'static str, &'static str)]) -> CodeTable {
    CodeTable { number, element, codes }
}

/// All code tables, by number. 027 and 029 to 033 are unknown.
pub const CODE_TABLES: &[CodeTable] = &[
    table(1, "LimitApplicationCertificateRelatedConsFlg", &[("0", "未同意"), ("1", "同意")]),
    table(2, "ReferenceClassification", &[("1", "マイナンバーカード"), ("2", "被保険者証情報")]),
    table(3, "SegmentOfResult", &[("1", "正常終了"), ("2", "処理中"), ("9", "異常終了")]),
    table(4, "ProcessingResultStatus", &[("1", "正常終了"), ("2", "エラー")]),
    table(5, "CharacterCodeIdentifier", &[("0", "UTF-8"), ("1", "Shift_JIS")]),
    table(
        6,
        "QualificationValidity",
        &[("1", "有効"), ("2", "無効"), ("3", "無効（新しい資格あり）"), ("4", "該当資格なし"), ("5", "複数該当"), ("6", "有効（未登録）")],
    ),
    table(7, "Sex1, Sex2", Sex::CODES),
    table(8, "ReasonOfLoss", ReasonOfLoss::CODES),
    table(9, "PersonalFamilyClassification", PersonalFamily::CODES),
    table(10, "InsuredCardClassification", CardClassification::CODES),
    table(11, "LimitApplicationCertificateClassification", LimitClassification::CODES),
    table(12, "LimitApplicationCertificateClassificationFlag", LimitClass::CODES),
    table(13, "SpecificDiseasesDiseaseCategory", DiseaseCategory::CODES),
    table(14, "LimitApplicationCertificateChanged", &[("0", "なし"), ("1", "あり/判定不能")]),
    table(15, "PreschoolClassification", &[("1", "未就学該当")]),
    table(16, "…ConsFlg", &[("0", "なし"), ("1", "あり"), ("2", "有効期限切れ"), ("3", "同意取得困難")]),
    table(17, "PrescriptionIssueSelect", PrescriptionChoice::CODES),
    table(18, "TicketType", TicketType::CODES),
    table(19, "MedicalTreatmentType", TreatmentType::CODES),
    table(20, "SingleOrCombinedUse", SingleOrCombined::CODES),
    table(21, "StatusOfSocialInsurance", Presence::CODES),
    table(22, "ConsistencyFlag", &[("1", "不整合あり")]),
    table(23, "StatusOfInfecton", Presence::CODES),
    table(24, "StatusOfElderlyMedicalCare", Presence::CODES),
    table(25, "StatusOfPrefecturalExpenses", Presence::CODES),
    table(26, "DesignatedMedicalInstitutionFlag", &[("0", "一致"), ("1", "不一致")]),
    table(28, "MedicalTreatmentFlag", &[("1", "外来"), ("2", "訪問診療等"), ("3", "オンライン診療等"), ("4", "救急時")]),
    table(34, "URL取得区分", &[("1", "PDF"), ("2", "PNG")]),
];

/// Returns the table with this number.
pub fn code_table(number: u16) -> Option<&'static CodeTable> {
    CODE_TABLES.iter().find(|table| table.number == number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::consent::Consent;
    use crate::domain::encoding::Encoding;
    use crate::domain::inquiry::Validity;
    use crate::wire::message::{Content, Element, MESSAGE, Segment};

    fn codes(number: u16) -> Vec<&'static str> {
        code_table(number).unwrap().codes.iter().map(|(code, _)| *code).collect()
    }

    #[test]
    fn the_domains_codes_agree_with_the_tables() {
        let validity: Vec<_> = Validity::ALL.iter().map(|one| (one.code(), one.ja())).collect();
        assert_eq!(validity, code_table(6).unwrap().codes);
        assert_eq!([Encoding::Utf8, Encoding::ShiftJis].map(Encoding::code), *codes(5));
        assert_eq!([Consent::Refused, Consent::Given, Consent::Expired, Consent::Unobtainable].map(Consent::code), *codes(16));
        assert_eq!([Segment::Done, Segment::Processing, Segment::Failed].map(Segment::code), *codes(3));
        assert_eq!((Sex::NotSet.code(), Sex::NotSet.ja()), ("3", "未設定"));
        assert_eq!((CardClassification::MedicalAid.code(), LimitClass::B10.ja()), ("A1", "一般Ⅰ"));
        assert_eq!((ReasonOfLoss::Other.code(), DiseaseCategory::Hiv.code()), ("99", "3"));
    }

    #[test]
    fn numbers_rise_and_no_table_has_a_code_twice() {
        assert!(CODE_TABLES.windows(2).all(|two| two[0].number < two[1].number));
        for table in CODE_TABLES {
            let mut once: Vec<_> = table.codes.iter().map(|(code, _)| code).collect();
            once.sort();
            once.dedup();
            assert_eq!(once.len(), table.codes.len(), "table {}", table.number);
        }
    }

    #[test]
    fn every_table_that_an_element_names_is_there_and_is_for_it() {
        fn check(elements: &[Element]) {
            for element in elements {
                if let Some(number) = element.codes {
                    let table = code_table(number).unwrap_or_else(|| panic!("{} has codes of no table", element.name));
                    let of_it = table
                        .element
                        .split(", ")
                        .any(|name| name == element.name || name == "…ConsFlg" && element.name.ends_with("ConsFlg"));
                    assert!(of_it, "{} has codes of {}", element.name, table.element);
                }
                match &element.content {
                    Content::Text(_) => {}
                    Content::Group { elements, .. } | Content::List { elements, .. } => check(elements),
                }
            }
        }
        check(MESSAGE);
    }
}
