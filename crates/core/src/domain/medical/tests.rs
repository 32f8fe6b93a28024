//! Tests of months, repetition, own prescriptions, and the limits of a history.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::domain::person::{Person, validate_persons};

const TODAY: Date = date(2026, 1, 20);

/// Creates a person with these `[[drug_history]]` tables. A table without drugs gets one.
fn person(records: &[&str]) -> Person {
    let drugs = "drugs = [{ code = '990000001', name = '模擬', quantity = '1', times = 7, class = 21 }]";
    let table = |record: &&str| {
        let drugs = if record.contains("drugs =") { "" } else { drugs };
        format!("[[drug_history]]\nin_out = 'out'\n{}\n{drugs}\n", record.replace("; ", "\n"))
    };
    let records: String = records.iter().map(table).collect();
    toml::from_str(&format!("id = 'a'\nname = '模擬　人'\nname_kana = 'ﾓｷﾞ'\nsex = 'male'\nbirthdate = '1980-05-17'\n{records}")).unwrap()
}

fn drug_information_for<'a>(person: &'a Person, wanted: DrugQuery, code: &'a InstitutionCode) -> DrugInformation<'a> {
    drug_information(&person.drug_history, &wanted, &Requester { code, name: "模擬クリニック", today: TODAY })
}

fn code(text: &str) -> InstitutionCode {
    InstitutionCode::parse(text).unwrap()
}

const CLAIM: &str = "kind = 'claim'; organization = 'medical'; date = ";

#[test]
fn each_kind_has_its_block_and_a_month_is_one_block_an_institution_prescriber_and_kind() {
    let other = "institution = { code = '9910008011', name = '他院' }";
    let records = [
        &format!("{CLAIM}'2025-12-05'"),
        &format!("{CLAIM}'2025-12-01'"),
        &format!("{CLAIM}'2025-11-30'"),
        &format!("{CLAIM}'2025-12-05'; {other}"),
        &format!("{CLAIM}'2025-12-05'; {}", other.replace("institution", "prescriber")),
        "kind = 'claim'; organization = 'dental'; date = '2025-12-05'",
        "kind = 'electronic_prescription'; organization = 'medical'; date = '2025-12-05'",
        "kind = 'electronic_dispensing'; organization = 'pharmacy'; date = '2025-12-05'; prescribed = '2025-11-30'",
        &format!("{CLAIM}'2025-12-05'"),
    ];
    let (person, own) = (person(&records), code("9910000018"));
    let DrugInformation { claims, prescriptions, dispensings } = drug_information_for(&person, DrugQuery::default(), &own);
    let seen: Vec<_> = claims
        .iter()
        .map(|month| {
            (month.month, month.organization.code(), month.institution.code.as_str(), month.prescriber.is_some(), month.days.len())
        })
        .collect();
    let december = date(2025, 12, 1);
    assert_eq!(
        seen,
        [
            (date(2025, 11, 1), "1", "9910000018", false, 1),
            (december, "1", "9910000018", false, 2),
            (december, "1", "9910000018", true, 1),
            (december, "1", "9910008011", false, 1),
            (december, "3", "9910000018", false, 1),
        ]
    );
    let days: Vec<_> = claims[1].days.iter().map(|day| (day.date, day.drugs.len())).collect();
    assert_eq!(days, [(date(2025, 12, 1), 1), (date(2025, 12, 5), 2)], "two records of one day are one day");
    assert_eq!((prescriptions.len(), dispensings.len()), (1, 1));
    assert_eq!((dispensings[0].month, dispensings[0].days[0].prescribed), (december, date(2025, 11, 30)), "by the day of dispensing");
}

