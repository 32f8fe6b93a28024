//! Matching an inquiry to the persons: the answer, and where nobody matched, the near miss that explains why.

use jiff::civil::Date;
use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

use super::person::{Person, Qualification};

/// What a receipt computer asks: the data of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inquiry {
    /// The day for which it asks.
    pub confirmation_date: Date,
    /// 保険者番号 as it came, padded or not.
    pub insurer_number: String,
    /// 記号 as it came.
    pub symbol: Option<String>,
    /// 番号 as it came.
    pub number: String,
    /// 枝番 as it came; a missing one matches every branch (a reading of ours).
    pub branch: Option<String>,
    /// Date of birth.
    pub birthdate: Date,
    /// Whether the patient consents to the limit certificate being told.
    pub limit_consent: bool,
}

/// Code table 006, QualificationValidity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Validity {
    /// 有効.
    Valid,
    /// 無効.
    Invalid,
    /// 無効（新しい資格あり）.
    InvalidNewer,
    /// 該当資格なし.
    None,
    /// 複数該当.
    Several,
}

impl Validity {
    /// Its code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Valid => "1",
            Self::Invalid => "2",
            Self::InvalidNewer => "3",
            Self::None => "4",
            Self::Several => "5",
        }
    }

    /// Its words.
    pub fn ja(self) -> &'static str {
        match self {
            Self::Valid => "有効",
            Self::Invalid => "無効",
            Self::InvalidNewer => "無効（新しい資格あり）",
            Self::None => "該当資格なし",
            Self::Several => "複数該当",
        }
    }
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Finding<'a> {
    /// The outcome.
    pub validity: Validity,
    /// The one match that the outcome speaks of; none where nobody or several matched.
    pub matched: Option<(&'a Person, &'a Qualification)>,
    /// Where nobody matched: who came nearest.
    pub near_miss: Option<NearMiss>,
}

/// The qualification that came nearest, criterion by criterion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NearMiss {
    /// The fixture person's id.
    pub person: String,
    /// Every criterion, met or not.
    pub criteria: Vec<Criterion>,
}

/// One thing that has to match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Criterion {
    /// The element of the request.
    pub element: &'static str,
    /// Whether it matches after folding.
    pub met: bool,
    /// What the fixture has.
    pub expected: String,
    /// What came.
    pub got: String,
}

/// Looks the inquiry up. `today` is the institution's date, to which relative fixture dates refer.
pub fn find<'a>(inquiry: &Inquiry, persons: &'a [Person], today: Date) -> Finding<'a> {
    let all = || persons.iter().flat_map(|person| person.qualifications.iter().map(move |qualification| (person, qualification)));
    let matches: Vec<_> = all().filter(|(person, held)| criteria(inquiry, person, held).iter().all(|criterion| criterion.met)).collect();
    let Some((person, _)) = matches.first() else {
        let nearest = all().map(|(person, held)| NearMiss { person: person.id.clone(), criteria: criteria(inquiry, person, held) });
        let near_miss = nearest.max_by_key(|miss| miss.criteria.iter().filter(|criterion| criterion.met).count());
        let met = |criterion: &&Criterion| criterion.met && !criterion.got.trim().is_empty();
        let telling = |miss: &NearMiss| miss.criteria.iter().filter(met).count() >= 2;
        return Finding { validity: Validity::None, matched: None, near_miss: near_miss.filter(telling) };
    };
    if matches.iter().any(|(other, _)| other.id != person.id) {
        return Finding { validity: Validity::Several, matched: None, near_miss: None };
    }
    let day = inquiry.confirmation_date;
    let holding = matches.iter().find(|(_, held)| held.holds_on(day, today));
    let latest = matches.iter().max_by_key(|(_, held)| held.from.on(today));
    let newer = |held: &Qualification| latest.is_none_or(|(_, latest)| held.from.on(today) > latest.from.on(today));
    let validity = if holding.is_some() {
        Validity::Valid
    } else if person.qualifications.iter().any(|held| held.holds_on(day, today) && newer(held)) {
        Validity::InvalidNewer
    } else {
        Validity::Invalid
    };
    Finding { validity, matched: holding.or(latest).copied(), near_miss: None }
}

fn criteria(inquiry: &Inquiry, person: &Person, held: &Qualification) -> Vec<Criterion> {
    let symbol = held.symbol.as_ref().map_or("", |symbol| symbol.as_str());
    let branch = held.branch.as_ref().map_or("", |branch| branch.as_str());
    let asked_symbol = inquiry.symbol.as_deref().unwrap_or_default();
    let asked_branch = inquiry.branch.as_deref().unwrap_or_default().trim();
    let criterion =
        |element, met, expected: &str, got: &str| Criterion { element, met, expected: expected.to_owned(), got: got.to_owned() };
    let same_number = |a: &str, b: &str| unpadded(a) == unpadded(b);
    let insurer = held.insurer_number.as_str();
    vec![
        criterion("InsurerNumber", same_number(insurer, &inquiry.insurer_number), insurer, &inquiry.insurer_number),
        criterion("InsuredCardSymbol", fold(symbol) == fold(asked_symbol), symbol, asked_symbol),
        criterion(
            "InsuredIdentificationNumber",
            fold(held.number.as_str()) == fold(&inquiry.number),
            held.number.as_str(),
            &inquiry.number,
        ),
        criterion("InsuredBranchNumber", asked_branch.is_empty() || same_number(branch, asked_branch), branch, asked_branch),
        criterion("Birthdate", person.birthdate == inquiry.birthdate, &person.birthdate.to_string(), &inquiry.birthdate.to_string()),
    ]
}

/// Full-width letters, digits and signs become ASCII, half-width kana become full-width, dashes become `-`; white space goes.
fn fold(text: &str) -> String {
    let dashes_as_one = |c| if matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}') { '-' } else { c };
    text.nfkc().filter(|c| !c.is_whitespace()).map(dashes_as_one).collect()
}

/// A number without the zeros or spaces that pad it on the left.
fn unpadded(text: &str) -> String {
    fold(text).trim_start_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_makes_widths_dashes_and_padding_alike() {
        assert_eq!(fold("１２－Ａ・ｱ"), fold("12−A・ア"));
        assert_eq!(fold(" 記 号　１ "), "記号1");
        assert_eq!(unpadded("  123456"), unpadded("00123456"));
        assert_eq!(unpadded("００１２３４５６"), "123456");
    }
}
