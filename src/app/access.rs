//! A request at its institution: counted with the institution's faults, admitted, then a read or an update there.

use super::caller::{Admission, Caller, unknown_institution};
use crate::answers::TerminalContext;
use crate::domain::catalogue::ErrorId;
use crate::domain::check::{Refusal, unavailable};
use crate::domain::fault::{FaultRequest, TriggeredFault};
use crate::domain::ids::{InstitutionCode, TerminalId};
use crate::domain::institution::Institution;
use crate::domain::operation::{Operation, Surface};
use crate::domain::period::Period;
use crate::domain::terminal::Terminal;
use crate::domain::terminal_condition::TerminalCondition;
use crate::institutions::{Institutions, Moment, Tenant};
use crate::store::StoreError;

/// A request as its institution sees it.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// Who asks.
    pub caller: &'a Caller,
    /// What is asked.
    pub operation: Operation,
    /// By which way.
    pub surface: Surface,
    /// Whether faults count it: a request that is handled in two steps is counted in the first.
    pub counted: bool,
}

/// What was learned of a request at its institution.
#[derive(Clone, Debug, Default)]
pub struct RequestContext {
    /// The institution that was named; none where none was.
    pub institution: Option<InstitutionCode>,
    /// The terminal, there or not.
    pub terminal: Option<TerminalId>,
    /// How the request found the terminal.
    pub found: Option<TerminalCondition>,
    /// The fault that fired at the request.
    pub fault: Option<TriggeredFault>,
}

/// What a request came to at its institution, and what was learned on the way.
#[derive(Debug)]
pub struct RequestOutcome<T> {
    /// What it came to, or why it was refused.
    pub result: Result<T, Refusal>,
    /// What was learned.
    pub request_context: RequestContext,
}

/// Where an admitted request reads.
#[derive(Clone, Copy)]
pub struct AdmittedRequest<'a> {
    /// The institution, settled.
    pub tenant: &'a Tenant,
    /// The terminal that asks.
    pub terminal: &'a Terminal,
    /// When.
    pub moment: Moment,
    /// The fault that fired at the request.
    pub fault: Option<&'a TriggeredFault>,
}

/// The terminal, how it was found, and what came of the request there.
type AdmissionResult<T> = (TerminalId, Option<TerminalCondition>, Result<T, Refusal>);

/// What was done at an institution and the fault that fired at it; none where there is no such institution.
pub type FaultCounted<T> = Option<(T, Option<TriggeredFault>)>;

impl<'a> AdmittedRequest<'a> {
    /// The institution.
    pub fn institution(&self) -> &'a Institution {
        &self.tenant.institution
    }

    /// Where answers are made.
    pub fn terminal_context(&self) -> TerminalContext<'a> {
        TerminalContext { institution: &self.tenant.institution, terminal: self.terminal }
    }
}

impl RequestContext {
    /// Nothing is known but which institution was named.
    pub fn of(institution: Option<InstitutionCode>) -> Self {
        Self { institution, ..Self::default() }
    }
}

impl<T> RequestOutcome<T> {
    /// A request that was refused before its institution was read.
    pub fn refused(institution: Option<InstitutionCode>, refusal: Refusal) -> Self {
        Self { result: Err(refusal), request_context: RequestContext::of(institution) }
    }

    /// The same with another result.
    pub fn map<U>(self, map: impl FnOnce(T) -> U) -> RequestOutcome<U> {
        RequestOutcome { result: self.result.map(map), request_context: self.request_context }
    }
}

