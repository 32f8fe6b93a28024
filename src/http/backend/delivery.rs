//! What the delivery routes share: who asks about which terminal, and whether the server is up. The protocol is the mock's own: the real one
//! is not public.

use jiff::SignedDuration;

use super::call::{Call, refusal_with};
use super::identity::{TokenRule, admitted, certificate_if_required, identify};
use crate::domain::campaign::Campaign;
use crate::domain::catalogue::ErrorId;
use crate::domain::check::Refusal;
use crate::domain::ids::{TerminalAddress, TerminalId};
use crate::domain::institution::Institution;
use crate::domain::terminal::Terminal;
use crate::domain::text::Text;
use crate::fixtures::DeliveryShape;
use crate::institutions::{Moment, Tenant};

/// Identifies who asks about a terminal and does something there.
pub(super) fn at_terminal<T>(
    call: &mut Call,
    id: &str,
    act: impl FnOnce(&mut Tenant, &TerminalAddress, Moment) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let address = TerminalAddress::parse(id).map_err(|error| {
        let Text { ja, en } = error.text();
        refusal_with(ErrorId::MalformedRequest, Text::new(format!("URL の端末: {ja}。"), format!("The terminal in the URL: {en}.")))
    })?;
    let who = identify(call, Some((&address.institution, Some(&address.terminal))), TokenRule::Optional)?;
    certificate_if_required(call)?;
    admitted(call, who, |tenant, moment| act(tenant, &address, moment))
}

/// The same on a route of the delivery server: refused while it is down.
pub(super) fn at_delivery<T>(
    call: &mut Call,
    id: &str,
    act: impl FnOnce(&mut Tenant, &TerminalAddress, Moment) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let shape = call.app.fixtures.invented.delivery.clone();
    at_terminal(call, id, |tenant, address, moment| {
        is_up(&tenant.institution.campaign, &shape)?;
        act(tenant, address, moment)
    })
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
