//! Tests of matching: who matches, what the response lists, and when several matches count as none.

use jiff::civil::date;

use super::*;
use crate::domain::ids::InsurerNumber;

const TODAY: Date = date(2026, 1, 20);

/// A qualification: card, number, and further fields.
type Line = (&'static str, &'static str, &'static str);

/// Creates one person per line, from an id and qualifications.
fn persons(lines: &[(&str, &[Line])]) -> Vec<Person> {
    let qualification = |(card, number, more): &(&str, &str, &str)| {
        let insurer = if *card == "A1" { "12990016" } else { "01990019" };
        assert!(InsurerNumber::parse(insurer).is_ok());
        format!(
            "[[qualifications]]\ncard = '{card}'\nnumber = '{number}'\ninsurer_number = '{insurer}'\ninsurer_name = '模擬'\nfrom = '2020-04-01'\n{more}\n"
        )
    };
    let person = |(id, held): &(&str, &[Line])| {
        let held: String = held.iter().map(qualification).collect();
        toml::from_str(&format!("id = '{id}'\nname = '模擬　人'\nname_kana = 'ﾓｷﾞ'\nsex = 'male'\nbirthdate = '1980-05-17'\n{held}"))
            .unwrap()
    };
    lines.iter().map(person).collect()
}

fn asked(insurer_number: &str, number: &str) -> Inquiry {
    Inquiry {
        confirmation_date: TODAY,
        card: CardData { insurer_number: insurer_number.into(), number: number.into(), ..CardData::default() },
        birthdate: date(1980, 5, 17),
        ..Inquiry::default()
    }
}

fn find<'a>(inquiry: &Inquiry, persons: &'a [Person], today: Date) -> Finding<'a> {
    Register { persons, missing_branch_matches: true }.find(inquiry, today)
}

fn reported_cards<'a>(finding: &Finding<'a>) -> Vec<&'a str> {
    finding.response_qualifications.iter().map(|held| held.number.as_str()).collect()
}

#[test]
fn folding_makes_widths_dashes_and_padding_alike() {
    assert_eq!(fold("１２－Ａ・ｱ"), fold("12−A・ア"));
    assert_eq!(fold(" 記 号　１ "), "記号1");
    assert_eq!(unpadded("  123456"), unpadded("00123456"));
    assert_eq!(unpadded("００１２３４５６"), "123456");
}

#[test]
fn what_else_the_person_holds_on_the_day_is_told_after_the_match() {
    let persons = persons(&[("a", &[("01", "1", ""), ("01", "2", "lost = 'today-1'"), ("A1", "3", ""), ("A1", "4", "lost = 'today+1'")])]);
    let insurance = find(&asked("01990019", "1"), &persons, TODAY);
    assert_eq!((insurance.validity, reported_cards(&insurance)), (Validity::Valid, vec!["1", "3", "4"]));
    let aid = find(&asked("12990016", "4"), &persons, TODAY);
    assert_eq!((aid.validity, reported_cards(&aid)), (Validity::Valid, vec!["4", "1", "3"]));
    assert_eq!(aid.matched.unwrap().1.number.as_str(), "4");
}

#[test]
fn of_what_holds_no_more_only_the_match_is_told() {
    let persons = persons(&[("a", &[("01", "1", "lost = 'today-9'"), ("A1", "2", "")])]);
    let lost = find(&asked("01990019", "1"), &persons, TODAY);
    assert_eq!((lost.validity, reported_cards(&lost)), (Validity::Invalid, vec!["1"]), "the other began on the same day: it is not newer");
    let newer = self::persons(&[("a", &[("01", "1", "lost = 'today-9'"), ("A1", "2", "")])]).into_iter().map(|mut person| {
        person.qualifications[1].from = crate::domain::person::FixtureDate::FromToday(-9);
        person
    });
    let newer: Vec<Person> = newer.collect();
    let finding = find(&asked("01990019", "1"), &newer, TODAY);
    assert_eq!((finding.validity, reported_cards(&finding)), (Validity::InvalidNewer, vec!["1"]));
}

