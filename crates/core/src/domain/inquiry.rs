//! Matching of an inquiry against the persons. If nobody matches, the near miss explains why.

use std::borrow::Cow;
use std::iter;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::named::named;
use super::person::{Person, Qualification, fold};
use super::text::Text;

/// An inquiry of a receipt computer: the data of a card and of its holder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inquiry {
    /// The day for which the qualification is checked.
    pub confirmation_date: Date,
    /// The card.
    pub card: CardData,
    /// The date of birth.
    pub birthdate: Date,
    /// Whether the patient consents to the disclosure of the limit certificate.
    pub limit_consent: bool,
    /// The client's own identifier of the inquiry.
    pub arbitrary_identifier: Option<SmolStr>,
}

/// The data on a card, as the client sent them. Without a date of birth, they identify whose
/// reference number is registered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardData {
    /// 保険者番号, padded or not.
    pub insurer_number: SmolStr,
    /// 記号
    pub symbol: Option<SmolStr>,
    /// 番号
    pub number: SmolStr,
    /// 枝番; a missing one matches every branch (our reading).
    pub branch: Option<SmolStr>,
}

/// The patient of an inquiry: distinguishes the checks of one patient from those of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatientKey {
    card: CardData,
    birthdate: Date,
}

impl PatientKey {
    /// Returns the same text for the same patient, independent of character width and padding. The
    /// branch number is ignored.
    pub fn folded(&self) -> String {
        let CardData { insurer_number, symbol, number, .. } = &self.card;
        let symbol = fold(symbol.as_deref().unwrap_or_default());
        format!("{}\n{symbol}\n{}\n{}", unpadded(insurer_number), fold(number), self.birthdate)
    }
}

impl Inquiry {
    /// Returns the patient's key.
    pub fn patient_key(self) -> PatientKey {
        PatientKey { card: self.card, birthdate: self.birthdate }
    }

    /// Returns the day of the inquiry if it is not the institution's today.
    pub fn of_another_day(&self, today: Date) -> Option<OtherDay> {
        let asked = self.confirmation_date;
        (asked != today).then_some(OtherDay { asked, today })
    }
}

/// The day of a check that is not for the institution's today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherDay {
    /// The day in the inquiry.
    pub asked: Date,
    /// The institution's today.
    pub today: Date,
}

impl OtherDay {
    /// Returns the note for the journal. The day decides whether a qualification is valid, while
    /// dates such as `today-30` are relative to today. The result may therefore differ from what a
    /// list of persons says.
    pub fn text(&self) -> Text {
        let (day, today) = (self.asked.to_string(), self.today.to_string());
        Text::new(
            format!(
                "QualificationConfirmationDate は {day} ですが、医療機関の時計の今日（日本時間）は {today} です。資格は {day} の時点で判定しますが、\
                 today-30 のように今日を基準とする被保険者の日付は {today} から数えます。そのため、失効しているはずの資格が有効になることなどがあります。\
                 今日の日付で照会するか、時計を合わせてください。"
            ),
            format!(
                "QualificationConfirmationDate is {day}, and today by the institution's clock (Japan time) is {today}. Qualifications are judged as of {day}, while persons' dates \
                 such as today-30 count from {today}: one that should have ended may come back valid. Check with today's date, or set the clock."
            ),
        )
    }
}

named! {
    /// Code table 006, QualificationValidity.
    pub enum Validity {
        /// 有効
        Valid = "valid",
        /// 無効
        Invalid = "invalid",
        /// 無効（新しい資格あり）
        InvalidNewer = "invalid_newer",
        /// 該当資格なし
        None = "none",
        /// 複数該当; only for medical insurance.
        Several = "several",
        /// 有効（未登録）; only for medical aid.
        ValidUnregistered = "valid_unregistered",
    }
}

impl Validity {
    /// Returns the code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Valid => "1",
            Self::Invalid => "2",
            Self::InvalidNewer => "3",
            Self::None => "4",
            Self::Several => "5",
            Self::ValidUnregistered => "6",
        }
    }

    /// Returns the Japanese text.
    pub fn ja(self) -> &'static str {
        match self {
            Self::Valid => "有効",
            Self::Invalid => "無効",
            Self::InvalidNewer => "無効（新しい資格あり）",
            Self::None => "該当資格なし",
            Self::Several => "複数該当",
            Self::ValidUnregistered => "有効（未登録）",
        }
    }
}

