//! Tests of a result: which consent each part needs, the order, and the form of the lists.

use jiff::civil::{Date, date as day};

use super::RESULT;
use crate::domain::consent::{Consent, ConsentKind, Consents};
use crate::domain::encoding::Encoding;
use crate::domain::ids::InstitutionCode;
use crate::domain::person::Person;
use crate::wire::message::{Header, HeldQualification, MessageKind, Scope, Segment, render};
use crate::wire::tree::Group;

const TODAY: Date = day(2026, 1, 20);

const PERSON: &str = r#"
id = "a"
name = "模擬　太郎"
name_other = "通称　太郎"
name_kana = "ﾓｷﾞ ﾀﾛｳ"
name_other_kana = "ﾂｳｼｮｳ ﾀﾛｳ"
sex = "not_set"
sex2 = "male"
birthdate = "1980-05-17"
[[qualifications]]
card = "A1"
insurer_number = "990010"
insurer_name = "模擬市"
symbol = "国"
number = "1"
branch = "01"
from = "today-40"
qualification_date = "today-30"
lost = "today+1"
reason_of_loss = "02"
valid_from = "today-2"
expires = "today+2"
contribution_ratio = "010"
preschool = true
elderly_certificate = { issued = "today-1", from = "today-1", until = "today+1", contribution_ratio = "020" }
limit_certificate = { classification = "02", class = "A05", issued = "today-1", from = "today-1", until = "today+1", changed = true }
specific_diseases = [
  { category = "1", issued = "today-1", from = "today-1", until = "today+1", self_pay = 10000 },
  { category = "3", issued = "today-1", from = "today-1", self_pay = 20000 },
]
[[qualifications.medical_tickets]]
ticket_type = "01"
valid_from = "2026-01-01"
valid_until = "2026-01-31"
issue_number = "101"
treatment_month = "today-20"
injury_names = ["架空病", "模擬症"]
treatment_type = "02"
self_pay_amount = 0
single_or_combined = "single"
social_insurance = "no"
inconsistent = true
infection = "yes"
[[qualifications.medical_tickets]]
ticket_type = "02"
valid_from = "2026-01-01"
valid_until = "2026-01-31"
issue_number = "102"
treatment_month = "today+0"
designated_code = "9940000018"
prescription_issuer_code = "9910000026"
"#;

struct Case {
    consents: Consents,
    kind: MessageKind,
}

impl Case {
    fn with(consents: &[(ConsentKind, Consent)]) -> Self {
        Self { consents: consents.iter().copied().collect(), kind: MessageKind::Check }
    }

    fn rendered(&self) -> Group {
        let header = Header {
            kind: self.kind,
            at: TODAY.at(9, 0, 0, 0),
            confirmation_date: None,
            institution: None,
            file_identifier: None,
            segment: Segment::Done,
            error: None,
            encoding: Encoding::Utf8,
            reception: None,
            confirmation_key: None,
            counts: None,
        };
        let person: Person = toml::from_str(PERSON).unwrap();
        let held = HeldQualification {
            person: &person,
            qualification: &person.qualifications[0],
            consents: &self.consents,
            now: TODAY.at(8, 55, 0, 0),
            institution: &InstitutionCode::parse("9910000018").unwrap(),
            reference_number: Some("患者-1"),
            arbitrary_identifier: Some("abc"),
        };
        render(RESULT, &Scope { held: Some(&held), ..Scope::message(&header, None) })
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.rendered().to_json()).unwrap()
    }

    fn xml(&self) -> String {
        String::from_utf8(crate::wire::xml::write(&self.rendered(), Encoding::Utf8, '〓').bytes).unwrap()
    }
}

#[test]
fn certificates_are_told_only_under_consent() {
    let refused = Case::with(&[]).json();
    assert_eq!(refused["LimitApplicationCertificateRelatedConsFlg"], "0");
    assert_eq!(refused.get("SpecificDiseasesCertificateRelatedConsFlg"), None, "answers by card data leave the flag out");
    let at_a_reader = Case { kind: MessageKind::Face, ..Case::with(&[]) }.json();
    assert_eq!(at_a_reader["SpecificDiseasesCertificateRelatedConsFlg"], "0");
    let parts = ["LimitApplicationCertificateRelatedInfo", "SpecificDiseasesCertificateList"];
    let times = ["LimitApplicationCertificateRelatedConsTime", "SpecificDiseasesCertificateRelatedConsTime"];
    for absent in parts.iter().chain(&times) {
        assert_eq!(refused.get(absent), None, "{absent}");
    }
    let given = Case::with(&[(ConsentKind::LimitCertificate, Consent::Given), (ConsentKind::SpecificDiseases, Consent::Given)]).json();
    assert_eq!(given["LimitApplicationCertificateRelatedConsFlg"], "1");
    assert_eq!(given["LimitApplicationCertificateRelatedInfo"]["LimitApplicationCertificateClassificationFlag"], "A05");
    assert_eq!(given["SpecificDiseasesCertificateList"][1]["SpecificDiseasesSelfPay"], "20000");
    assert_eq!(times.map(|time| given[time].as_str().unwrap()), ["20260120085500"; 2]);
    for other in [Consent::Expired, Consent::Unobtainable] {
        let json = Case::with(&[(ConsentKind::LimitCertificate, other), (ConsentKind::SpecificDiseases, other)]).json();
        assert!(parts.iter().all(|part| json.get(part).is_none()), "{other:?}");
        assert_eq!(json["LimitApplicationCertificateRelatedConsFlg"], "0", "its table knows given or not");
        assert_eq!(json["SpecificDiseasesCertificateRelatedConsFlg"], other.code());
    }
}

