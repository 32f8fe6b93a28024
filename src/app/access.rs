//! The access of a request to its institution: faults count it, the caller is admitted, and then
//! the institution is read or updated.

use super::caller::{Admission, Caller, unknown_institution};
use crate::answers::TerminalContext;
use crate::domain::check::{Refusal, unavailable};
use crate::domain::error_catalogue::ErrorId;
use crate::domain::fault::{FaultRequest, TriggeredFault};
use crate::domain::ids::{InstitutionCode, TerminalId};
use crate::domain::institution::Institution;
use crate::domain::operation::{Operation, Surface};
use crate::domain::period::Period;
use crate::domain::terminal::Terminal;
use crate::domain::terminal_condition::TerminalCondition;
use crate::institutions::{Institutions, Moment, Tenant};
use crate::store::StoreError;

/// A request to an institution.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// The caller.
    pub caller: &'a Caller,
    /// The operation.
    pub operation: Operation,
    /// The surface over which the request arrived.
    pub surface: Surface,
    /// Whether faults count the request. One that is handled in two steps is counted only in the
    /// first.
    pub counted: bool,
}

/// What is known about a request after its institution was read.
#[derive(Clone, Debug, Default)]
pub struct RequestContext {
    /// The institution in the request; `None` if there is none.
    pub institution: Option<InstitutionCode>,
    /// The terminal. It may not exist.
    pub terminal: Option<TerminalId>,
    /// The state of the terminal at the time of the request.
    pub terminal_condition: Option<TerminalCondition>,
    /// The fault that the request triggered.
    pub fault: Option<TriggeredFault>,
}

/// The result of a request, and what is known about the request.
#[derive(Debug)]
pub struct RequestOutcome<T> {
    /// The result, or the refusal.
    pub result: Result<T, Refusal>,
    /// What is known about the request.
    pub request_context: RequestContext,
}

/// The data that an admitted request reads.
#[derive(Clone, Copy)]
pub struct AdmittedRequest<'a> {
    /// The institution, settled to now.
    pub tenant: &'a Tenant,
    /// The terminal of the request.
    pub terminal: &'a Terminal,
    /// The time of the request.
    pub moment: Moment,
    /// The fault that the request triggered.
    pub fault: Option<&'a TriggeredFault>,
}

/// The terminal, its state, and the result of the request.
type AdmissionResult<T> = (TerminalId, Option<TerminalCondition>, Result<T, Refusal>);

/// The result of an access to an institution, and the fault that was triggered; `None` if the
/// institution does not exist.
pub type AccessWithFault<T> = Option<(T, Option<TriggeredFault>)>;

impl<'a> AdmittedRequest<'a> {
    /// Returns the institution.
    pub fn institution(&self) -> &'a Institution {
        &self.tenant.institution
    }

    /// Returns the context for creating answers.
    pub fn terminal_context(&self) -> TerminalContext<'a> {
        TerminalContext { institution: &self.tenant.institution, terminal: self.terminal }
    }
}

impl RequestContext {
    /// Creates a context in which only the institution is known.
    pub fn of(institution: Option<InstitutionCode>) -> Self {
        Self { institution, ..Self::default() }
    }
}

impl<T> RequestOutcome<T> {
    /// Creates the outcome of a request that was refused before its institution was read.
    pub fn refused(institution: Option<InstitutionCode>, refusal: Refusal) -> Self {
        Self { result: Err(refusal), request_context: RequestContext::of(institution) }
    }

    /// Converts a successful result.
    pub fn map<U>(self, map: impl FnOnce(T) -> U) -> RequestOutcome<U> {
        RequestOutcome { result: self.result.map(map), request_context: self.request_context }
    }
}

