//! The shared part of the delivery routes: identifies the caller and the terminal, and refuses
//! while the delivery server is down. The protocol is the mock's own, since the real one is not
//! public.

use jiff::SignedDuration;

use super::identity::{IDENTITY_ERRORS, IdentityError, TokenRule, certificate_if_required, identify};
use super::incoming_request::IncomingRequest;
use crate::app::access::{Access, AdmittedRequest, RequestOutcome};
use crate::app::caller::Caller;
use crate::domain::campaign::Campaign;
use crate::domain::check::Refusal;
use crate::domain::error_catalogue::ErrorId;
use crate::domain::ids::{TerminalAddress, TerminalId};
use crate::domain::institution::Institution;
use crate::domain::operation::Surface;
use crate::domain::terminal::Terminal;
use crate::domain::text::Text;
use crate::fixtures::DeliveryShape;
use crate::http::app::App;
use crate::http::openapi::Operation;
use crate::institutions::{Moment, Tenant};

/// Adds the refusals of every route about a terminal.
pub(super) fn describe(operation: &mut Operation<'_>) {
    operation.catalogue_problems(&[ErrorId::MalformedRequest]);
    operation.catalogue_problems(IDENTITY_ERRORS);
}

/// Adds the refusals of every route of the delivery server.
pub(super) fn describe_delivery(operation: &mut Operation<'_>) {
    describe(operation);
    operation.catalogue_problems(&[ErrorId::DeliveryDown]);
}

/// Identifies the caller, and reads the terminal in the path.
pub(super) fn identify_at(app: &App, incoming: &IncomingRequest, id: &str) -> Result<(Caller, TerminalAddress), IdentityError> {
    let refused = |institution, refusal| IdentityError { institution, refusal };
    let address = TerminalAddress::parse(id).map_err(|error| {
        let Text { ja, en } = error.text();
        let detail = Text::new(format!("URL の端末：{ja}。"), format!("The terminal in the URL: {en}."));
        refused(None, Refusal::quoting(ErrorId::MalformedRequest, detail))
    })?;
    let caller = identify(app, incoming, Some((&address.institution, Some(&address.terminal))), TokenRule::Optional)?;
    certificate_if_required(app, incoming).map_err(|refusal| refused(Some(caller.institution.clone()), refusal))?;
    Ok((caller, address))
}

/// Returns the access of an HTTP request that is handled in one step, so that faults count it.
pub(super) fn access<'a>(incoming: &IncomingRequest, caller: &'a Caller) -> Access<'a> {
    Access { caller, operation: incoming.operation, surface: Surface::Http, counted: true }
}

/// Identifies the caller, and reads something at the terminal.
pub(super) async fn read_terminal<T>(
    app: &App,
    incoming: &IncomingRequest,
    id: &str,
    read: impl FnOnce(AdmittedRequest<'_>) -> Result<T, Refusal>,
) -> RequestOutcome<T> {
    match identify_at(app, incoming, id) {
        Ok((caller, _)) => access(incoming, &caller).read(&app.institutions, read).await,
        Err(unidentified) => unidentified.into_outcome(),
    }
}

/// Identifies the caller, and updates something at the terminal.
pub(super) async fn update_terminal<T>(
    app: &App,
    incoming: &IncomingRequest,
    id: &str,
    mut update: impl FnMut(&mut Tenant, &TerminalAddress, Moment) -> Result<T, Refusal>,
) -> RequestOutcome<T> {
    match identify_at(app, incoming, id) {
        Ok((caller, address)) => {
            access(incoming, &caller).update(&app.institutions, |tenant, _, moment| update(tenant, &address, moment)).await
        }
        Err(unidentified) => unidentified.into_outcome(),
    }
}

/// Reads something on a route of the delivery server, unless that is down.
pub(super) async fn read_delivery<T>(
    app: &App,
    incoming: &IncomingRequest,
    id: &str,
    read: impl FnOnce(AdmittedRequest<'_>) -> Result<T, Refusal>,
) -> RequestOutcome<T> {
    let shape = app.fixtures().invented.delivery.clone();
    let read = read_terminal(app, incoming, id, |admitted| {
        is_up(&admitted.institution().campaign, &shape)?;
        read(admitted)
    });
    read.await
}

/// Updates something on a route of the delivery server, unless that is down.
pub(super) async fn update_delivery<T>(
    app: &App,
    incoming: &IncomingRequest,
    id: &str,
    mut update: impl FnMut(&mut Tenant, &TerminalAddress, Moment) -> Result<T, Refusal>,
) -> RequestOutcome<T> {
    let shape = app.fixtures().invented.delivery.clone();
    let updated = update_terminal(app, incoming, id, |tenant, address, moment| {
        is_up(&tenant.institution.campaign, &shape)?;
        update(tenant, address, moment)
    });
    updated.await
}

/// Succeeds if the delivery server is up.
///
/// # Errors
/// The delivery server is down. The refusal says when to retry.
pub(super) fn is_up(campaign: &Campaign, shape: &DeliveryShape) -> Result<(), Refusal> {
    if !campaign.down {
        return Ok(());
    }
    let detail = Text::new("（キャンペーンの設定 down）", "(setting `down` of the campaign)");
    Err(Refusal::quoting(ErrorId::DeliveryDown, detail).with_retry_after(rounded_seconds(shape.retry_after.duration())))
}

/// Returns the seconds of a duration, rounded up, at least one.
pub(super) fn rounded_seconds(duration: SignedDuration) -> u64 {
    duration.as_millis().unsigned_abs().div_ceil(1000).max(1) as u64
}

/// Returns a terminal that is known to exist.
pub(super) fn terminal_of<'a>(institution: &'a Institution, id: &TerminalId) -> &'a Terminal {
    institution.terminals.get(id).expect("admission or the caller found the terminal")
}
