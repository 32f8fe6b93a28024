//! Who waits for an institution to change is woken: by changes of this process, and of others on the same database.

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender};

use super::Institutions;
use crate::domain::ids::InstitutionCode;

/// Changes that a subscription may lie behind; beyond, it is woken once for all of them.
const MOST_BEHIND: usize = 1_024;

/// Wakes every watch: with the code of what changed, or with none where changes may have been missed.
pub(super) struct ChangeNotifier(Sender<Option<InstitutionCode>>);

/// Waits for changes of one institution.
pub struct ChangeSubscription {
    code: InstitutionCode,
    changes: Receiver<Option<InstitutionCode>>,
}

impl Default for ChangeNotifier {
    fn default() -> Self {
        Self(Sender::new(MOST_BEHIND))
    }
}

impl ChangeNotifier {
    pub(super) fn notify(&self, changed: Option<InstitutionCode>) {
        // Without a subscription there is nobody to wake.
        let _ = self.0.send(changed);
    }
}

impl ChangeSubscription {
    /// Returns once the institution has, or may have, changed since the last call: look at it, then wait again.
    pub async fn changed(&mut self) {
        loop {
            match self.changes.recv().await {
                Ok(Some(code)) if code != self.code => {}
                Ok(_) | Err(RecvError::Lagged(_)) => return,
                // The institutions are gone with their bell: nothing changes any more.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

impl Institutions {
    /// Waits for changes of an institution, there or not, from now on.
    pub fn subscribe(&self, code: &InstitutionCode) -> ChangeSubscription {
        ChangeSubscription { code: code.clone(), changes: self.0.change_notifier.0.subscribe() }
    }

    /// Hears of every change: its code, or none where changes may have been missed.
    pub(super) fn all_changes(&self) -> Receiver<Option<InstitutionCode>> {
        self.0.change_notifier.0.subscribe()
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
    async fn a_watch_is_woken_by_a_change_of_its_institution_and_by_no_other() {
        let (fixtures, _) = Fixtures::compiled_in(jiff::civil::date(2026, 1, 19));
        let store = Store::open(&Target::Memory).await.unwrap();
        let bounds = Bounds { institutions: 10, cache: 1024 * 1024 };
        let institutions =
            Institutions::new(Arc::new(fixtures.unwrap()), store, bounds, Vec::new(), || "2026-01-19T03:00:00Z".parse().unwrap())
                .await
                .unwrap();
        let code = |code| InstitutionCode::parse(code).unwrap();
        let (watched, other) = (code("9910000018"), code("9910000026"));
        let mut subscription = institutions.subscribe(&watched);
        let rename = async |code| institutions.update(code, |tenant, _| tenant.institution.name.en.push('!')).await.unwrap().unwrap();
        rename(&other).await;
        rename(&watched).await;
        subscription.changed().await;
        rename(&other).await;
        assert!(futures_util::FutureExt::now_or_never(subscription.changed()).is_none(), "nothing of its own has changed since");
    }
}