#[test]
fn a_prescription_is_own_where_the_prescriber_or_else_the_institution_is_who_asks() {
    let (clinic, pharmacy) = ("{ code = '9910000018' }", "{ code = '9940008011', name = '薬局' }");
    for (institution, prescriber, own) in [
        ("{}", None, true),
        ("{}", Some("{}"), true),
        (pharmacy, Some("{}"), true),
        (pharmacy, Some(clinic), true),
        (clinic, None, true),
        (pharmacy, None, false),
        ("{}", Some(pharmacy), false),
    ] {
        let prescriber = prescriber.map(|text| format!("; prescriber = {text}")).unwrap_or_default();
        let person = person(&[&format!("{CLAIM}'2025-12-05'; institution = {institution}{prescriber}")]);
        let institution_code = code("9910000018");
        assert_eq!(drug_information_for(&person, DrugQuery::default(), &institution_code).claims[0].own, own, "{institution}{prescriber}");
    }
    let (person, institution_code) = (person(&[&format!("{CLAIM}'2025-12-05'")]), code("9910000026"));
    let named = drug_information_for(&person, DrugQuery::default(), &institution_code).claims[0].institution;
    assert_eq!((named.code, named.name), (&institution_code, Some("模擬クリニック")), "whoever asks, under its name");
}

#[test]
fn treatments_are_told_where_they_are_wanted_and_a_day_without_anything_is_not() {
    let treatments = "treatments = [{ code = '980000001', name = '再診料', class = 12, quantity = '1', times = 1 }]";
    let person = person(&[&format!("{CLAIM}'2025-12-05'; drugs = []; {treatments}"), &format!("{CLAIM}'2025-12-06'; {treatments}")]);
    let own = code("9910000018");
    let counts = |treatments| {
        let drugs = drug_information_for(&person, DrugQuery { treatments, ..DrugQuery::default() }, &own);
        let days = drugs.claims.iter().flat_map(|month| &month.days);
        days.map(|day| (day.drugs.len(), day.treatments.len())).collect::<Vec<_>>()
    };
    assert_eq!(counts(true), [(0, 1), (1, 1)]);
    assert_eq!(counts(false), [(1, 0)]);
}

proptest! {
    #[test]
    fn exactly_the_repeated_days_in_the_months_wanted_up_to_today_are_told(
        offset in -40_i32..400, every in 1_u16..=60, times in 1_u16..=20, first in prop::option::of(-20_i32..3), months in prop::option::of(0_i32..15),
    ) {
        let person = person(&[&format!("{CLAIM}'today{:+}'; repeat = {{ every = {every}, times = {times} }}", -offset)]);
        let month = |n: i32| TODAY.first_of_month().saturating_add(n.months());
        let first = first.map(month);
        let last = months.map(|months| first.unwrap_or(month(-10)).saturating_add(months.months()));
        let own = code("9910000018");
        let claims = drug_information_for(&person, DrugQuery { first, last, treatments: false }, &own).claims;

        let all = (0..i32::from(times)).map(|n| TODAY.saturating_sub((offset + n * i32::from(every)).days()));
        let in_range = |day: &Date| {
            let after_first = first.is_none_or(|first| *day >= first);
            let before_end = last.is_none_or(|last| *day < last.saturating_add(1.month()));
            *day <= TODAY && after_first && before_end
        };
        let expected: BTreeSet<Date> = all.filter(in_range).collect();
        let days: Vec<Date> = claims.iter().flat_map(|month| &month.days).map(|day| day.date).collect();
        prop_assert_eq!(&days, &expected.into_iter().collect::<Vec<_>>(), "the oldest first, none twice");
        let blocks: BTreeSet<Date> = claims.iter().map(|month| month.month).collect();
        prop_assert_eq!(blocks.len(), claims.len(), "one block a month");
        for month in &claims {
            prop_assert!(!month.days.is_empty() && month.days.iter().all(|day| day.date.first_of_month() == month.month));
        }
    }
}

