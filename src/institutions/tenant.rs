//! An institution with everything that belongs to it, and the document in which it is saved.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use hashlink::LruCache;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Moment;
use crate::domain::campaign::Campaign;
use crate::domain::ids::ScenarioId;
use crate::domain::institution::{Institution, InstitutionSpec, Login};
use crate::store::{Record, StoreError};

/// The version of the format of saved documents.
pub(super) const FORMAT: u32 = 1;
/// The number of campaigns, and of specs, in the parse cache, and the maximum length of their
/// text in bytes.
const MAX_CACHED: usize = 16;
const MAX_CACHED_LENGTH: usize = 64 * 1024;

/// An institution with everything that belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tenant {
    /// The institution.
    pub institution: Institution,
    /// The spec to which it is reset.
    pub spec: Arc<InstitutionSpec>,
    /// When it expires, by the machine's clock.
    pub expires: Option<Timestamp>,
    /// Scenarios that its clients met in earlier generations.
    pub met: BTreeSet<ScenarioId>,
    /// Whether it is as its fixture created it, apart from changes over time.
    pub untouched: bool,
}

/// A tenant as saved; `C` is a campaign and `B` a spec.
#[derive(Serialize, Deserialize)]
pub(super) struct SavedTenant<'a, C, B> {
    format: u32,
    expires: Option<Timestamp>,
    /// The institution's campaign.
    campaign: C,
    /// The spec's campaign, if it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_campaign: Option<C>,
    #[serde(rename = "blueprint")]
    spec: B,
    /// The spec's login, if it differs from the institution's.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_login: Option<Cow<'a, Login>>,
    institution: Cow<'a, Institution>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    met: Cow<'a, BTreeSet<ScenarioId>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    untouched: bool,
}

/// The field that all formats have.
#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

/// Why a document cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum DocumentError {
    /// A newer program wrote it in this format.
    #[error("format {0} > {FORMAT}")]
    Newer(u32),
    /// This program does not write such a document.
    #[error(transparent)]
    Malformed(#[from] serde_json::Error),
}

impl DocumentError {
    /// Converts to the error for a document from the store.
    pub(super) fn to_store_error(&self, code: &str) -> StoreError {
        match self {
            Self::Newer(_) => StoreError::newer(code, &self.to_string()),
            Self::Malformed(_) => StoreError::corrupt(code, &self.to_string()),
        }
    }
}

/// Parsed campaigns and specs, since nearly all institutions of a server share a few of them.
#[derive(Default)]
pub(super) struct ParseCache {
    campaigns: TextCache<Arc<Campaign>>,
    specs: TextCache<InstitutionSpec>,
}

/// Values parsed recently, by their text.
struct TextCache<T>(Mutex<LruCache<Box<str>, T>>);

impl<T> Default for TextCache<T> {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MAX_CACHED)))
    }
}

impl<T: Clone + DeserializeOwned> TextCache<T> {
    fn read(&self, text: &str) -> serde_json::Result<T> {
        if let Some(read) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(text) {
            return Ok(read.clone());
        }
        let read: T = serde_json::from_str(text)?;
        if text.len() > MAX_CACHED_LENGTH {
            return Ok(read);
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(meanwhile) = known.get(text) {
            return Ok(meanwhile.clone());
        }
        known.insert(text.into(), read.clone());
        Ok(read)
    }
}

impl Tenant {
    /// Whether it has expired.
    pub fn is_expired(&self, wall: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= wall)
    }

    /// Returns the two times of an access at `wall`.
    pub(super) fn moment(&self, wall: Timestamp) -> Moment {
        Moment { now: self.institution.now(wall), wall }
    }

