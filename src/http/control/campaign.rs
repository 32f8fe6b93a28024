//! The campaign of an institution: that of the notice, or one of its own.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::input::{Input, InstitutionPath, no_institution};
use crate::domain::calendar::Calendar;
use crate::domain::campaign::{Campaign, Component, MAX_PACKAGE_SIZE, Notice, Package};
use crate::domain::ids::{CampaignId, Version};
use crate::domain::institution::Institution;
use crate::domain::japan;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::problem::Problem;
use crate::package::{Hash, Store};
use crate::tasks::blocking;

/// A custom campaign. Omitted fields have the values of the notice's campaign. If `starts` is
/// given, then by default no date is excluded, the all-day period follows the last night, and title
/// and notices are the campaign's own.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({"starts": "tonight"}), example = json!({"id": "own", "starts": "2026-01-19", "nights": 3, "packages": [{"component": "linkage_application", "version": "9.0", "size": 1000}]}))]
pub struct CampaignInput {
    id: Option<CampaignId>,
    title: Option<Text>,
    starts: Option<Starts>,
    nights: Option<u16>,
    excluded: Option<BTreeSet<Date>>,
    opens: Option<Time>,
    closes: Option<Time>,
    #[serde(default, deserialize_with = "deserialize_some")]
    all_day_from: Option<Option<Date>>,
    packages: Option<Vec<PackageInput>>,
    suspended: Option<bool>,
    down: Option<bool>,
    notices: Option<Vec<Notice>>,
}

/// `tonight`, or a date.
#[derive(Clone, Copy, JsonSchema)]
#[schemars(rename = "CampaignStarts")]
enum Starts {
    #[schemars(rename = "tonight")]
    Tonight,
    #[schemars(untagged)]
    On(Date),
}

/// A custom package. Its hash is computed unless it is given; a wrong hash simulates a corrupt
/// download.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PackageInput {
    component: Component,
    version: Version,
    size: Option<u64>,
    sha256: Option<String>,
    #[serde(default = "default_true")]
    restart_required: bool,
}

/// A campaign in responses: the fields of its calendar at the top level, and the windows computed
/// from them.
#[derive(Serialize, JsonSchema)]
pub struct CampaignView {
    id: CampaignId,
    title: Text,
    suspended: bool,
    down: bool,
    #[serde(flatten)]
    calendar: Calendar,
    windows: Vec<WindowView>,
    packages: Vec<Package>,
    notices: Vec<Notice>,
}

#[derive(Serialize, JsonSchema)]
struct WindowView {
    #[serde(serialize_with = "japan::serialize")]
    start: Timestamp,
    #[serde(serialize_with = "japan::serialize_option")]
    end: Option<Timestamp>,
}

impl<'de> Deserialize<'de> for Starts {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "tonight" {
            return Ok(Self::Tonight);
        }
        let wrong = || serde::de::Error::custom(format!("`{text}` is neither `tonight` nor a date such as 2026-01-19"));
        text.parse().map(Self::On).map_err(|_| wrong())
    }
}

/// Distinguishes `null` from an absent field.
fn deserialize_some<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

fn default_true() -> bool {
    true
}

/// `GET …/campaign`.
///
/// # Errors
/// No such institution.
pub async fn read_campaign(State(app): State<Arc<App>>, InstitutionPath(code): InstitutionPath) -> Result<Json<CampaignView>, Problem> {
    let shown = app.institutions.read(&code, |tenant, _| Json(CampaignView::new(&tenant.institution, &app.packages)));
    shown.await?.ok_or_else(|| no_institution(&code))
}

/// `PUT …/campaign`: replaces the campaign. What terminals have installed stays installed.
///
/// # Errors
/// No such institution, or an invalid field.
pub async fn set_campaign(
    State(app): State<Arc<App>>,
    InstitutionPath(code): InstitutionPath,
    Input(input): Input<CampaignInput>,
) -> Result<Json<CampaignView>, Problem> {
    let now = app.institutions.read(&code, |_, moment| moment.now).await?.ok_or_else(|| no_institution(&code))?;
    let campaign = Arc::new(campaign_of(&app, input, now, "").await?);
    let shown = app.institutions.update(&code, |tenant, moment| {
        tenant.institution.campaign = Arc::clone(&campaign);
        tenant.institution.settle(moment.now);
        Json(CampaignView::new(&tenant.institution, &app.packages))
    });
    shown.await?.ok_or_else(|| no_institution(&code))
}