/// The result of an inquiry.
#[derive(Clone, Debug)]
pub struct Finding<'a> {
    /// The outcome.
    pub validity: Validity,
    /// The match that the outcome refers to; `None` if nobody or several persons matched.
    pub matched: Option<(&'a Person, &'a Qualification)>,
    /// The qualifications in the response: the match and, if it is valid, the person's other
    /// qualifications that are valid on the day.
    pub response_qualifications: Vec<&'a Qualification>,
    /// The nearest miss, if nobody matched.
    pub near_miss: Option<NearMiss>,
}

/// The closest qualification, criterion by criterion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NearMiss {
    /// The fixture person's id.
    pub person: String,
    /// All criteria, whether met or not.
    pub criteria: Vec<Criterion>,
}

/// A criterion that must match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Criterion {
    /// The element of the request.
    pub element: Cow<'static, str>,
    /// Whether the values match after normalization.
    pub met: bool,
    /// The value in the fixtures.
    pub expected: String,
    /// The value in the request.
    pub got: String,
}

impl Finding<'_> {
    /// Returns a result without a match.
    fn nothing(validity: Validity, near_miss: Option<NearMiss>) -> Self {
        Self { validity, matched: None, response_qualifications: Vec::new(), near_miss }
    }
}

/// All insured persons, with the rule for missing branch numbers.
#[derive(Clone, Copy, Debug)]
pub struct Register<'a> {
    /// The persons.
    pub persons: &'a [Person],
    /// Whether an inquiry without a branch number matches every branch. Otherwise it matches only
    /// cards without one.
    pub missing_branch_matches: bool,
}

impl<'a> Register<'a> {
    /// Looks up an inquiry. `today` is the institution's date, the base of relative fixture dates.
    pub fn find(&self, inquiry: &Inquiry, today: Date) -> Finding<'a> {
        let asked = inquiry.card.folded();
        let fits = |held| asked.criteria_met(held, self.missing_branch_matches) == [true; 4];
        let matches: Vec<_> = self.all().filter(|(person, held)| person.birthdate == inquiry.birthdate && fits(held)).collect();
        let Some(&(person, _)) = matches.first() else {
            return Finding::nothing(Validity::None, self.near_miss(inquiry));
        };
        if matches.iter().any(|(other, _)| other.id != person.id) {
            // 複数該当 exists for medical insurance only: for medical aid, several matches count as
            // none.
            let aid = matches.iter().all(|(_, held)| held.is_medical_aid());
            return Finding::nothing(if aid { Validity::None } else { Validity::Several }, None);
        }
        let day = inquiry.confirmation_date;
        let from = |held: &Qualification| held.from.on(today);
        if let Some(&(_, matched)) = matches.iter().find(|(_, held)| held.holds_on(day, today)) {
            let unregistered = matched.is_medical_aid() && matched.unregistered;
            let validity = if unregistered { Validity::ValidUnregistered } else { Validity::Valid };
            let others = person.qualifications.iter().filter(|held| !std::ptr::eq(*held, matched) && held.holds_on(day, today));
            return Finding {
                validity,
                matched: Some((person, matched)),
                response_qualifications: iter::once(matched).chain(others).collect(),
                near_miss: None,
            };
        }
        let latest = matches.iter().map(|&(_, held)| held).max_by_key(|held| from(held)).expect("one matched");
        let newer = person.qualifications.iter().any(|held| held.holds_on(day, today) && from(held) > from(latest));
        let validity = if newer { Validity::InvalidNewer } else { Validity::Invalid };
        Finding { validity, matched: Some((person, latest)), response_qualifications: vec![latest], near_miss: None }
    }

    /// Returns the holder of a card, valid or not; `None` if nobody or several persons hold it.
    pub fn matching(&self, card: &CardData) -> Option<&'a Person> {
        let asked = card.folded();
        let fits = |held| asked.criteria_met(held, self.missing_branch_matches) == [true; 4];
        let mut holders = self.all().filter(|(_, held)| fits(held)).map(|(person, _)| person);
        let person = holders.next()?;
        holders.all(|other| other.id == person.id).then_some(person)
    }

    fn all(&self) -> impl Iterator<Item = (&'a Person, &'a Qualification)> + use<'a> {
        self.persons.iter().flat_map(|person| person.qualifications.iter().map(move |held| (person, held)))
    }

    /// Returns the nearest miss, if it is informative: at least two criteria with a value in the
    /// request are met.
    fn near_miss(&self, inquiry: &Inquiry) -> Option<NearMiss> {
        let asked = inquiry.card.folded();
        let met = |(person, held): &(&Person, &Qualification)| {
            let of_card = asked.criteria_met(held, self.missing_branch_matches);
            of_card.into_iter().chain([person.birthdate == inquiry.birthdate]).filter(|met| *met).count()
        };
        let nearest = self.all().max_by_key(met);
        let nearest = nearest.map(|(person, held)| NearMiss { person: person.id.clone(), criteria: self.criteria(inquiry, person, held) });
        nearest.filter(|miss| miss.criteria.iter().filter(|one| one.met && !one.got.trim().is_empty()).count() >= 2)
    }

    fn criteria(&self, inquiry: &Inquiry, person: &Person, held: &Qualification) -> Vec<Criterion> {
        let (expected, got) = (person.birthdate, inquiry.birthdate);
        let mut criteria = inquiry.card.criteria(held, self.missing_branch_matches);
        criteria.push(Criterion {
            element: "Birthdate".into(),
            met: expected == got,
            expected: expected.to_string(),
            got: got.to_string(),
        });
        criteria
    }
}