impl Access<'_> {
    /// Admits the caller and reads something at its institution. Nothing is written unless a fault counts the request.
    pub async fn read<T>(
        &self,
        institutions: &Institutions,
        read: impl FnOnce(AdmittedRequest<'_>) -> Result<T, Refusal>,
    ) -> RequestOutcome<T> {
        let token_life = institutions.fixtures().invented.login.token_life;
        let read = self.read_unadmitted(institutions, |tenant, moment, fault| {
            let Admission { terminal, found, refusal } = self.admit(tenant, moment, token_life, fault);
            let result = match (refusal, tenant.institution.terminals.get(&terminal)) {
                (None, Some(terminal)) => read(AdmittedRequest { tenant, terminal, moment, fault }),
                (Some(refusal), _) => Err(refusal),
                (None, None) => unreachable!("a terminal that does not exist is refused"),
            };
            (terminal, found, result)
        });
        self.request_outcome(read.await)
    }

    /// Admits the caller and updates something at its institution; `update` as for [`Institutions::update`].
    pub async fn update<T>(
        &self,
        institutions: &Institutions,
        mut update: impl FnMut(&mut Tenant, &TerminalId, Moment) -> Result<T, Refusal>,
    ) -> RequestOutcome<T> {
        let token_life = institutions.fixtures().invented.login.token_life;
        let updated = institutions.update(&self.caller.institution, |tenant, moment| {
            let fault = self.count(tenant, moment);
            let Admission { terminal, found, refusal } = self.admit(tenant, moment, token_life, fault.as_ref());
            let result = refusal.map_or_else(|| update(tenant, &terminal, moment), Err);
            ((terminal, found, result), fault)
        });
        self.request_outcome(updated.await)
    }

    /// Reads something at the institution, whether or not the caller would be admitted; none if there is no such institution. The request is
    /// counted where faults concern it: only then is something written.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn read_unadmitted<T>(
        &self,
        institutions: &Institutions,
        read: impl FnOnce(&Tenant, Moment, Option<&TriggeredFault>) -> T,
    ) -> Result<FaultCounted<T>, StoreError> {
        let code = &self.caller.institution;
        let mut read = Some(read);
        let done = institutions.read(code, |tenant, moment| {
            let concerned = self.request(tenant, moment).is_some_and(|request| tenant.institution.faults.concern(&request));
            read.take_if(|_| !concerned).map(|read| read(tenant, moment, None))
        });
        let done = done.await?;
        let Some(read) = read.filter(|_| done.is_some()) else {
            return Ok(done.flatten().map(|done| (done, None)));
        };
        // On the heap: most requests meet no fault, and need not carry this along.
        Box::pin(async move {
            let counted = institutions.update(code, |tenant, moment| (self.count(tenant, moment), tenant.clone(), moment)).await?;
            Ok(counted.map(|(fault, tenant, moment)| (read(&tenant, moment, fault.as_ref()), fault)))
        })
        .await
    }

    /// What keeps the caller out; beside the caller's own refusals, a linkage application does not work while its terminal does not.
    fn admit(&self, tenant: &Tenant, moment: Moment, token_life: Period, fault: Option<&TriggeredFault>) -> Admission {
        let institution = &tenant.institution;
        let admission = self.caller.admit(institution, moment, token_life, fault);
        if admission.refusal.is_some() || self.operation != Operation::Linkage {
            return admission;
        }
        let terminal = institution.terminals.get(&admission.terminal);
        Admission { refusal: terminal.and_then(|terminal| unavailable(terminal, moment.now)), ..admission }
    }

    fn count(&self, tenant: &mut Tenant, moment: Moment) -> Option<TriggeredFault> {
        self.request(tenant, moment).and_then(|request| tenant.institution.meet_faults(&request))
    }

    /// The request as the institution's faults see it; none where nothing counts it.
    fn request(&self, tenant: &Tenant, moment: Moment) -> Option<FaultRequest> {
        let institution = &tenant.institution;
        let terminal = self.caller.terminal.as_ref().unwrap_or(&institution.default_terminal);
        if !self.counted || institution.faults.is_empty() || !institution.terminals.contains_key(terminal) {
            return None;
        }
        Some(FaultRequest { operation: self.operation, surface: self.surface, terminal: terminal.clone(), now: moment.now })
    }

    fn request_outcome<T>(&self, done: Result<FaultCounted<AdmissionResult<T>>, StoreError>) -> RequestOutcome<T> {
        let code = &self.caller.institution;
        match done {
            Ok(Some(((terminal, found, result), fault))) => RequestOutcome {
                result,
                request_context: RequestContext { institution: Some(code.clone()), terminal: Some(terminal), found, fault },
            },
            Ok(None) => RequestOutcome::refused(Some(code.clone()), unknown_institution(code)),
            Err(error) => RequestOutcome::refused(Some(code.clone()), unstored(&error)),
        }
    }
}

/// The refusal of a request that the store failed.
pub fn unstored(error: &StoreError) -> Refusal {
    Refusal::quoting(ErrorId::StoreUnavailable, error.text())
}
