//! Lists of institutions: codes in order, terminals, logins, and differences from the fixtures.

use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;

use super::cache::locked;
use super::{Inner, Institutions};
use crate::domain::ids::{InstitutionCode, TerminalAddress, TerminalId};
use crate::domain::institution::Login;
use crate::store::StoreError;

/// The number of rows in one page.
const PAGE_SIZE: u32 = 1_000;

/// Institutions of the fixtures that differ from them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FixtureDifferences {
    /// Those that were changed.
    pub changed: Vec<InstitutionCode>,
    /// Those that were deleted.
    pub deleted: Vec<InstitutionCode>,
}

/// The cached list of all terminals.
#[derive(Default)]
pub(super) struct Addresses {
    revision: AtomicU64,
    cached_list: Mutex<Option<CachedAddresses>>,
}

struct CachedAddresses {
    revision: u64,
    at: Timestamp,
    all: Arc<Vec<TerminalAddress>>,
}

impl Addresses {
    /// Invalidates the list after an institution was added or removed.
    pub(super) fn invalidate(&self) {
        self.revision.fetch_add(1, Ordering::AcqRel);
    }
}

/// A code and the names of its terminals.
type CodedTerminals = (InstitutionCode, String);

impl Institutions {
    /// Returns at most `limit` codes after `after`, in order.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn codes(&self, after: Option<&InstitutionCode>, limit: usize) -> Result<Vec<InstitutionCode>, StoreError> {
        self.codes_with_prefix("", after, limit).await
    }

    /// Returns at most `limit` codes after `after` that begin with `prefix`, in order. The whole of
    /// a code is no prefix.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn codes_with_prefix(
        &self,
        prefix: &str,
        after: Option<&InstitutionCode>,
        limit: usize,
    ) -> Result<Vec<InstitutionCode>, StoreError> {
        let mut codes: Vec<InstitutionCode> = Vec::new();
        let mut after = after.map_or("", InstitutionCode::as_str).max(prefix).to_owned();
        loop {
            let (page, next) = self.0.page(&after).await?;
            codes.extend(page.into_iter().map(|(code, _)| code).take_while(|code| code.as_str().starts_with(prefix)));
            match next.filter(|next| codes.len() < limit && next.as_str().starts_with(prefix)) {
                Some(next) => next.as_str().clone_into(&mut after),
                None => {
                    codes.truncate(limit);
                    return Ok(codes);
                }
            }
        }
    }

    /// Returns the address of every terminal, in order.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn terminals(&self) -> Result<Arc<Vec<TerminalAddress>>, StoreError> {
        let (wall, revision) = (self.wall(), self.0.addresses.revision.load(Ordering::Acquire));
        if let Some(cached_list) = &*locked(&self.0.addresses.cached_list)
            && cached_list.revision == revision
            && self.0.replicas.list_is_valid(wall.duration_since(cached_list.at))
        {
            return Ok(Arc::clone(&cached_list.all));
        }
        let (mut all, mut after) = (Vec::new(), String::new());
        loop {
            let (page, next) = self.0.page(&after).await?;
            for (institution, terminals) in page {
                let ids = terminals.split_ascii_whitespace().filter_map(|id| TerminalId::parse(id).ok());
                all.extend(ids.map(|terminal| TerminalAddress { institution: institution.clone(), terminal }));
            }
            match next {
                Some(next) => next.as_str().clone_into(&mut after),
                None => break,
            }
        }
        let all = Arc::new(all);
        *locked(&self.0.addresses.cached_list) = Some(CachedAddresses { revision, at: wall, all: Arc::clone(&all) });
        Ok(all)
    }

    /// Returns the institution that logs in with these credentials.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn of_login(&self, user: &str, password: &str) -> Result<Option<InstitutionCode>, StoreError> {
        let stored = self.0.store.codes_of_login(user).await?;
        let stored = stored.iter().filter_map(|code| InstitutionCode::parse(code).ok());
        let active_fixtures = self.0.active_fixtures.get();
        let initial =
            active_fixtures.initial.iter().filter(|(_, cached)| cached.tenant.institution.login.user == user).map(|(code, _)| code.clone());
        for code in stored.chain(initial) {
            let fits = |login: &Login| login.user == user && login.password == password;
            if self.read(&code, |tenant, _| fits(&tenant.institution.login)).await? == Some(true) {
                return Ok(Some(code));
            }
        }
        Ok(None)
    }

    /// Returns the institutions of the fixtures that were changed or deleted by a user. Changes
    /// over time do not count.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn fixture_differences(&self) -> Result<FixtureDifferences, StoreError> {
        let mut fixture_differences = FixtureDifferences::default();
        for code in self.0.active_fixtures.get().initial.keys() {
            let entry = self.0.cache.entry(code);
            match self.0.load(&entry).await? {
                (None, _) => {}
                (Some(_), Some(cached)) if cached.tenant.untouched => {}
                (Some(_), Some(_)) => fixture_differences.changed.push(code.clone()),
                (Some(_), None) => fixture_differences.deleted.push(code.clone()),
            }
        }
        Ok(fixture_differences)
    }
}

