//! Who waits for an institution to change is woken: by changes of this process, and on a shared store by those of every process.

use std::pin::pin;
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender};

use super::{Inner, Institutions};
use crate::domain::ids::InstitutionCode;
use crate::store::Told;

/// Changes that a watch may lie behind; beyond, it is woken once for all of them.
const MOST_BEHIND: usize = 1_024;
/// How long to wait before listening to the database is tried again.
const PAUSE: Duration = Duration::from_secs(1);

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

    /// Listens to the other processes of a shared store until told to stop; returns at once on one of our own.
    pub async fn listen(&self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        while self.0.store.is_shared() {
            tokio::select! {
                () = self.listen_once() => {}
                () = &mut stop => return,
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = &mut stop => return,
            }
        }
    }

    /// Listens for as long as the connection can be had.
    async fn listen_once(&self) {
        let Ok(Some(mut listener)) = self.0.store.listen().await else {
            return;
        };
        self.0.bell.ring(None);
        self.0.fixtures_told.notify_one();
        while let Ok(told) = listener.told().await {
            match told {
                Told::Changed(code) => self.0.bell.ring(InstitutionCode::parse(&code).ok()),
                Told::Missed => {
                    self.0.bell.ring(None);
                    self.0.fixtures_told.notify_one();
                }
                Told::Fixtures => self.0.fixtures_told.notify_one(),
                Told::Flush(wish) => {
                    // What cannot be written makes the reader say that its list may be incomplete.
                    if self.write_journals().await.is_ok() {
                        let _ = self.0.store.has_flushed(&self.0.process, wish).await;
                    }
                }
            }
        }
    }
}

impl Inner {
    /// Something of an institution is stored; on a shared store the database tells everyone.
    pub(super) fn tell(&self, code: &InstitutionCode) {
        if !self.store.is_shared() {
            self.bell.ring(Some(code.clone()));
        }
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