impl CardData {
    /// Returns the card of a qualification.
    pub fn of(held: &Qualification) -> Self {
        Self {
            insurer_number: held.insurer_number.as_str().into(),
            symbol: held.symbol.as_ref().map(|symbol| symbol.as_str().into()),
            number: held.number.as_str().into(),
            branch: held.branch.as_ref().map(|branch| branch.as_str().into()),
        }
    }

    fn folded(&self) -> FoldedCard {
        FoldedCard {
            insurer: unpadded(&self.insurer_number),
            symbol: fold(self.symbol.as_deref().unwrap_or_default()),
            number: fold(&self.number),
            branch: unpadded(self.branch.as_deref().unwrap_or_default().trim()),
            has_branch: self.branch.as_deref().is_some_and(|branch| !branch.trim().is_empty()),
        }
    }

    fn criteria(&self, held: &Qualification, missing_branch_matches: bool) -> Vec<Criterion> {
        let met = self.folded().criteria_met(held, missing_branch_matches);
        let symbol = held.symbol.as_ref().map_or("", |symbol| symbol.as_str());
        let branch = held.branch.as_ref().map_or("", |branch| branch.as_str());
        let (asked_symbol, asked_branch) = (self.symbol.as_deref().unwrap_or_default(), self.branch.as_deref().unwrap_or_default().trim());
        let elements = [
            ("InsurerNumber", held.insurer_number.as_str(), self.insurer_number.as_str()),
            ("InsuredCardSymbol", symbol, asked_symbol),
            ("InsuredIdentificationNumber", held.number.as_str(), self.number.as_str()),
            ("InsuredBranchNumber", branch, asked_branch),
        ];
        let criteria = elements.into_iter().zip(met);
        criteria
            .map(|((element, expected, got), met)| Criterion { element: element.into(), met, expected: expected.into(), got: got.into() })
            .collect()
    }
}

/// Card data folded for comparison: once per inquiry, however many cards there are.
struct FoldedCard {
    insurer: SmolStr,
    symbol: SmolStr,
    number: SmolStr,
    branch: SmolStr,
    has_branch: bool,
}

impl FoldedCard {
    /// Returns which criteria a card meets: insurer number, symbol, number, branch number.
    fn criteria_met(&self, held: &Qualification, missing_branch_matches: bool) -> [bool; 4] {
        let branch = held.branch.as_ref().map_or("", |branch| branch.as_str());
        [
            held.insurer_number.as_str().trim_start_matches('0') == self.insurer,
            held.symbol.as_ref().map_or("", |symbol| symbol.folded()) == self.symbol,
            held.number.folded() == self.number,
            (missing_branch_matches && !self.has_branch) || branch.trim_start_matches('0') == self.branch,
        ]
    }
}

/// Removes the zeros or spaces that pad a number on the left.
fn unpadded(text: &str) -> SmolStr {
    fold(text).trim_start_matches('0').into()
}

#[cfg(test)]
mod tests;