impl Access<'_> {
    /// Admits the caller and reads the institution. Writes nothing unless a fault counts the
    /// request.
    pub async fn read<T>(
        &self,
        institutions: &Institutions,
        read: impl FnOnce(AdmittedRequest<'_>) -> Result<T, Refusal>,
    ) -> RequestOutcome<T> {
        let token_life = institutions.fixtures().invented.login.token_life;
        let read = self.read_without_admission(institutions, |tenant, moment, fault| {
            let Admission { terminal, terminal_condition: found, refusal } = self.admit(tenant, moment, token_life, fault);
            let result = match (refusal, tenant.institution.terminals.get(&terminal)) {
                (None, Some(terminal)) => read(AdmittedRequest { tenant, terminal, moment, fault }),
                (Some(refusal), _) => Err(refusal),
                (None, None) => unreachable!("a terminal that does not exist is refused"),
            };
            (terminal, found, result)
        });
        self.request_outcome(read.await)
    }

    /// Admits the caller and updates the institution; for `update` see [`Institutions::update`].
    pub async fn update<T>(
        &self,
        institutions: &Institutions,
        mut update: impl FnMut(&mut Tenant, &TerminalId, Moment) -> Result<T, Refusal>,
    ) -> RequestOutcome<T> {
        let token_life = institutions.fixtures().invented.login.token_life;
        let updated = institutions.update(&self.caller.institution, |tenant, moment| {
            let fault = self.trigger_fault(tenant, moment);
            let Admission { terminal, terminal_condition: found, refusal } = self.admit(tenant, moment, token_life, fault.as_ref());
            let result = refusal.map_or_else(|| update(tenant, &terminal, moment), Err);
            ((terminal, found, result), fault)
        });
        self.request_outcome(updated.await)
    }

    /// Reads the institution whether or not the caller would be admitted; `None` if the institution
    /// does not exist. Writes only if a fault counts the request.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn read_without_admission<T>(
        &self,
        institutions: &Institutions,
        read: impl FnOnce(&Tenant, Moment, Option<&TriggeredFault>) -> T,
    ) -> Result<AccessWithFault<T>, StoreError> {
        let code = &self.caller.institution;
        let mut read = Some(read);
        let done = institutions.read(code, |tenant, moment| {
            let is_counted = self.fault_request(tenant, moment).is_some_and(|request| tenant.institution.faults.any_counts(&request));
            // Kept for the update below if a fault counts the request.
            if is_counted { None } else { read.take().map(|read| read(tenant, moment, None)) }
        });
        let done = done.await?;
        let Some(read) = read.filter(|_| done.is_some()) else {
            return Ok(done.flatten().map(|done| (done, None)));
        };
        // Boxed, since most requests trigger no fault, and their futures stay smaller without it.
        Box::pin(async move {
            let counted = institutions.update(code, |tenant, moment| (self.trigger_fault(tenant, moment), tenant.clone(), moment)).await?;
            Ok(counted.map(|(fault, tenant, moment)| (read(&tenant, moment, fault.as_ref()), fault)))
        })
        .await
    }

    /// Checks whether the caller is admitted. A linkage application is also refused while its
    /// terminal does not work.
    fn admit(&self, tenant: &Tenant, moment: Moment, token_life: Period, fault: Option<&TriggeredFault>) -> Admission {
        let institution = &tenant.institution;
        let admission = self.caller.admit(institution, moment, token_life, fault);
        if admission.refusal.is_some() || self.operation != Operation::Linkage {
            return admission;
        }
        let terminal = institution.terminals.get(&admission.terminal);
        Admission { refusal: terminal.and_then(|terminal| unavailable(terminal, moment.now)), ..admission }
    }

    fn trigger_fault(&self, tenant: &mut Tenant, moment: Moment) -> Option<TriggeredFault> {
        self.fault_request(tenant, moment).and_then(|request| tenant.institution.trigger_fault(&request))
    }

    /// Returns the request for the institution's faults; `None` if none can count it.
    fn fault_request(&self, tenant: &Tenant, moment: Moment) -> Option<FaultRequest> {
        let institution = &tenant.institution;
        let terminal = self.caller.terminal.as_ref().unwrap_or(&institution.default_terminal);
        if !self.counted || institution.faults.is_empty() || !institution.terminals.contains_key(terminal) {
            return None;
        }
        Some(FaultRequest { operation: self.operation, surface: self.surface, terminal: terminal.clone(), now: moment.now })
    }

    fn request_outcome<T>(&self, done: Result<AccessWithFault<AdmissionResult<T>>, StoreError>) -> RequestOutcome<T> {
        let code = &self.caller.institution;
        match done {
            Ok(Some(((terminal, found, result), fault))) => RequestOutcome {
                result,
                request_context: RequestContext {
                    institution: Some(code.clone()),
                    terminal: Some(terminal),
                    terminal_condition: found,
                    fault,
                },
            },
            Ok(None) => RequestOutcome::refused(Some(code.clone()), unknown_institution(code)),
            Err(error) => RequestOutcome::refused(Some(code.clone()), store_refusal(&error)),
        }
    }
}

/// Returns the refusal for a request that failed because of the store.
pub fn store_refusal(error: &StoreError) -> Refusal {
    Refusal::quoting(ErrorId::StoreUnavailable, error.text())
}