impl Inner {
    /// Returns one page of codes after `after` with the names of their terminals, and the code
    /// after which the next page begins.
    async fn page(&self, after: &str) -> Result<(Vec<CodedTerminals>, Option<InstitutionCode>), StoreError> {
        let rows = self.store.codes(after, PAGE_SIZE).await?;
        let parsed = rows.into_iter().map(|(code, terminals)| match InstitutionCode::parse(&code) {
            Ok(code) => Ok((code, terminals)),
            Err(error) => Err(StoreError::corrupt(&code, &error.to_string())),
        });
        let rows: Vec<(InstitutionCode, Option<String>)> = parsed.collect::<Result<_, _>>()?;
        let next = (rows.len() == PAGE_SIZE as usize).then(|| rows.last().map(|(code, _)| code.clone())).flatten();
        let to = next.as_ref().map_or(Bound::Unbounded, |next| Bound::Included(next.as_str()));
        let active_fixtures = self.active_fixtures.get();
        let unwritten = active_fixtures.initial.range::<str, _>((Bound::Excluded(after), to)).filter(|(code, _)| {
            // The rows are sorted, so a binary search is enough.
            rows.binary_search_by(|(row, _)| row.cmp(code)).is_err()
        });
        let names =
            |cached: &super::cache::CachedTenant| cached.tenant.institution.terminals.keys().map(|id| format!("{id} ")).collect::<String>();
        let unwritten: Vec<CodedTerminals> = unwritten.map(|(code, cached)| (code.clone(), names(cached))).collect();
        let mut page: Vec<CodedTerminals> =
            rows.into_iter().filter_map(|(code, terminals)| Some((code, terminals?))).chain(unwritten).collect();
        page.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok((page, next))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicI64;

    use jiff::SignedDuration;

    use super::*;
    use crate::fixtures::Fixtures;
    use crate::institutions::Bounds;
    use crate::store::{Store, Target};

    /// Seconds since 2026-01-19 21:00 in Japan.
    static PASSED: AtomicI64 = AtomicI64::new(0);

    fn wall() -> Timestamp {
        let start: Timestamp = "2026-01-19T12:00:00Z".parse().expect("a time");
        start + SignedDuration::from_secs(PASSED.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn of_the_fixtures_only_what_somebody_touched_differs_until_it_is_put_back() {
        let fixtures = Fixtures::compiled_in(jiff::civil::date(2026, 1, 19)).0.expect("the compiled-in fixtures are right");
        let store = Store::open(&Target::Memory).await.expect("a store in memory");
        let institutions = Institutions::new(Arc::new(fixtures), store, Bounds { institutions: 100, cache: 1 << 20 }, Vec::new(), wall)
            .await
            .expect("a store in memory");
        let code = |text: &str| InstitutionCode::parse(text).expect("a code");
        let (restarts, other) = (code("9910000059"), code("9910000018"));
        PASSED.store(12 * 60 * 60, Ordering::Relaxed);
        let events = institutions.update(&restarts, |tenant, _| tenant.institution.events.last()).await.expect("it is stored");
        assert!(events > Some(0), "it restarted by itself at seven");
        assert_eq!(institutions.fixture_differences().await.expect("a store"), FixtureDifferences::default(), "nobody touched it");
        for touched in [&restarts, &other] {
            institutions.update(touched, |tenant, _| tenant.institution.presentation.seed += 1).await.expect("it is stored");
        }
        let changed = FixtureDifferences { changed: vec![other.clone(), restarts.clone()], deleted: Vec::new() };
        assert_eq!(institutions.fixture_differences().await.expect("a store"), changed);
        institutions.reset(&restarts, |_, _| ()).await.expect("it is stored").expect("it is there").expect("its clock is right");
        institutions.delete(&other).await.expect("it is stored");
        let deleted = FixtureDifferences { changed: Vec::new(), deleted: vec![other] };
        assert_eq!(institutions.fixture_differences().await.expect("a store"), deleted, "a reset puts it back");
    }
}
