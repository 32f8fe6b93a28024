//! One institution with what belongs to it, and the document that it is saved as.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::ScenarioId;
use crate::domain::institution::{Blueprint, Institution};
use crate::store::{Record, StoreError};

/// The form of saved documents that this program writes; it reads this one and those before.
pub(super) const FORMAT: u32 = 1;

/// One institution with what belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tenant {
    /// The institution.
    pub institution: Institution,
    /// What it is made from again when it is reset.
    pub blueprint: Arc<Blueprint>,
    /// When it deletes itself, by the machine's clock.
    pub expires: Option<Timestamp>,
    /// Scenarios that its clients met in makings before this one.
    pub met: BTreeSet<ScenarioId>,
}

/// A tenant as it is saved.
#[derive(Serialize, Deserialize)]
pub(super) struct Saved<'a> {
    format: u32,
    expires: Option<Timestamp>,
    blueprint: Cow<'a, Blueprint>,
    institution: Cow<'a, Institution>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    met: Cow<'a, BTreeSet<ScenarioId>>,
}

impl Tenant {
    /// Whether its time is over.
    pub fn is_over(&self, wall: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= wall)
    }

    /// Itself as it is saved.
    pub(super) fn saved(&self) -> Saved<'_> {
        Saved {
            format: FORMAT,
            expires: self.expires,
            blueprint: Cow::Borrowed(&self.blueprint),
            institution: Cow::Borrowed(&self.institution),
            met: Cow::Borrowed(&self.met),
        }
    }

    /// What is stored of it.
    pub(super) fn record(&self) -> Record {
        let saved = self.saved();
        let terminals: Vec<&str> = self.institution.terminals.keys().map(|id| id.as_str()).collect();
        Record {
            body: Some(serde_json::to_string(&saved).expect("an institution is plain data")),
            expires: self.expires.map(Timestamp::as_millisecond),
            login: self.institution.login.user.clone(),
            terminals: terminals.join(" "),
        }
    }

    /// What was stored under a code.
    ///
    /// # Errors
    /// Not what this program, or one before it, writes.
    pub(super) fn read(code: &str, body: &str) -> Result<Self, StoreError> {
        let unreadable = |said: &str| StoreError::unreadable(code, said);
        let saved: Saved<'static> = serde_json::from_str(body).map_err(|error| unreadable(&error.to_string()))?;
        if saved.format > FORMAT {
            return Err(unreadable(&format!("format {} > {FORMAT}", saved.format)));
        }
        Ok(Self {
            institution: saved.institution.into_owned(),
            blueprint: Arc::new(saved.blueprint.into_owned()),
            expires: saved.expires,
            met: saved.met.into_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::domain::reception::Asked;
    use crate::fixtures::Fixtures;

    #[test]
    fn every_fixture_institution_reads_back_equal_after_two_weeks_of_life() {
        let start: Timestamp = "2026-01-19T03:00:00Z".parse().unwrap();
        let (fixtures, _) = Fixtures::compiled_in(jiff::civil::date(2026, 1, 19));
        let fixtures = fixtures.unwrap();
        for (code, blueprint) in &fixtures.institutions {
            let mut institution = Institution::new(code.clone(), "making".to_owned(), blueprint, &fixtures.campaign, start).unwrap();
            institution.advance(start + SignedDuration::from_hours(14 * 24), start).unwrap();
            assert!(!institution.take_news().is_empty());
            let asked = Asked::MedicalAid(jiff::civil::date(2026, 1, 1));
            institution.receptions.submit(crate::domain::linkage::FileKind::MedicalAid, asked, start, crate::domain::period::Period::MAX);
            institution.references.register("person", "7".to_owned(), start, start);
            let tenant = Tenant {
                institution,
                blueprint: Arc::new(blueprint.clone()),
                expires: Some(start),
                met: [ScenarioId::parse("happy-morning").unwrap()].into(),
            };
            let record = tenant.record();
            assert_eq!(Tenant::read(code.as_str(), &record.body.unwrap()).unwrap(), tenant);
            assert_eq!(record.expires, Some(start.as_millisecond()));
        }
    }

    #[test]
    fn a_document_of_a_newer_program_is_refused() {
        let refused = Tenant::read("9910000018", "{\"format\":2}").unwrap_err();
        assert!(refused.to_string().contains("9910000018"), "{refused}");
    }
}