#[test]
fn each_answer_about_medical_information_has_its_times() {
    let json = Case::with(&[
        (ConsentKind::Pharmacists, Consent::Given),
        (ConsentKind::Diagnosis, Consent::Expired),
        (ConsentKind::Operation, Consent::Unobtainable),
        (ConsentKind::Prescription, Consent::Refused),
    ])
    .json();
    let consent_fields =
        |name: &str| ["ConsFlg", "ConsTime", "AvailableTime"].map(|part| json.get(format!("{name}{part}")).and_then(|v| v.as_str()));
    assert_eq!(consent_fields("PharmacistsInfo"), [Some("1"), Some("20260120085500"), Some("20260121085500")]);
    assert_eq!(consent_fields("DiagnosisInfo"), [Some("2"), Some("20260118085500"), Some("20260119085500")]);
    assert_eq!(consent_fields("OperationInfo"), [Some("3"), Some("20260120085500"), None]);
    assert_eq!(consent_fields("PrescriptionInfo"), [Some("0"), None, None]);
    assert_eq!(consent_fields("SpecificHealthCheckupsInfo"), [None; 3], "card data: nobody was asked");
    let at_a_reader = Case { kind: MessageKind::Face, ..Case::with(&[]) }.json();
    assert_eq!(at_a_reader["SpecificHealthCheckupsInfoConsFlg"], "0", "a reader asks about everything");
}

#[test]
fn elements_come_in_the_specifications_order_with_dates_from_today() {
    let consents = Case::with(&[(ConsentKind::LimitCertificate, Consent::Given), (ConsentKind::Test, Consent::Given)]);
    let xml = Case { kind: MessageKind::BulkResult, ..consents }.xml();
    let mut at = 0;
    for part in [
        "<InsuredCardClassification>A1<",
        "<InsurerNumber>  990010<",
        "<InsuredBranchNumber>01<",
        "<Name>模擬　太郎</Name><NameOfOther>通称　太郎</NameOfOther>",
        "<NameKana>ﾓｷﾞ ﾀﾛｳ</NameKana><NameOfOtherKana>ﾂｳｼｮｳ ﾀﾛｳ</NameOfOtherKana>",
        "<Sex1>3</Sex1><Sex2>1</Sex2><Birthdate>19800517</Birthdate>",
        "<QualificationDate>20251221</QualificationDate><DisqualificationDate>20260121</DisqualificationDate>",
        "<InsuredCardValidDate>20260118</InsuredCardValidDate><InsuredCardExpirationDate>20260122</InsuredCardExpirationDate>",
        "<InsuredPartialContributionRatio>010<",
        "<PreschoolClassification>1</PreschoolClassification><ReasonOfLoss>02</ReasonOfLoss><InsurerName>",
        "<ElderlyRecipientContributionRatio>020</ElderlyRecipientContributionRatio></ElderlyRecipientCertificateInfo>",
        "<LimitApplicationCertificateChanged>1<",
        "<LimitApplicationCertificateRelatedConsFlg>1<",
        "<LimitApplicationCertificateRelatedInfo><LimitApplicationCertificateClassification>02<",
        "<PublicExpenseResultList>",
        "<TestInfoConsFlg>1<",
        "<ArbitraryIdentifier>abc</ArbitraryIdentifier><ReferenceNumber>患者-1</ReferenceNumber>",
    ] {
        let found = xml[at..].find(part).unwrap_or_else(|| panic!("no {part} after byte {at} of {xml}"));
        at += found + part.len();
    }
    assert_eq!(Case::with(&[]).json().get("LimitApplicationCertificateChanged"), None, "of bulk results only");
}

#[test]
fn tickets_are_wrapped_and_diseases_are_not() {
    let case = Case::with(&[(ConsentKind::SpecificDiseases, Consent::Given)]);
    let (json, xml) = (case.json(), case.xml());
    let tickets = json["PublicExpenseResultList"].as_array().unwrap();
    assert_eq!(tickets.len(), 2);
    let [medical, dispensing] = [&tickets[0]["MedicalTicketInfo"], &tickets[1]["MedicalTicketInfo"]];
    assert_eq!((&medical["TicketType"], &medical["MedicalTreatmentMonth"]), (&"01".into(), &"202512".into()));
    assert_eq!(
        (&medical["DesignatedMedicalInstitutionCode"], &medical["DesignatedMedicalInstitutionFlag"]),
        (&"9910000018".into(), &"0".into())
    );
    assert_eq!((&medical["InjuryName2"], medical.get("InjuryName3")), (&"模擬症".into(), None));
    assert_eq!(
        (&medical["StatusOfInfecton"], &medical["ConsistencyFlag"], &medical["SelfPayAmount"]),
        (&"01".into(), &"1".into(), &"0".into())
    );
    assert_eq!(dispensing["DesignatedMedicalInstitutionFlag"], "1", "it names another institution");
    assert_eq!(dispensing["PrescriptionIssuerMedicalInstitutionCode"], "9910000026");
    assert_eq!(json["SpecificDiseasesCertificateList"][0]["SpecificDiseasesDiseaseCategory"], "1", "a bare array");
    assert_eq!(xml.matches("<MedicalTicketInfo>").count(), 2);
    assert!(xml.contains("<SpecificDiseasesCertificateList><SpecificDiseasesCertificateInfo><SpecificDiseasesDiseaseCategory>1<"), "{xml}");
}
