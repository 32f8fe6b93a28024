//! What institutions are told of beyond this program: news become letters in the store's outbox with the change that they tell of, at their time
//! whether or not anyone looks.

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

/// Codes looked through at once.
const PAGE: usize = 1_000;
/// The longest wait for what is due: a machine's clock may be set.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How long to wait before all are looked through again, and before one that could not be looked at is tried again.
const PAUSE: Duration = Duration::from_secs(5);

/// When which institution has something to be told, by the machine's clock.
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
    /// Has institutions told of news at their time until told to stop; returns at once where there is no way to tell anyone.
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
                let wait = schedule.first().map_or(LONGEST_WAIT, |(at, _)| self.until(*at));
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
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn until(&self, at: Timestamp) -> Duration {
        at.duration_since(self.wall()).max(SignedDuration::ZERO).unsigned_abs().min(LONGEST_WAIT)
    }

    /// Looks through all institutions, and between the pages at what changes meanwhile, so that the receiver does not run over; none where
    /// changes may have been missed all the same.
    async fn build_schedule(&self, changes: &mut Receiver<Option<InstitutionCode>>) -> Option<NotificationSchedule> {
        let (mut schedule, mut after) = (NotificationSchedule::default(), None);
        loop {
            // What fails turns the store red, and is logged there.
            let Ok(codes) = self.codes(after.as_ref(), PAGE).await else {
                tokio::time::sleep(PAUSE).await;
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

    /// Looks at one, so that what is due is told, and notes when it will have something next.
    async fn refresh_schedule(&self, schedule: &mut NotificationSchedule, code: &InstitutionCode) {
        let next = self.read(code, |tenant, moment| {
            let institution = &tenant.institution;
            let at = institution.next_notification().and_then(|at| institution.clock.wall_at(at));
            at.map(|at| at.max(moment.wall))
        });
        let at: Result<Option<Timestamp>, StoreError> = next.await.map(Option::flatten);
        // What is due now has just been told: what seems due all the same (a clock that has stopped at its end) is not asked for at once.
        let soon = self.wall().checked_add(PAUSE).ok();
        schedule.set(code, at.map_or(soon, |at| at.map(|at| if at <= self.wall() { soon.unwrap_or(at) } else { at })));
    }
}

impl Inner {
    /// An institution as the store has it.
    pub(super) fn cached_tenant(&self, tenant: Tenant, version: Option<i64>) -> CachedTenant {
        CachedTenant::new(tenant, version, !self.channels.is_empty())
    }

    /// Takes an institution's news, as what is to be sent of them.
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