#[test]
fn what_a_history_may_hold_is_bounded_and_each_mistake_is_named_by_its_place() {
    let of = |record: &str| {
        let found = validate_persons(&[person(&[record])]);
        found.first().map(|(pointer, text)| (pointer.clone(), text.en.clone())).unwrap_or_default()
    };
    let claim = |more: &str| of(&format!("{CLAIM}'2025-12-05'; {more}"));
    let electronic = "kind = 'electronic_prescription'; organization = 'medical'; date = '2025-12-05'";
    let treatments = "treatments = [{ code = '980000001', name = '再診料', class = 12, quantity = '1', times = 1 }]";
    let drug = |more: &str| format!("drugs = [{{ code = '990000001', name = '模擬', quantity = '1', {more} }}]");
    assert_eq!(claim("repeat = { every = 366, times = 60 }").0, "");
    assert_eq!(claim(&format!("drugs = []; {treatments}")).0, "");
    assert_eq!(claim("drugs = []").0, "/0/drug_history/0/drugs");
    assert_eq!(of(&format!("{electronic}; {treatments}")).0, "/0/drug_history/0/treatments");
    assert_eq!(of(&format!("{electronic}; prescribed = '2025-12-05'")).0, "/0/drug_history/0/prescribed");
    assert_eq!(claim("repeat = { every = 0, times = 1 }"), ("/0/drug_history/0/repeat/every".into(), "expected 1 to 366".into()));
    assert_eq!(claim("repeat = { every = 1, times = 61 }"), ("/0/drug_history/0/repeat/times".into(), "expected 1 to 60".into()));
    assert_eq!(claim(&drug("times = 0, class = 21")).0, "/0/drug_history/0/drugs/0/times");
    assert_eq!(claim(&drug("times = 1, class = 100")).0, "/0/drug_history/0/drugs/0/class");
    assert_eq!(claim(&treatments.replace("times = 1", "times = 1000")).0, "/0/drug_history/0/treatments/0/times");

    let often = format!("{CLAIM}'2025-12-05'; repeat = {{ every = 1, times = 60 }}");
    let many = |count: usize| validate_persons(&[person(&vec![often.as_str(); count])]);
    assert_eq!(many(16), []);
    assert_eq!(many(17)[0].0, "/0/drug_history", "1,020 drugs");
    let single = format!("{CLAIM}'2025-12-05'");
    assert_eq!(validate_persons(&[person(&vec![single.as_str(); 100])]), []);
    assert_eq!(validate_persons(&[person(&vec![single.as_str(); 101])])[0].0, "/0/drug_history");

    let item = "{ code = '9Z001000000000001', name = '身長', data_type = 'PQ', value = '170', unit = 'cm' }";
    let checkups = |items: usize, count: usize| {
        let checkup: Checkup = toml::from_str(&format!("date = 'today-1'\nitems = [{}]", vec![item; items].join(", "))).unwrap();
        validate_persons(&[Person { checkups: vec![checkup; count], ..person(&[]) }])
            .into_iter()
            .map(|(pointer, _)| pointer)
            .collect::<Vec<_>>()
    };
    assert_eq!((checkups(1, 20), checkups(100, 1)), (vec![], vec![]));
    assert_eq!(checkups(0, 1), ["/0/checkups/0/items"]);
    assert_eq!(checkups(101, 1), ["/0/checkups/0/items"]);
    assert_eq!(checkups(1, 21), ["/0/checkups"]);
}

#[test]
fn check_ups_are_told_up_to_today_the_oldest_first() {
    let dated = ["today", "2025-03-01", "today+1", "2024-12-31"].map(|day| {
        let day = if day == "today" { "today+0" } else { day };
        let items = "items = [{ code = '9Z001000000000001', name = '身長', data_type = 'PQ', value = '170' }]";
        toml::from_str::<Checkup>(&format!("date = '{day}'\n{items}")).unwrap()
    });
    let days: Vec<Date> = checkups(&dated, TODAY).iter().map(|told| told.date).collect();
    assert_eq!(days, [date(2024, 12, 31), date(2025, 3, 1), TODAY]);
}