    /// Returns the form in which it is saved.
    pub(super) fn saved(&self) -> SavedTenant<'_, &Campaign, &InstitutionSpec> {
        let (campaign, first) = (&*self.institution.campaign, &*self.spec.campaign);
        SavedTenant {
            format: FORMAT,
            expires: self.expires,
            campaign,
            first_campaign: Some(first).filter(|first| *first != campaign),
            spec: &self.spec,
            first_login: Some(&self.spec.login).filter(|first| **first != self.institution.login).map(Cow::Borrowed),
            institution: Cow::Borrowed(&self.institution),
            met: Cow::Borrowed(&self.met),
            untouched: self.untouched,
        }
    }

    /// Returns the row to store.
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

    /// Parses a document that [`Tenant::record`] wrote.
    ///
    /// # Errors
    /// The format is newer, or the document is malformed.
    pub(super) fn read(body: &str, common: &ParseCache) -> Result<Self, DocumentError> {
        let wrong = |error: serde_json::Error| match serde_json::from_str(body) {
            Ok(FormatOnly { format }) if format > FORMAT => DocumentError::Newer(format),
            _ => DocumentError::Malformed(error),
        };
        let saved: SavedTenant<'_, &RawValue, &RawValue> = serde_json::from_str(body).map_err(wrong)?;
        if saved.format > FORMAT {
            return Err(DocumentError::Newer(saved.format));
        }
        let (mut institution, mut spec) = (saved.institution.into_owned(), common.specs.read(saved.spec.get())?);
        institution.campaign = common.campaigns.read(saved.campaign.get())?;
        spec.campaign = match saved.first_campaign {
            Some(first) => common.campaigns.read(first.get())?,
            None => Arc::clone(&institution.campaign),
        };
        spec.login = saved.first_login.unwrap_or(Cow::Borrowed(&institution.login)).into_owned();
        let (expires, met, untouched) = (saved.expires, saved.met.into_owned(), saved.untouched);
        Ok(Self { institution, spec: Arc::new(spec), expires, met, untouched })
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use serde_json::json;

    use super::*;
    use crate::domain::campaign::{Channel, Notice};
    use crate::domain::linkage::FileKind;
    use crate::domain::period::Period;
    use crate::domain::reception::{BulkQuery, Submission};
    use crate::domain::text::Text;
    use crate::fixtures::Fixtures;

    #[test]
    fn every_fixture_institution_reads_back_equal_after_two_weeks_of_life() {
        let start: Timestamp = "2026-01-19T03:00:00Z".parse().unwrap();
        let (fixtures, _) = Fixtures::compiled_in(jiff::civil::date(2026, 1, 19));
        let fixtures = fixtures.unwrap();
        for (code, spec) in &fixtures.institutions {
            let mut institution = Institution::new(code.clone(), "making".to_owned(), spec, &fixtures.campaign, start).unwrap();
            institution.advance(start + SignedDuration::from_hours(14 * 24), start).unwrap();
            assert!(!institution.take_notifications().is_empty());
            let asked = BulkQuery::MedicalAid(jiff::civil::date(2026, 1, 1));
            let confirmation_date = Some(jiff::civil::date(2026, 1, 19));
            let submission = Submission { kind: FileKind::MedicalAid, asked, file_identifier: Some("a".into()), confirmation_date };
            institution.receptions.submit(submission, start, Period::MAX);
            institution.references.register("person", "7".to_owned(), start, start);
            let tenant = Tenant {
                institution,
                spec: Arc::new(spec.clone()),
                expires: Some(start),
                met: [ScenarioId::parse("happy-morning").unwrap()].into(),
                untouched: true,
            };
            let record = tenant.record();
            assert_eq!(Tenant::read(&record.body.unwrap(), &ParseCache::default()).unwrap(), tenant);
            assert_eq!(record.expires, Some(start.as_millisecond()));
        }
    }

    #[test]
    fn one_campaign_is_shared_and_two_are_told_apart() {
        let mut tenant = test_tenant("2026-01-19T03:00:00Z".parse().unwrap());
        let common = ParseCache::default();
        let read = |tenant: &Tenant| Tenant::read(&tenant.record().body.unwrap(), &common).unwrap();
        let once = read(&tenant);
        assert!(Arc::ptr_eq(&once.institution.campaign, &once.spec.campaign));
        assert!(!tenant.record().body.unwrap().contains("first_"), "saved once");
        Arc::make_mut(&mut tenant.spec).login.user = "another".to_owned();
        Arc::make_mut(&mut tenant.institution.campaign).suspended = true;
        assert_eq!(read(&tenant), tenant, "each has its own");
    }

    #[test]
    fn a_document_of_a_newer_program_is_refused_whether_or_not_it_looks_the_same() {
        let tenant = test_tenant("2026-01-19T03:00:00Z".parse().unwrap());
        let mut document = serde_json::to_value(tenant.saved()).unwrap();
        document["format"] = json!(2);
        for newer in [document.to_string(), "{\"format\":2}".to_owned()] {
            let refused = Tenant::read(&newer, &ParseCache::default()).unwrap_err();
            assert!(matches!(refused, DocumentError::Newer(2)), "{refused}");
            let error = refused.to_store_error("9910000018");
            assert!(
                matches!(error, StoreError::Newer(_)) && error.to_string().contains("9910000018") && refused.to_string() == "format 2 > 1",
                "{error}"
            );
        }
    }

    #[test]
    fn of_many_campaigns_the_one_that_is_used_stays_shared() {
        let campaigns = TextCache::<Arc<Campaign>>::default();
        let text =
            |title: &str| serde_json::to_string(&Campaign { title: Text::same(title), ..Campaign::clone(&Campaign::none()) }).unwrap();
        let common = campaigns.read(&text("common")).unwrap();
        for number in 0..2 * MAX_CACHED {
            campaigns.read(&text(&number.to_string())).unwrap();
            assert!(Arc::ptr_eq(&common, &campaigns.read(&text("common")).unwrap()));
        }
        assert_eq!(campaigns.0.lock().unwrap_or_else(PoisonError::into_inner).len(), MAX_CACHED);
        let notice = Notice {
            channel: Channel::PortalMail,
            published: Timestamp::UNIX_EPOCH,
            title: Text::same(""),
            body: Text::same("x".repeat(4_000)),
        };
        let long = serde_json::to_string(&Campaign { notices: vec![notice; 20], ..Campaign::clone(&common) }).unwrap();
        assert!(long.len() > MAX_CACHED_LENGTH);
        assert!(!Arc::ptr_eq(&campaigns.read(&long).unwrap(), &campaigns.read(&long).unwrap()), "a long one is not kept");
    }

    /// Creates a tenant from the first institution of the fixtures.
    fn test_tenant(start: Timestamp) -> Tenant {
        let fixtures = Fixtures::compiled_in(jiff::civil::date(2026, 1, 19)).0.unwrap();
        let (code, spec) = fixtures.institutions.first_key_value().unwrap();
        let institution = Institution::new(code.clone(), "making".to_owned(), spec, &fixtures.campaign, start).unwrap();
        Tenant { institution, spec: Arc::new(spec.clone()), expires: None, met: BTreeSet::new(), untouched: false }
    }
}