/// Returns the campaign that an input describes. `now` determines the night of `tonight`; `at` is
/// the JSON pointer of the input.
pub(super) async fn campaign_of(app: &Arc<App>, input: CampaignInput, now: Timestamp, at: &str) -> Result<Campaign, Problem> {
    let fixtures = app.fixtures();
    let notice = &fixtures.campaign;
    let own_start = input.starts.is_some();
    let starts = match input.starts {
        None => notice.calendar.starts,
        Some(Starts::On(date)) => date,
        Some(Starts::Tonight) => japan::civil(now).date(),
    };
    let nights = input.nights.unwrap_or(notice.calendar.nights);
    let behind_last = || starts.checked_add(jiff::Span::new().days(i64::from(nights))).ok();
    let calendar = Calendar {
        starts,
        nights,
        excluded: input.excluded.unwrap_or_else(|| if own_start { BTreeSet::new() } else { notice.calendar.excluded.clone() }),
        opens: input.opens.unwrap_or(notice.calendar.opens),
        closes: input.closes.unwrap_or(notice.calendar.closes),
        all_day_from: input.all_day_from.unwrap_or_else(|| if own_start { behind_last() } else { notice.calendar.all_day_from }),
    };
    let id = input.id.unwrap_or_else(|| notice.id.clone());
    let packages = match input.packages {
        None if id == notice.id => notice.packages.clone(),
        None => notice.packages.iter().map(|package| Package { sha256: None, ..package.clone() }).collect(),
        Some(inputs) => packages_of(notice, inputs, at)?,
    };
    let campaign = Campaign {
        id,
        title: input.title.unwrap_or_else(|| if own_start { default_title(starts) } else { notice.title.clone() }),
        calendar,
        packages,
        suspended: input.suspended.unwrap_or(false),
        down: input.down.unwrap_or(false),
        notices: input.notices.unwrap_or_else(|| if own_start { Vec::new() } else { notice.notices.clone() }),
    };
    match campaign.validate() {
        None => Ok(prepare(app, campaign).await),
        Some((pointer, fault)) => Err(Problem::field(&format!("{at}{pointer}"), fault)),
    }
}

fn default_title(starts: Date) -> Text {
    Text::new(format!("{starts} からの更新アプリケーション配信"), format!("Update distributed from {starts}"))
}

fn packages_of(notice: &Campaign, inputs: Vec<PackageInput>, at: &str) -> Result<Vec<Package>, Problem> {
    let package = |(i, input): (usize, PackageInput)| {
        let known = notice.package(input.component);
        let size = input.size.or(known.map(|known| known.size)).unwrap_or(1);
        let size_fits = (1..=MAX_PACKAGE_SIZE).contains(&size);
        if !size_fits || i >= Component::ALL.len() {
            let detail = Text::new(
                format!("パッケージは各コンポーネント1つ、サイズは1から{MAX_PACKAGE_SIZE}バイトです。"),
                format!("There is one package a component, of 1 to {MAX_PACKAGE_SIZE} bytes."),
            );
            return Err(Problem::field(&format!("{at}/packages/{i}{}", if size_fits { "" } else { "/size" }), detail));
        }
        let replaces = known.map(|known| known.replaces.clone());
        let replaces = replaces.unwrap_or_else(|| Version::parse("0").expect("0 is a version"));
        let PackageInput { component, version, sha256, restart_required, .. } = input;
        Ok(Package { component, version, replaces, size, sha256, restart_required })
    };
    inputs.into_iter().enumerate().map(package).collect()
}

/// Prepares the packages. This may block, so it does not run on the threads that serve requests.
async fn prepare(app: &Arc<App>, mut campaign: Campaign) -> Campaign {
    let app = Arc::clone(app);
    let ready = blocking(move || {
        app.packages.prepare(&mut campaign);
        campaign
    });
    ready.await
}

impl CampaignView {
    fn new(institution: &Institution, packages: &Store) -> Self {
        let mut campaign = Campaign::clone(&institution.campaign);
        for package in &mut campaign.packages {
            package.sha256 = match packages.hash(&campaign.id, package) {
                Hash::Known(sha256) => Some(sha256),
                Hash::Computing | Hash::Failed(_) => None,
            };
        }
        let windows = campaign.calendar.windows(&institution.readings);
        Self {
            id: campaign.id,
            title: campaign.title,
            suspended: campaign.suspended,
            down: campaign.down,
            calendar: campaign.calendar,
            windows: windows.into_iter().map(|window| WindowView { start: window.start, end: window.end }).collect(),
            packages: campaign.packages,
            notices: campaign.notices,
        }
    }
}
