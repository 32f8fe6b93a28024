//! What the delivery routes share: who asks about which terminal, and whether the server is up. The protocol is the mock's own: the real one
//! is not public.

use jiff::SignedDuration;

use super::identity::{TokenRule, UNIDENTIFIED, Unidentified, certificate_if_required, identify};
use super::incoming_request::Received;
use crate::app::access::{Access, At, Visited};
use crate::app::caller::Caller;
use crate::domain::campaign::Campaign;
use crate::domain::catalogue::ErrorId;
use crate::domain::check::Refusal;
use crate::domain::ids::{TerminalAddress, TerminalId};
use crate::domain::institution::Institution;
use crate::domain::operation::Surface;
use crate::domain::terminal::Terminal;
use crate::domain::text::Text;
use crate::fixtures::DeliveryShape;
use crate::http::app::App;
use crate::http::openapi::Operation;
use crate::institutions::{Moment, Tenant};

/// How every route about a terminal may refuse.
pub(super) fn describe(operation: &mut Operation<'_>) {
    operation.refuses_with(&[ErrorId::MalformedRequest]);
    operation.refuses_with(UNIDENTIFIED);
}

/// How every route of the delivery server may refuse.
pub(super) fn describe_delivery(operation: &mut Operation<'_>) {
    describe(operation);
    operation.refuses_with(&[ErrorId::DeliveryDown]);
}

/// Who asks about the terminal of a path, and about which.
pub(super) fn identify_at(app: &App, received: &Received, id: &str) -> Result<(Caller, TerminalAddress), Unidentified> {
    let refused = |institution, refusal| Unidentified { institution, refusal };
    let address = TerminalAddress::parse(id).map_err(|error| {
        let Text { ja, en } = error.text();
        let detail = Text::new(format!("URL の端末: {ja}。"), format!("The terminal in the URL: {en}."));
        refused(None, Refusal::quoting(ErrorId::MalformedRequest, detail))
    })?;
    let caller = identify(app, received, Some((&address.institution, Some(&address.terminal))), TokenRule::Optional)?;
    certificate_if_required(app, received).map_err(|refusal| refused(Some(caller.institution.clone()), refusal))?;
    Ok((caller, address))
}

/// How a request over the web that is handled in one step is counted.
pub(super) fn access<'a>(received: &Received, caller: &'a Caller) -> Access<'a> {
    Access { caller, operation: received.operation, surface: Surface::Http, counted: true }
}

/// Identifies who asks about a terminal, and reads something there.
pub(super) async fn read_terminal<T>(
    app: &App,
    received: &Received,
    id: &str,
    read: impl FnOnce(At<'_>) -> Result<T, Refusal>,
) -> Visited<T> {
    match identify_at(app, received, id) {
        Ok((caller, _)) => access(received, &caller).read(&app.institutions, read).await,
        Err(unidentified) => unidentified.visited(),
    }
}

/// Identifies who asks about a terminal, and updates something there.
pub(super) async fn update_terminal<T>(
    app: &App,
    received: &Received,
    id: &str,
    mut update: impl FnMut(&mut Tenant, &TerminalAddress, Moment) -> Result<T, Refusal>,
) -> Visited<T> {
    match identify_at(app, received, id) {
        Ok((caller, address)) => {
            access(received, &caller).update(&app.institutions, |tenant, _, moment| update(tenant, &address, moment)).await
        }
        Err(unidentified) => unidentified.visited(),
    }
}

/// Reads something on a route of the delivery server: refused while that is down.
pub(super) async fn read_delivery<T>(
    app: &App,
    received: &Received,
    id: &str,
    read: impl FnOnce(At<'_>) -> Result<T, Refusal>,
) -> Visited<T> {
    let shape = app.fixtures().invented.delivery.clone();
    let read = read_terminal(app, received, id, |at| {
        is_up(&at.institution().campaign, &shape)?;
        read(at)
    });
    read.await
}

/// Updates something on a route of the delivery server: refused while that is down.
pub(super) async fn update_delivery<T>(
    app: &App,
    received: &Received,
    id: &str,
    mut update: impl FnMut(&mut Tenant, &TerminalAddress, Moment) -> Result<T, Refusal>,
) -> Visited<T> {
    let shape = app.fixtures().invented.delivery.clone();
    let updated = update_terminal(app, received, id, |tenant, address, moment| {
        is_up(&tenant.institution.campaign, &shape)?;
        update(tenant, address, moment)
    });
    updated.await
}

/// Whether the delivery server is up.
///
/// # Errors
/// It is down, and when to come again.
pub(super) fn is_up(campaign: &Campaign, shape: &DeliveryShape) -> Result<(), Refusal> {
    if !campaign.down {
        return Ok(());
    }
    let detail = Text::new("（キャンペーンの設定 down）", "(setting `down` of the campaign)");
    Err(Refusal::quoting(ErrorId::DeliveryDown, detail).again_in(seconds(shape.retry_after.duration())))
}

/// Whole seconds of a duration, at least one.
pub(super) fn seconds(duration: SignedDuration) -> u64 {
    duration.as_millis().unsigned_abs().div_ceil(1000).max(1) as u64
}

/// A terminal that was found before.
pub(super) fn terminal_of<'a>(institution: &'a Institution, id: &TerminalId) -> &'a Terminal {
    institution.terminals.get(id).expect("admission or the caller found the terminal")
}
