//! What the delivery routes share: who asks about which terminal, and whether the server is up. The protocol is the mock's own: the real one
//! is not public.

use jiff::SignedDuration;

use super::call::{Call, refusal_with};
use super::identity::{TokenRule, UNIDENTIFIED, Who, admitted, admitted_to_change, certificate_if_required, identify};
use crate::domain::campaign::Campaign;
use crate::domain::catalogue::ErrorId;
use crate::domain::check::Refusal;
use crate::domain::ids::{TerminalAddress, TerminalId};
use crate::domain::institution::Institution;
use crate::domain::terminal::Terminal;
use crate::domain::text::Text;
use crate::fixtures::DeliveryShape;
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

/// Identifies who asks about a terminal and looks at something there.
pub(super) async fn at_terminal<T>(
    call: &mut Call,
    id: &str,
    look: impl FnOnce(&Tenant, &TerminalAddress, Moment) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let (who, address) = at(call, id)?;
    admitted(call, who, |tenant, moment| look(tenant, &address, moment)).await
}

/// Identifies who asks about a terminal and changes something there.
pub(super) async fn change_terminal<T>(
    call: &mut Call,
    id: &str,
    mut act: impl FnMut(&mut Tenant, &TerminalAddress, Moment) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let (who, address) = at(call, id)?;
    admitted_to_change(call, who, |tenant, moment| act(tenant, &address, moment)).await
}

/// Who asks about the terminal of a path.
fn at(call: &mut Call, id: &str) -> Result<(Who, TerminalAddress), Refusal> {
    let address = TerminalAddress::parse(id).map_err(|error| {
        let Text { ja, en } = error.text();
        refusal_with(ErrorId::MalformedRequest, Text::new(format!("URL の端末: {ja}。"), format!("The terminal in the URL: {en}.")))
    })?;
    let who = identify(call, Some((&address.institution, Some(&address.terminal))), TokenRule::Optional)?;
    certificate_if_required(call)?;
    Ok((who, address))
}

/// Looks at something on a route of the delivery server: refused while that is down.
pub(super) async fn at_delivery<T>(
    call: &mut Call,
    id: &str,
    look: impl FnOnce(&Tenant, &TerminalAddress, Moment) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let shape = call.app.fixtures().invented.delivery.clone();
    at_terminal(call, id, |tenant, address, moment| {
        is_up(&tenant.institution.campaign, &shape)?;
        look(tenant, address, moment)
    })
    .await
}

/// Changes something on a route of the delivery server: refused while that is down.
pub(super) async fn change_at_delivery<T>(
    call: &mut Call,
    id: &str,
    mut act: impl FnMut(&mut Tenant, &TerminalAddress, Moment) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let shape = call.app.fixtures().invented.delivery.clone();
    change_terminal(call, id, |tenant, address, moment| {
        is_up(&tenant.institution.campaign, &shape)?;
        act(tenant, address, moment)
    })
    .await
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
    Err(refusal_with(ErrorId::DeliveryDown, detail).again_in(seconds(shape.retry_after.duration())))
}

/// Whole seconds of a duration, at least one.
pub(super) fn seconds(duration: SignedDuration) -> u64 {
    duration.as_millis().unsigned_abs().div_ceil(1000).max(1) as u64
}

/// A terminal that was found before.
pub(super) fn terminal_of<'a>(institution: &'a Institution, id: &TerminalId) -> &'a Terminal {
    institution.terminals.get(id).expect("admission or the caller found the terminal")
}
