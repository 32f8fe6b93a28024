//! Fixtures that are put while the server runs: kept in the store, in force in every process that
//! shares it, and back after a restart.

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

/// Fixtures as they are kept.
#[derive(Serialize, Deserialize)]
struct StoredFixtures {
    id: String,
    at: Timestamp,
    files: Texts,
}

/// Why fixtures were not put in force.
#[derive(Debug, thiserror::Error)]
pub enum PutFixturesError {
    /// What is wrong in them.
    #[error("the fixtures are wrong, in {} places", .0.errors.len())]
    Wrong(Findings),
    /// They could not be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A clock setting that makes no sense.
    #[error(transparent)]
    Clock(#[from] ClockError),
}

/// Readies the packages of fixtures: real files are offered, and hashes that nobody declared are computed in the background.
pub fn prepare_packages(packages: &Packages, fixtures: &mut Fixtures) {
    for campaign in fixtures.scenarios.campaigns().chain([&mut fixtures.campaign]) {
        packages.apply_catalog(campaign);
        campaign.packages.iter().for_each(|package| drop(packages.hash(&campaign.id, package)));
    }
    let campaign = Arc::new(fixtures.campaign.clone());
    fixtures.institutions.values_mut().for_each(|spec| spec.campaign = Arc::clone(&campaign));
}

/// Reads what was put before; what an older program took and this one does not is left alone, and said in the log.
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
            "PUT /v1/fixtures で置き換えられたフィクスチャはこの版では使えません。起動時のものを使います / fixtures that were put with PUT /v1/fixtures cannot be used by this program: those of the start are in force"
        );
    }
    Ok(fixtures)
}

fn read(stored_fixtures: &StoredFixtures, wall: Timestamp) -> (Option<Fixtures>, Findings) {
    let origin = Origin::Put { id: stored_fixtures.id.clone(), at: stored_fixtures.at };
    checked(Fixtures::from_texts(&stored_fixtures.files, origin, japan::civil(wall).date()))
}

impl App {
    /// Puts fixtures in force and keeps them, all of them or none; gives them, and what looks wrong.
    ///
    /// # Errors
    /// What is wrong in them, or a store that does not work; those of before are in force then.
    pub async fn put_fixtures(self: &Arc<Self>, files: Texts) -> Result<(Arc<Fixtures>, Findings), PutFixturesError> {
        let app = Arc::clone(self);
        // To its end: a client that goes away in the middle leaves nothing half done.
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

    /// Goes back to the fixtures of the start.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn reset_fixtures(self: &Arc<Self>) -> Result<(), StoreError> {
        let app = Arc::clone(self);
        // To its end: a client that goes away in the middle leaves nothing half done.
        let taking = async move {
            app.institutions.store().put_fixtures(None).await?;
            app.sync_fixtures().await
        };
        self.institutions.finish(taking).await
    }

    /// Puts in force what the store has, where that is something else: another process may have put it.
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

/// What was read, its scenarios held against the rules and limits that there are.
pub fn checked((fixtures, mut findings): (Option<Fixtures>, Findings)) -> (Option<Fixtures>, Findings) {
    findings.errors.extend(fixtures.iter().flat_map(|fixtures| fixtures.scenarios.iter()).flat_map(unknown_wants));
    (fixtures.filter(|_| findings.errors.is_empty()), findings)
}

/// The rules and limits that a scenario wants and that there are not.
fn unknown_wants(scenario: &Scenario) -> impl Iterator<Item = Finding> {
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
                "/wants/{field}: \"{name}\" はありません。次のいずれか: {names} / there is no \"{name}\"; expected one of: {names}"
            ),
        })
    })
}
