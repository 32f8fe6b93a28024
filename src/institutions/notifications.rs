//! The schedule of notifications: when one is due, a message is added to the store's outbox in
//! the transaction of its change, whether or not anyone accesses the institution.

use std::collections::{BTreeSet, HashMap};
use std::pin::pin;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::cache::CachedTenant;
use super::lifecycle::random_id;
use super::{Inner, Institutions, Tenant};
use crate::domain::ids::InstitutionCode;
use crate::domain::notification::{Notification, NotificationMessage, NotifiedInstitution};
use crate::store::{OutboxMessage, StoreError};

/// The number of codes in one page.
const PAGE_SIZE: usize = 1_000;
/// The longest wait, since the machine's clock may be set.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// The pause before a new scan of all institutions, and before the retry of one that could not
/// be read.
const RETRY_DELAY: Duration = Duration::from_secs(5);

/// When each institution has its next notification, by the machine's clock.
#[derive(Default)]
struct NotificationSchedule {
    order: BTreeSet<(Timestamp, InstitutionCode)>,
    of: HashMap<InstitutionCode, Timestamp>,
}

impl NotificationSchedule {
    fn set(&mut self, code: &InstitutionCode, at: Option<Timestamp>) {
        if let Some(before) = self.of.remove(code) {
            self.order.remove(&(before, code.clone()));
        }
        if let Some(at) = at {
            self.of.insert(code.clone(), at);
            self.order.insert((at, code.clone()));
        }
    }

    fn first(&self) -> Option<&(Timestamp, InstitutionCode)> {
        self.order.first()
    }
}

impl Institutions {
    /// Sends due notifications to the outbox until `stop` completes; returns at once if there
    /// is no delivery channel.
    pub async fn notify_when_due(&self, stop: impl Future<Output = ()>) {
        if self.0.channels.is_empty() {
            return;
        }
        let mut stop = pin!(stop);
        tokio::select! {
            () = self.run_schedule() => {}
            () = &mut stop => {}
        }
    }

    async fn run_schedule(&self) {
        loop {
            let mut changes = self.all_changes();
            let mut schedule = self.build_schedule(&mut changes).await;
            while let Some(schedule) = &mut schedule {
                let wait = schedule.first().map_or(MAX_WAIT, |(at, _)| self.time_until(*at));
                tokio::select! {
                    changed = changes.recv() => match changed {
                        Ok(Some(code)) => self.refresh_schedule(schedule, &code).await,
                        Ok(None) | Err(RecvError::Lagged(_)) => break,
                        Err(RecvError::Closed) => return,
                    },
                    () = tokio::time::sleep(wait) => {
                        if let Some((_, code)) = schedule.first().filter(|(at, _)| *at <= self.wall()).cloned() {
                            self.refresh_schedule(schedule, &code).await;
                        }
                    }
                }
            }
            tokio::time::sleep(RETRY_DELAY).await;
        }
    }

    fn time_until(&self, at: Timestamp) -> Duration {
        at.duration_since(self.wall()).max(SignedDuration::ZERO).unsigned_abs().min(MAX_WAIT)
    }

    /// Reads all institutions. Processes the changes received meanwhile after each page, so
    /// that the receiver does not overflow; returns `None` if changes may have been missed
    /// nevertheless.
    async fn build_schedule(&self, changes: &mut Receiver<Option<InstitutionCode>>) -> Option<NotificationSchedule> {
        let (mut schedule, mut after) = (NotificationSchedule::default(), None);
        loop {
            // The store logs its own failures.
            let Ok(codes) = self.codes(after.as_ref(), PAGE_SIZE).await else {
                tokio::time::sleep(RETRY_DELAY).await;
                continue;
            };
            for code in &codes {
                self.refresh_schedule(&mut schedule, code).await;
            }
            for _ in 0..changes.len() {
                let changed = changes.try_recv().ok().flatten()?;
                self.refresh_schedule(&mut schedule, &changed).await;
            }
            match codes.into_iter().next_back() {
                Some(last) => after = Some(last),
                None => return Some(schedule),
            }
        }
    }

    /// Reads one institution, which sends its due notifications, and schedules its next one.
    async fn refresh_schedule(&self, schedule: &mut NotificationSchedule, code: &InstitutionCode) {
        let next = self.read(code, |tenant, moment| {
            let institution = &tenant.institution;
            let at = institution.next_notification().and_then(|at| institution.clock.wall_at(at));
            at.map(|at| at.max(moment.wall))
        });
        let at: Result<Option<Timestamp>, StoreError> = next.await.map(Option::flatten);
        // The read has just sent what was due. If something still seems due (the clock has
        // stopped at its end), it is checked again only after a pause.
        let soon = self.wall().checked_add(RETRY_DELAY).ok();
        schedule.set(code, at.map_or(soon, |at| at.map(|at| if at <= self.wall() { soon.unwrap_or(at) } else { at })));
    }
}

impl Inner {
    /// Creates a cached institution.
    pub(super) fn cached_tenant(&self, tenant: Tenant, version: Option<i64>) -> CachedTenant {
        CachedTenant::new(tenant, version, !self.channels.is_empty())
    }

    /// Takes an institution's notifications, and returns the messages for the outbox.
    pub(super) fn outbox(&self, tenant: &mut Tenant, wall: Timestamp) -> Vec<OutboxMessage> {
        let notifications = tenant.institution.take_notifications();
        if self.channels.is_empty() {
            return Vec::new();
        }
        let message = |notification: Notification| {
            let institution = NotifiedInstitution { code: tenant.institution.code.clone(), name: tenant.institution.name.clone() };
            let message = NotificationMessage { id: random_id(), timestamp: wall, institution, notification };
            serde_json::to_string(&message).expect("a letter is plain data")
        };
        let messages: Vec<String> = notifications.into_iter().map(message).collect();
        let by_each =
            messages.into_iter().flat_map(|body| self.channels.iter().map(move |channel| OutboxMessage { channel, body: body.clone() }));
        by_each.collect()
    }
}
