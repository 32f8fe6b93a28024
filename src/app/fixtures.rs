//! Fixtures that are replaced while the server runs. They are stored, active in every process that
//! shares the store, and remain active after a restart.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::App;
use crate::domain::clock::ClockError;
use crate::domain::japan;
use crate::domain::scenario::Scenario;
use crate::fixtures::{Finding, Findings, Fixtures, Origin, Texts};
use crate::package::Store as Packages;
use crate::store::{Store, StoreError};
use crate::tasks::blocking;
use crate::verdict::{LIMITS, RULES};

/// The fixtures in the store.
#[derive(Serialize, Deserialize)]
struct StoredFixtures {
    id: String,
    at: Timestamp,
    files: Texts,
}

/// Why fixtures were not activated.
#[derive(Debug, thiserror::Error)]
pub enum PutFixturesError {
    /// The fixtures are wrong.
    #[error("the fixtures are wrong, in {} places", .0.errors.len())]
    Wrong(Findings),
    /// The fixtures could not be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A clock setting is invalid.
    #[error(transparent)]
    Clock(#[from] ClockError),
}

/// Prepares the packages of fixtures: offers real files, and starts to compute hashes that are not
/// declared.
pub fn prepare_packages(packages: &Packages, fixtures: &mut Fixtures) {
    for campaign in fixtures.scenarios.campaigns().chain([&mut fixtures.campaign]) {
        packages.apply_catalog(campaign);
        campaign.packages.iter().for_each(|package| drop(packages.hash(&campaign.id, package)));
    }
    let campaign = Arc::new(fixtures.campaign.clone());
    fixtures.institutions.values_mut().for_each(|spec| spec.campaign = Arc::clone(&campaign));
}

/// Reads the stored fixtures. If an older program accepted them but this one does not, they stay in
/// the store unused, and the log says so.
///
/// # Errors
/// The store does not work.
pub async fn stored_fixtures(store: &Store, wall: Timestamp) -> Result<Option<Fixtures>, StoreError> {
    let Some(text) = store.fixtures().await? else {
        return Ok(None);
    };
    let read = blocking(move || {
        let stored_fixtures: StoredFixtures = serde_json::from_str(&text).ok()?;
        let (fixtures, findings) = read(&stored_fixtures, wall);
        findings
            .errors
            .iter()
            .for_each(|error| tracing::error!(%error, "置き換えられたフィクスチャに誤りがあります / fixtures that were put are wrong"));
        fixtures
    });
    let fixtures = read.await;
    if fixtures.is_none() {
        tracing::error!(
            "PUT /v1/fixtures で置き換えられたフィクスチャはこのバージョンでは使えません。起動時のものを使います / fixtures that were put with PUT /v1/fixtures cannot be used by this program: those of the start are in force"
        );
    }
    Ok(fixtures)
}

fn read(stored_fixtures: &StoredFixtures, wall: Timestamp) -> (Option<Fixtures>, Findings) {
    let origin = Origin::Put { id: stored_fixtures.id.clone(), at: stored_fixtures.at };
    check_fixtures(Fixtures::from_texts(&stored_fixtures.files, origin, japan::civil(wall).date()))
}

impl App {
    /// Activates and stores fixtures, all of them or none. Returns them, with warnings.
    ///
    /// # Errors
    /// The fixtures are wrong, or the store does not work. The previous fixtures then stay active.
    pub async fn put_fixtures(self: &Arc<Self>, files: Texts) -> Result<(Arc<Fixtures>, Findings), PutFixturesError> {
        let app = Arc::clone(self);
        // This runs to its end even if the client disconnects, so that nothing is half done.
        let putting = async move {
            let _turn = app.fixtures_lock.lock().await;
            let at = app.institutions.wall();
            let stored_fixtures = StoredFixtures { id: format!("{:016x}", fastrand::u64(..)), at, files };
            let checking = blocking(move || {
                let text = serde_json::to_string(&stored_fixtures).expect("texts by name are plain data");
                (read(&stored_fixtures, at), text)
            });
            let ((fixtures, findings), text) = checking.await;
            let Some(fixtures) = fixtures else {
                return Err(PutFixturesError::Wrong(findings));
            };
            app.institutions.store().put_fixtures(Some(&text)).await?;
            Ok((app.apply(fixtures)?, findings))
        };
        self.institutions.finish(putting).await
    }

    /// Restores the initial fixtures.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn reset_fixtures(self: &Arc<Self>) -> Result<(), StoreError> {
        let app = Arc::clone(self);
        // This runs to its end even if the client disconnects, so that nothing is half done.
        let taking = async move {
            app.institutions.store().put_fixtures(None).await?;
            app.sync_fixtures().await
        };
        self.institutions.finish(taking).await
    }

    /// Activates the stored fixtures if they are not active. Another process may have stored them.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn sync_fixtures(&self) -> Result<(), StoreError> {
        let _turn = self.fixtures_lock.lock().await;
        let stored_fixtures = stored_fixtures(self.institutions.store(), self.institutions.wall()).await?;
        let next = stored_fixtures.unwrap_or_else(|| Fixtures::clone(&self.initial_fixtures));
        if next.origin != self.fixtures().origin
            && let Err(error) = self.apply(next)
        {
            tracing::error!(%error, "置き換えられたフィクスチャに誤りがあります / fixtures that were put are wrong");
        }
        Ok(())
    }

    fn apply(&self, mut fixtures: Fixtures) -> Result<Arc<Fixtures>, ClockError> {
        prepare_packages(&self.packages, &mut fixtures);
        let fixtures = Arc::new(fixtures);
        self.institutions.activate_fixtures(Arc::clone(&fixtures)).map(|()| fixtures)
    }
}

/// Adds findings for scenarios that name unknown rules or limits. Returns the fixtures only if
/// there are no errors.
pub fn check_fixtures((fixtures, mut findings): (Option<Fixtures>, Findings)) -> (Option<Fixtures>, Findings) {
    findings.errors.extend(fixtures.iter().flat_map(|fixtures| fixtures.scenarios.iter()).flat_map(unknown_requirements));
    (fixtures.filter(|_| findings.errors.is_empty()), findings)
}

/// Returns a finding for each unknown rule or limit that a scenario expects.
fn unknown_requirements(scenario: &Scenario) -> impl Iterator<Item = Finding> {
    let (rules, limits): (Vec<_>, Vec<_>) = (RULES.iter().map(|rule| rule.id).collect(), LIMITS.iter().map(|limit| limit.name).collect());
    let wants = &scenario.about.wants;
    let named = wants.rules.iter().map(|name| ("rules", name)).chain(wants.limits.keys().map(|name| ("limits", name)));
    named.filter_map(move |(field, name)| {
        let known = if field == "rules" { &rules } else { &limits };
        let names = known.join(", ");
        (!known.contains(&name.as_str())).then(|| Finding {
            file: format!("scenarios/{}.toml", scenario.id),
            line: None,
            message: format!(
                "/wants/{field}: \"{name}\" はありません。次のいずれか：{names} / there is no \"{name}\"; expected one of: {names}"
            ),
        })
    })
}
