//! What the store needs now and then: a failed one is tried again, the others of a shared one are told that this process is there, and
//! institutions whose time is over are taken away.

use super::Institutions;
use crate::domain::ids::InstitutionCode;
use crate::store::StoreError;

/// Institutions taken away at once when their time is over.
const OVER_AT_ONCE: u32 = 200;

impl Institutions {
    /// Does what is to be done once a second; says whether more waits to be done at once. What fails turns the store red, and is logged there.
    pub async fn look_after(&self) -> bool {
        let store = self.store();
        if store.trouble().is_some() || store.is_shared() {
            let _ = store.probe(&self.wall().to_string()).await;
        }
        if store.is_shared() && store.trouble().is_none() {
            let _ = store.be_there(&self.0.process).await;
        }
        store.trouble().is_none() && matches!(self.clean_up().await, Ok(true))
    }

    /// Takes leave of the store: nothing is asked of it any more.
    pub async fn leave(&self) {
        if self.store().is_shared() {
            // Where it cannot be said, the others notice within seconds.
            let _ = self.store().be_gone(&self.0.process).await;
        }
        self.store().close().await;
    }

    /// Takes away institutions whose time is over; says whether there may be more of them.
    async fn clean_up(&self) -> Result<bool, StoreError> {
        let codes = self.store().expired(self.wall().as_millisecond(), OVER_AT_ONCE).await?;
        for code in &codes {
            match InstitutionCode::parse(code) {
                Ok(code) => self.take_away(&code, true).await.map(drop)?,
                Err(error) => return Err(StoreError::unreadable(code, &error.to_string())),
            }
        }
        Ok(codes.len() == OVER_AT_ONCE as usize)
    }
}
