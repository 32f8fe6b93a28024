//! The maintenance of the store: retries a failed store, reports that this process is alive to
//! those that share the store, and deletes expired institutions.

use super::Institutions;
use crate::domain::ids::InstitutionCode;
use crate::store::StoreError;

/// The maximum number of expired institutions deleted in one pass.
const DELETION_BATCH: u32 = 200;

impl Institutions {
    /// Runs the maintenance that is due once a second. Returns whether another pass should
    /// follow at once. The store logs its own failures.
    pub async fn maintain(&self) -> bool {
        let store = self.store();
        self.0.replicas.heartbeat(store, self.wall()).await;
        store.last_error().is_none() && matches!(self.clean_up().await, Ok(true))
    }

    /// Runs work to its end even if the caller is cancelled.
    pub async fn finish<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        self.0.tasks.finish(work).await
    }

    /// Waits for all running tasks, then signs off from the other processes and closes the
    /// store, which must not be used afterwards.
    pub async fn shut_down(&self) {
        self.0.tasks.wait_until_idle().await;
        self.0.replicas.shut_down(self.store()).await;
        self.store().close().await;
    }

    /// Deletes expired institutions. Returns whether there may be more.
    async fn clean_up(&self) -> Result<bool, StoreError> {
        let codes = self.store().expired(self.wall().as_millisecond(), DELETION_BATCH).await?;
        let mut unreadable = 0;
        for code in &codes {
            let taken = match InstitutionCode::parse(code) {
                Ok(code) => self.delete_if(&code, true).await.map(drop),
                Err(error) => Err(StoreError::corrupt(code, &error.to_string())),
            };
            match taken {
                Ok(()) => {}
                Err(error) if self.store().last_error().is_some() => return Err(error),
                // An institution that cannot be read stays, and its error was logged. The
                // following ones are deleted nevertheless.
                Err(_) => unreadable += 1,
            }
        }
        Ok(codes.len() == DELETION_BATCH as usize && unreadable < codes.len())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::fixtures::Fixtures;
    use crate::institutions::Bounds;
    use crate::store::{Store, Target};

    #[tokio::test]
    async fn one_made_anew_since_it_was_listed_as_over_stays() {
        let (fixtures, _) = Fixtures::compiled_in(jiff::civil::date(2026, 1, 19));
        let fixtures = Arc::new(fixtures.unwrap());
        let spec = fixtures.institutions.values().next().unwrap().clone();
        let store = Store::open(&Target::Memory).await.unwrap();
        let bounds = Bounds { institutions: 10, cache: 1024 * 1024 };
        let wall = || "2026-01-19T03:00:00Z".parse().unwrap();
        let institutions = Institutions::new(fixtures, store, bounds, Vec::new(), wall).await.unwrap();
        let code = institutions.unused_code(&InstitutionCode::parse("9910000018").unwrap()).await.unwrap();
        institutions.create(&code, spec.clone(), Some(wall()), |_, _| ()).await.unwrap();
        let listed = institutions.store().expired(wall().as_millisecond(), DELETION_BATCH).await.unwrap();
        assert_eq!(listed, [code.as_str()]);
        institutions.create(&code, spec, None, |_, _| ()).await.unwrap();
        institutions.delete_if(&code, true).await.unwrap();
        assert!(institutions.read(&code, |_, _| ()).await.unwrap().is_some());
        assert!(institutions.delete(&code).await.unwrap());
    }
}
