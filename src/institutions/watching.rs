//! Who waits for an institution to change is woken: by changes of this process, and of others on the same database.

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender};

use super::Institutions;
use crate::domain::ids::InstitutionCode;

/// Changes that a watch may lie behind; beyond, it is woken once for all of them.
const MOST_BEHIND: usize = 1_024;

/// Wakes every watch: with the code of what changed, or with none where changes may have been missed.
pub(super) struct Bell(Sender<Option<InstitutionCode>>);

/// Waits for changes of one institution.
pub struct Watch {
    code: InstitutionCode,
    rung: Receiver<Option<InstitutionCode>>,
}

impl Default for Bell {
    fn default() -> Self {
        Self(Sender::new(MOST_BEHIND))
    }
}

impl Bell {
    pub(super) fn ring(&self, changed: Option<InstitutionCode>) {
        // Without a watch there is nobody to wake.
        let _ = self.0.send(changed);
    }
}

impl Watch {
    /// Returns once the institution has, or may have, changed since the last call: look at it, then wait again.
    pub async fn changed(&mut self) {
        loop {
            match self.rung.recv().await {
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
    pub fn watch(&self, code: &InstitutionCode) -> Watch {
        Watch { code: code.clone(), rung: self.0.bell.0.subscribe() }
    }

    /// Hears of every change: its code, or none where changes may have been missed.
    pub(super) fn changes(&self) -> Receiver<Option<InstitutionCode>> {
        self.0.bell.0.subscribe()
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
        let mut watch = institutions.watch(&watched);
        let rename = async |code| institutions.change(code, |tenant, _| tenant.institution.name.en.push('!')).await.unwrap().unwrap();
        rename(&other).await;
        rename(&watched).await;
        watch.changed().await;
        rename(&other).await;
        assert!(futures_util::FutureExt::now_or_never(watch.changed()).is_none(), "nothing of its own has changed since");
    }
}
