//! Change notifications: subscribers wait for changes of an institution by this process or by
//! others on the same database.

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender};

use super::Institutions;
use crate::domain::ids::InstitutionCode;

/// How many changes a subscription may lag behind; beyond that it gets one notification for all
/// of them.
const MAX_BEHIND: usize = 1_024;

/// Notifies all subscriptions. The value is the code of the changed institution, or `None` if
/// changes may have been missed.
pub(super) struct ChangeNotifier(Sender<Option<InstitutionCode>>);

/// Waits for changes of one institution.
pub struct ChangeSubscription {
    code: InstitutionCode,
    changes: Receiver<Option<InstitutionCode>>,
}

impl Default for ChangeNotifier {
    fn default() -> Self {
        Self(Sender::new(MAX_BEHIND))
    }
}

impl ChangeNotifier {
    pub(super) fn notify(&self, changed: Option<InstitutionCode>) {
        // The send fails only if there is no subscription.
        let _ = self.0.send(changed);
    }

    /// Notifies of one institution. Costs nothing without subscriptions.
    pub(super) fn notify_of(&self, changed: &InstitutionCode) {
        if self.0.receiver_count() > 0 {
            self.notify(Some(changed.clone()));
        }
    }
}

impl ChangeSubscription {
    /// Returns once the institution has changed, or may have changed, since the last call. The
    /// caller then reads it and waits again.
    pub async fn changed(&mut self) {
        loop {
            match self.changes.recv().await {
                Ok(Some(code)) if code != self.code => {}
                Ok(_) | Err(RecvError::Lagged(_)) => {
                    // The caller reads the present state, which has all changes up to now.
                    self.changes = self.changes.resubscribe();
                    return;
                }
                // The institutions are gone, and the notifier with them: nothing changes any
                // more.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

impl Institutions {
    /// Subscribes to changes of an institution from now on, whether or not it exists.
    pub fn subscribe(&self, code: &InstitutionCode) -> ChangeSubscription {
        ChangeSubscription { code: code.clone(), changes: self.0.change_notifier.0.subscribe() }
    }

    /// Subscribes to what this process records in the journal of an institution. Entries of other
    /// processes on the same database notify nobody.
    pub fn subscribe_to_journal(&self, code: &InstitutionCode) -> ChangeSubscription {
        ChangeSubscription { code: code.clone(), changes: self.0.journal_notifier.0.subscribe() }
    }

    /// Subscribes to changes of all institutions; receives the code, or `None` if changes may
    /// have been missed.
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
    async fn a_subscription_is_woken_by_a_change_of_its_institution_and_by_no_other() {
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
