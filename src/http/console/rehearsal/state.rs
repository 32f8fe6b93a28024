//! What the page of a rehearsal shows, read once for all its parts.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use form_urlencoded::Serializer;
use serde::Deserialize;

use crate::app::evidence_of;
use crate::domain::ids::{InstitutionCode, TerminalAddress, TerminalId};
use crate::domain::institution::Institution;
use crate::domain::scenario::Scenario;
use crate::domain::terminal::Terminal;
use crate::fixtures::Fixtures;
use crate::http::app::App;
use crate::http::console::language::Language;
use crate::http::console::words::who;
use crate::institutions::{Moment, Tenant};
use crate::journal::EntryPage;
use crate::listener::Addresses;
use crate::store::StoreError;
use crate::verdict::{Grade, Ruling, Verdict, judge};

/// What the page of a rehearsal shows.
pub(super) struct RehearsalState {
    pub(super) lang: Language,
    /// The institution with its specification.
    pub(super) tenant: Tenant,
    /// The time by both clocks.
    pub(super) moment: Moment,
    pub(super) fixtures: Arc<Fixtures>,
    /// The requests, oldest first; not masked.
    pub(super) journal: EntryPage,
    pub(super) verdict: Verdict,
    pub(super) filter: RequestFilter,
    pub(super) addresses: Addresses,
    /// The linkage folders of the terminals that have one.
    pub(super) linkage: Vec<PathBuf>,
    /// Whether a receipt computer asked this institution, perhaps before everything was set back.
    pub(super) was_asked: bool,
    /// The numbers of the requests that the part `requests` shows; filled in by it.
    pub(super) shown: OnceLock<BTreeSet<u64>>,
}

/// Which requests are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub(in crate::http::console) struct RequestFilter {
    /// Only errors: `on`.
    pub(super) errors: Option<String>,
    /// Only this terminal.
    pub(super) terminal: Option<String>,
    /// Only this person, by id.
    pub(super) person: Option<String>,
    /// Only rows that contain this text.
    pub(super) text: Option<String>,
    /// The part of time that the timeline shows: `night`, `hour`, or all.
    pub(super) range: Option<String>,
}

impl RequestFilter {
    /// Returns the query of a URL with this filter, with its question mark; empty without a filter.
    pub(super) fn query(&self) -> String {
        let fields = [
            ("errors", &self.errors),
            ("terminal", &self.terminal),
            ("person", &self.person),
            ("text", &self.text),
            ("range", &self.range),
        ];
        let mut query = Serializer::new(String::new());
        for (name, value) in fields {
            if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        if query.is_empty() { query } else { format!("?{query}") }
    }
}

/// Reads the state; `None` if there is no such institution.
///
/// # Errors
/// The store does not work.
pub(super) async fn read(
    app: &App,
    code: &InstitutionCode,
    lang: Language,
    filter: &RequestFilter,
) -> Result<Option<RehearsalState>, StoreError> {
    let Some((tenant, moment, journal)) = app.institutions.with_journal(code).await? else {
        return Ok(None);
    };
    let fixtures = app.fixtures();
    let address = |terminal: &TerminalId| TerminalAddress { institution: code.clone(), terminal: terminal.clone() };
    let linkage = tenant.institution.terminals.keys().filter_map(|terminal| app.linkage.folder_of(&address(terminal))).collect();
    let verdict = judge(&evidence_of(&fixtures, app.strictness, &tenant, &journal));
    Ok(Some(RehearsalState {
        lang,
        tenant,
        moment,
        fixtures,
        journal,
        verdict,
        filter: filter.clone(),
        addresses: app.addresses.clone(),
        linkage,
        was_asked: app.arrivals.asked.get().iter().any(|(asked, _)| asked == code),
        shown: OnceLock::new(),
    }))
}

impl RehearsalState {
    /// Returns the institution.
    pub(super) fn institution(&self) -> &Institution {
        &self.tenant.institution
    }

    /// Returns the institution's code.
    pub(super) fn code(&self) -> &InstitutionCode {
        &self.tenant.institution.code
    }

    /// Whether a rule that fails so far may still be met, by a check that has not been made yet.
    pub(super) fn may_still_pass(&self, ruling: &Ruling) -> bool {
        ruling.may_still_pass(self.institution().terminals.values().any(Terminal::is_pending))
    }

    /// Whether a rule failed for good.
    pub(super) fn has_failed(&self) -> bool {
        self.verdict.rules.iter().any(|ruling| ruling.result == Grade::Fail && !self.may_still_pass(ruling))
    }

    /// Returns the scenario that was applied, if the fixtures still have it.
    pub(super) fn scenario(&self) -> Option<&Scenario> {
        let timeline = self.tenant.institution.scenario.as_ref()?;
        self.fixtures.scenarios.find(&timeline.id)
    }

    /// Returns the product and the tester, if they are known.
    pub(super) fn who(&self) -> Option<String> {
        who(self.lang, &self.tenant.spec.rehearsal)
    }

    /// Returns the prefix of the paths of the console's operations on the institution.
    pub(super) fn api(&self) -> String {
        format!("/console/api/institutions/{}", self.code())
    }
}
