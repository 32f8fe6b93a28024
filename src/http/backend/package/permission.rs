//! The permission to fetch a package: it is distributed, the delivery server is up, and an external
//! terminal may fetch now.

use jiff::Timestamp;

use super::super::delivery::{is_up, rounded_seconds};
use crate::domain::calendar::next_window;
use crate::domain::campaign::{Campaign, Component, Package};
use crate::domain::check::Refusal;
use crate::domain::error_catalogue::ErrorId;
use crate::domain::ids::{CampaignId, Version};
use crate::domain::institution::Institution;
use crate::domain::japan;
use crate::domain::terminal::{Driver, Terminal};
use crate::domain::text::Text;
use crate::fixtures::DeliveryShape;

/// The package in the URL. Whether it exists is not known until it is compared with a campaign.
#[derive(Clone, Debug)]
pub(super) struct RequestedPackage {
    pub(super) campaign: String,
    pub(super) component: String,
    pub(super) version: String,
}

impl RequestedPackage {
    /// Returns the package if the campaign distributes it.
    pub(super) fn find_distributed(&self, campaign: &Campaign, shape: &DeliveryShape) -> Result<(CampaignId, Package), Refusal> {
        is_up(campaign, shape)?;
        let component = Component::ALL.into_iter().find(|known| known.name() == self.component);
        let package = component.and_then(|component| campaign.package(component)).filter(|_| campaign.id.as_str() == self.campaign);
        let package = package.filter(|package| Version::parse(&self.version).is_ok_and(|version| version == package.version));
        let unknown = || {
            let detail =
                Text::new(format!("現在のキャンペーンは {} です。", campaign.id), format!("The present campaign is {}.", campaign.id));
            Refusal::quoting(ErrorId::UnknownPackage, detail)
        };
        let package = package.ok_or_else(unknown)?;
        if campaign.suspended {
            let detail = Text::new(format!("キャンペーン {}", campaign.id), format!("(campaign {})", campaign.id));
            return Err(Refusal::quoting(ErrorId::DistributionSuspended, detail));
        }
        Ok((campaign.id.clone(), package.clone()))
    }

    /// Returns the package if this terminal may start to fetch it now.
    pub(super) fn find_permitted(
        &self,
        institution: &Institution,
        terminal: &Terminal,
        now: Timestamp,
        shape: &DeliveryShape,
    ) -> Result<(CampaignId, Package), Refusal> {
        let found = self.find_distributed(&institution.campaign, shape)?;
        check_window(institution, terminal, now)?;
        Ok(found)
    }

    /// Succeeds if a transfer that has started may continue.
    pub(super) fn check_may_continue(
        &self,
        institution: &Institution,
        terminal: &Terminal,
        now: Timestamp,
        shape: &DeliveryShape,
    ) -> Result<(), Refusal> {
        self.find_distributed(&institution.campaign, shape)?;
        if institution.readings.download_runs_on { Ok(()) } else { check_window(institution, terminal, now) }
    }
}

/// Succeeds if the terminal may fetch now. An external terminal may fetch within the windows, or
/// after a manual poll. A virtual terminal does not fetch by HTTP, so the request comes from
/// somebody else and is permitted at any time.
fn check_window(institution: &Institution, terminal: &Terminal, now: Timestamp) -> Result<(), Refusal> {
    let windows = institution.campaign.windows(&institution.readings);
    if terminal.settings.driver != Driver::External || terminal.may_fetch(&windows, now) {
        return Ok(());
    }
    let Some(next) = next_window(&windows, now) else {
        let detail = Text::new("この後の配信時間はありません。", "No window follows.");
        return Err(Refusal::quoting(ErrorId::WindowClosed, detail));
    };
    let opens = japan::rfc3339(next.start);
    let detail = Text::new(format!("次は {opens} からです。"), format!("The next one opens at {opens}."));
    Err(Refusal::quoting(ErrorId::WindowClosed, detail).with_retry_after(rounded_seconds(next.start.duration_since(now))))
}

/// Returns the refusal of a package whose hash is being computed.
pub(super) fn preparing_refusal(package: &Package, shape: &DeliveryShape) -> Refusal {
    let Package { component, version, .. } = package;
    let detail = Text::new(
        format!("{component} {version} の SHA-256 を計算中です。"),
        format!("The SHA-256 of {component} {version} is being computed."),
    );
    Refusal::quoting(ErrorId::PackagePreparing, detail).with_retry_after(rounded_seconds(shape.preparing.duration()))
}

/// Returns the refusal of a package whose file cannot be read, with the error of the operating
/// system.
pub(in super::super) fn unavailable_refusal(package: &Package, error: &str) -> Refusal {
    unavailable_refusal_by_name(package.component.name(), &package.version.to_string(), error)
}

/// Does the same for a package of this component and version.
pub(super) fn unavailable_refusal_by_name(component: &str, version: &str, error: &str) -> Refusal {
    let detail = Text::new(format!("{component} {version}（{error}）"), format!("{component} {version}: {error}."));
    Refusal::quoting(ErrorId::PackageUnavailable, detail)
}
