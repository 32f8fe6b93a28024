//! The evidence for a verdict on an institution's clients, collected from its state and its
//! journal.

use jiff::civil::Date;

use crate::domain::ids::InstitutionCode;
use crate::domain::institution::Institution;
use crate::domain::scenario;
use crate::fixtures::Fixtures;
use crate::institutions::{Institutions, Tenant};
use crate::journal::{self, EntryPage};
use crate::store::StoreError;
use crate::verdict::{Event, Evidence, Observation, Scenario};

/// Returns the evidence on an institution's clients, for a verdict by the rules of a date; `None`
/// if the institution does not exist.
///
/// # Errors
/// The store does not work.
pub async fn evidence(institutions: &Institutions, strictness: Date, code: &InstitutionCode) -> Result<Option<Evidence>, StoreError> {
    let found = institutions.with_journal(code).await?;
    Ok(found.map(|(tenant, _, page)| evidence_of(&institutions.fixtures(), strictness, &tenant, &page)))
}

/// Returns the evidence in an institution and its journal, which was read after it.
pub fn evidence_of(fixtures: &Fixtures, strictness: Date, tenant: &Tenant, page: &EntryPage) -> Evidence {
    let institution = &tenant.institution;
    let met = |scenario: &scenario::Scenario| (scenario.id.to_string(), tenant.met.contains(&scenario.id));
    Evidence {
        institution: institution.code.to_string(),
        rehearsal: tenant.spec.rehearsal.clone(),
        strictness,
        scenario: expected_scenario(fixtures, institution),
        scenarios: fixtures.scenarios.iter().map(met).collect(),
        scenario_titles: fixtures.scenarios.iter().map(|scenario| (scenario.id.to_string(), scenario.about.title.clone())).collect(),
        evicted: page.evicted,
        evicted_events: institution.events.evicted(),
        evicted_observations: institution.observations.evicted(),
        incomplete: !page.complete,
        journal: journal::evidence(&page.entries),
        events: institution.events.iter().map(Event::from).collect(),
        observations: institution.observations.iter().map(Observation::from).collect(),
    }
}

/// Returns what the institution's scenario expects of a client.
fn expected_scenario(fixtures: &Fixtures, institution: &Institution) -> Option<Scenario> {
    let timeline = institution.scenario.as_ref()?;
    let wants = fixtures.scenarios.find(&timeline.id)?.about.wants.clone();
    Some(Scenario { id: timeline.id.to_string(), rules: wants.rules, limits: wants.limits, profiles: wants.profiles, check: wants.check })
}
