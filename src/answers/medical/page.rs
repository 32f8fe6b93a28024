//! Drug information and health check-ups as a PDF: the content of the message, formatted for
//! people.

use jiff::civil::Date;

use crate::domain::medical::{DatedCheckup, DayRecord, DrugQuery, InstitutionRef, MonthRecord, Requester};
use crate::domain::person::{CheckupItem, DataType, Drug, InOut, OrganizationKind, Person, Treatment};
use crate::wire::message::Medical;
use crate::wire::pdf;
use crate::wire::request::Information;

/// Lines that are kept together.
type Block = Vec<String>;

/// Returns the PDF.
pub(super) fn pdf(information: &Information, medical: &Medical<'_>, person: &Person, requester: &Requester<'_>) -> Vec<u8> {
    let mut head = vec![
        String::new(),
        format!("氏名　　　{}（{}）", person.name, person.name_kana.as_str()),
        format!("生年月日　{}　　性別　{}", day_of(person.birthdate), person.sex.ja()),
        format!("照会元　　{}（{}）", requester.name, requester.code),
        format!("照会日　　{}", day_of(requester.today)),
    ];
    let (title, blocks) = match information {
        Information::Drugs(wanted) => {
            head.push(period(wanted));
            (if wanted.treatments { "薬剤情報・診療情報（架空）" } else { "薬剤情報（架空）" }, drugs(medical))
        }
        Information::Checkups => ("特定健診情報（架空）", checkups(&medical.checkups)),
    };
    let blocks: Vec<Block> = std::iter::once(head).chain(blocks).collect();
    pdf::pdf(title, &blocks)
}

fn period(wanted: &DrugQuery) -> String {
    let month = |month: Option<Date>| month.map(month_of).unwrap_or_default();
    match wanted {
        DrugQuery { first: None, last: None, .. } => "対象期間　すべて".to_owned(),
        DrugQuery { first, last, .. } => format!("対象期間　{}〜{}", month(*first), month(*last)),
    }
}

fn drugs(medical: &Medical<'_>) -> Vec<Block> {
    let information = &medical.drugs;
    let sections = [
        ("■ レセプトによる情報", &information.claims, ["入院", "入院外"]),
        ("■ 電子処方箋（処方）", &information.prescriptions, ["院内処方", "院外処方"]),
        ("■ 電子処方箋（調剤）", &information.dispensings, ["院内処方", "院外処方"]),
    ];
    let blocks = sections.into_iter().flat_map(|(title, months, [inside, outside])| {
        let in_out = |in_out| if in_out == InOut::In { inside } else { outside };
        let mut blocks: Vec<Block> = months.iter().flat_map(|record| month(record, in_out(record.in_out))).collect();
        let title = [String::new(), title.to_owned()];
        match blocks.first_mut() {
            Some(first) => first.splice(0..0, title).for_each(drop),
            None => blocks.push(title.into_iter().chain(["  該当する情報はありません。".to_owned()]).collect()),
        }
        blocks
    });
    blocks.collect()
}

/// Returns the blocks of a month: the heading together with the first day, then one block for each
/// further day.
fn month(record: &MonthRecord<'_>, in_out: &str) -> Vec<Block> {
    let MonthRecord { month, organization, institution, prescriber, own, days, .. } = record;
    let own = if *own { "自院" } else { "他院" };
    let role = if *organization == OrganizationKind::Pharmacy { "薬局" } else { "医療機関" };
    let mut head = vec![
        String::new(),
        format!("  【{}】　{}　{}　{own}", month_of(*month), organization.ja(), in_out),
        format!("  {role}　{}", institution_name(institution)),
    ];
    head.extend(
        prescriber
            .as_ref()
            .filter(|prescriber| *prescriber != institution)
            .map(|prescriber| format!("  処方元　{}", institution_name(prescriber))),
    );
    let mut blocks: Vec<Block> = days.iter().map(day).collect();
    if let Some(first) = blocks.first_mut() {
        first.splice(0..0, head);
    }
    blocks
}

fn day(record: &DayRecord<'_>) -> Block {
    let DayRecord { date, prescribed, drugs, treatments } = record;
    let prescribed = if prescribed == date { String::new() } else { format!("（処方日 {}）", day_of(*prescribed)) };
    let first = format!("    {}{prescribed}", day_of(*date));
    let drugs = drugs.iter().flat_map(|one| drug(one));
    let treatments = treatments.iter().map(|one| format!("      ◇ {}", treatment(one)));
    std::iter::once(first).chain(drugs).chain(treatments).collect()
}

/// Returns the line with the drug, and the line with its usage.
fn drug(drug: &Drug) -> [String; 2] {
    let Drug { name, ingredient, quantity, unit, usage, instruction, times, .. } = drug;
    let ingredient = ingredient.as_ref().map(|ingredient| format!("（{ingredient}）")).unwrap_or_default();
    let amount = format!("{}{} × {times}", quantity.as_str(), to_full_width(unit.as_deref().unwrap_or_default()));
    let usage: Vec<&str> = [usage, instruction].into_iter().flatten().map(String::as_str).collect();
    [format!("      ・{name}{ingredient}"), format!("        {amount}　{}", usage.join("／"))]
}

fn treatment(treatment: &Treatment) -> String {
    let Treatment { name, quantity, unit, times, .. } = treatment;
    let quantity = unit.as_ref().map(|unit| format!("　{}{}", quantity.as_str(), to_full_width(unit)));
    format!("{name}{}　{times}回", quantity.unwrap_or_default())
}

fn checkups(checkups: &[DatedCheckup<'_>]) -> Vec<Block> {
    if checkups.is_empty() {
        return vec![vec![String::new(), "該当する情報はありません。".to_owned()]];
    }
    let block = |DatedCheckup { date, checkup }: &DatedCheckup<'_>| {
        let head = [String::new(), format!("■ 受診日　{}", day_of(*date))];
        let items = checkup.items.iter().map(|item| format!("  {:　<16}{}", item.name, value(item)));
        head.into_iter().chain(items).collect()
    };
    checkups.iter().map(block).collect()
}

/// Returns the name of a coded value if it has one, or else the value with its unit.
fn value(item: &CheckupItem) -> String {
    let CheckupItem { data_type, value, unit, value_name, .. } = item;
    match (data_type, value_name) {
        (DataType::Code | DataType::Ordered, Some(name)) => name.clone(),
        _ => format!("{value} {}", to_full_width(unit.as_deref().unwrap_or_default())).trim_end().to_owned(),
    }
}

/// Converts letters to full width. A viewer that replaces the PDF's font draws narrow letters over
/// each other, such as those of mmHg.
fn to_full_width(unit: &str) -> String {
    unit.chars().map(|c| if c.is_ascii_alphabetic() { char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c) } else { c }).collect()
}

fn institution_name(institution: &InstitutionRef<'_>) -> String {
    let InstitutionRef { code, name } = institution;
    name.map_or_else(|| code.to_string(), |name| format!("{name}（{code}）"))
}

fn day_of(date: Date) -> String {
    date.strftime("%Y年%-m月%-d日").to_string()
}

fn month_of(date: Date) -> String {
    date.strftime("%Y年%-m月").to_string()
}