#[test]
fn unregistered_is_an_outcome_of_medical_aid_that_holds() {
    let persons = persons(&[("a", &[("A1", "1", "unregistered = true"), ("A1", "2", "unregistered = true\nlost = 'today+0'")])]);
    let [holds, lost] = ["1", "2"].map(|number| find(&asked("12990016", number), &persons, TODAY).validity);
    assert_eq!((holds, lost), (Validity::ValidUnregistered, Validity::Invalid));
    assert_eq!(holds.code(), "6");
}

#[test]
fn several_persons_are_several_of_insurance_and_none_of_medical_aid() {
    let persons = persons(&[("a", &[("01", "1", ""), ("A1", "2", "")]), ("b", &[("01", "1", ""), ("A1", "2", "")])]);
    for (insurer, number, expected) in [("01990019", "1", Validity::Several), ("12990016", "2", Validity::None)] {
        let finding = find(&asked(insurer, number), &persons, TODAY);
        assert_eq!(finding.validity, expected);
        assert!(finding.matched.is_none() && finding.response_qualifications.is_empty() && finding.near_miss.is_none());
    }
}

#[test]
fn a_card_is_one_persons_or_nobodys() {
    let persons = persons(&[
        ("a", &[("01", "1", "branch = '01'\nsymbol = '記－１'"), ("01", "9", "lost = 'today-9'")]),
        ("b", &[("01", "1", "branch = '02'\nsymbol = '記－１'")]),
    ]);
    let card = |number: &str, branch: Option<&str>, symbol: Option<&str>| CardData {
        insurer_number: "  01990019".into(),
        symbol: symbol.map(Into::into),
        number: number.into(),
        branch: branch.map(Into::into),
    };
    let holder =
        |card: CardData| Register { persons: &persons, missing_branch_matches: true }.matching(&card).map(|person| person.id.as_str());
    assert_eq!(holder(card("１", Some("02"), Some("記-1"))), Some("b"), "folded as in a check");
    assert_eq!(holder(card("1", None, Some("記-1"))), None, "several");
    assert_eq!(holder(card("9", None, None)), Some("a"), "lost or not");
    assert_eq!(holder(card("8", None, None)), None, "nobody");
}

#[test]
fn a_near_miss_needs_two_criteria_that_were_sent() {
    let persons = persons(&[("a", &[("01", "1", "")])]);
    let miss = find(&asked("01990019", "2"), &persons, TODAY).near_miss.unwrap();
    let unmet: Vec<&str> = miss.criteria.iter().filter(|one| !one.met).map(|one| &*one.element).collect();
    assert_eq!((miss.person.as_str(), unmet), ("a", vec!["InsuredIdentificationNumber"]));
    assert_eq!(find(&asked("99999999", "2"), &persons, TODAY).near_miss, None);
}

#[test]
fn without_a_branch_number_every_branch_matches_or_by_a_setting_none() {
    let persons = persons(&[("a", &[("01", "1", "branch = '01'"), ("01", "2", "")])]);
    for (number, matches, strictly) in [("1", Validity::Valid, Validity::None), ("2", Validity::Valid, Validity::Valid)] {
        let [lenient, strict] = [true, false].map(|missing_branch_matches| Register { persons: &persons, missing_branch_matches });
        assert_eq!(lenient.find(&asked("01990019", number), TODAY).validity, matches);
        assert_eq!(strict.find(&asked("01990019", number), TODAY).validity, strictly);
    }
}

#[test]
fn the_same_patient_is_sought_whatever_the_width_padding_and_branch() {
    let inquiry = |insurer: &str, symbol: &str, branch: Option<&str>| {
        let mut inquiry = asked(insurer, "１００１");
        (inquiry.card.symbol, inquiry.card.branch) = (Some(symbol.into()), branch.map(Into::into));
        inquiry
    };
    let folded = inquiry("01990019", "11-01", Some("01")).patient_key().folded();
    assert_eq!(inquiry("０１９９００１９", "１１－０１", None).patient_key().folded(), folded);
    assert_eq!(inquiry(" 1990019", "11‐01", None).patient_key().folded(), folded);
    assert_ne!(inquiry("01990019", "11-02", None).patient_key().folded(), folded);
    let other = Inquiry { birthdate: date(1980, 5, 18), ..inquiry("01990019", "11-01", None) };
    assert_ne!(other.patient_key().folded(), folded);
}
