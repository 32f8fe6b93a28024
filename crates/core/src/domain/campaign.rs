//! A campaign: one update distributed over a period, with its calendar, packages and notices (N1,
//! N10).

use std::fmt;
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::calendar::{Calendar, Window};
use super::ids::{CampaignId, Version};
use super::named::named;
use super::readings::Readings;
use super::text::Text;

/// The maximum size of a package in bytes: 4 GiB.
pub const MAX_PACKAGE_SIZE: u64 = 4 * 1024 * 1024 * 1024;

/// The maximum number of notices of a campaign.
const MAX_NOTICES: usize = 20;

named! {
    /// The four programs on a terminal that are updated by distribution.
    pub enum Component {
        /// 配信アプリケーション, which also updates itself.
        DistributionApplication = "distribution_application",
        /// 連携アプリケーション: exchanges files with the receipt computer.
        LinkageApplication = "linkage_application",
        /// 顔認証ライブラリ
        FaceRecognitionLibrary = "face_recognition_library",
        /// 顔認証付きカードリーダーアプリケーション: updated only while the reader is powered (N3).
        CardReaderApplication = "card_reader_application",
    }
}

impl Component {
    /// Returns the name shown to staff.
    pub fn title(self) -> Text {
        let (ja, en) = match self {
            Self::DistributionApplication => ("配信アプリケーション", "distribution application"),
            Self::LinkageApplication => ("連携アプリケーション", "linkage application"),
            Self::FaceRecognitionLibrary => ("顔認証ライブラリ", "face-recognition library"),
            Self::CardReaderApplication => ("顔認証付きカードリーダーアプリケーション", "card reader's application"),
        };
        Text::new(ja, en)
    }

    /// Whether the component belongs to the reader: the reader must then be powered for its update.
    pub fn is_of_reader(self) -> bool {
        self == Self::CardReaderApplication
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A new version of a component. Versions and sizes are invented, since the real ones are not
/// public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// The component that is updated.
    pub component: Component,
    /// The new version.
    pub version: Version,
    /// The version that the terminals of the fixtures run before the update.
    pub replaces: Version,
    /// The size in bytes: 1 to 4294967296 (4 GiB).
    pub size: u64,
    /// The SHA-256 of the package: 64 lower-case hexadecimal digits. If omitted, it is computed in
    /// the background.
    #[serde(default)]
    pub sha256: Option<String>,
    /// Whether the version runs only after a restart of the terminal. Otherwise, it runs as soon as
    /// it is installed.
    pub restart_required: bool,
}

/// A notice to institutions about a campaign (N10).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// The channel of a notice.
    pub channel: Channel,
    /// The time from which the notice is listed.
    #[serde(serialize_with = "super::japan::serialize")]
    pub published: Timestamp,
    /// The headline.
    pub title: Text,
    /// The text.
    pub body: Text,
}

/// The channel of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Mail from the portal site for institutions.
    PortalMail,
    /// The screen of the online claims system.
    OnlineClaimsScreen,
}

/// An update that is distributed over a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Campaign {
    /// The name.
    pub id: CampaignId,
    /// The title that staff use.
    pub title: Text,
    /// The distribution schedule.
    pub calendar: Calendar,
    /// The packages in the order of installation, one per component.
    pub packages: Vec<Package>,
    /// Whether distribution is suspended.
    #[serde(default)]
    pub suspended: bool,
    /// Whether the delivery server is down: it refuses all requests, and nothing is distributed.
    #[serde(default)]
    pub down: bool,
    /// The notices to institutions.
    #[serde(default)]
    pub notices: Vec<Notice>,
}

impl Campaign {
    /// Returns a campaign that distributes nothing. An institution that was just deserialized has
    /// it until its own campaign is set.
    pub fn none() -> Arc<Self> {
        static NONE: LazyLock<Arc<Campaign>> = LazyLock::new(|| {
            let (id, day) = (CampaignId::parse("none").expect("it is a name"), Date::constant(2000, 1, 1));
            let (opens, closes) = (Time::midnight(), Time::midnight());
            let calendar = Calendar { starts: day, nights: 1, excluded: [day].into(), opens, closes, all_day_from: None };
            let (packages, notices) = (Vec::new(), Vec::new());
            Arc::new(Campaign { id, title: Text::same(""), calendar, packages, suspended: false, down: false, notices })
        });
        Arc::clone(&NONE)
    }

    /// Whether distribution is stopped regardless of windows: the campaign is suspended, or the
    /// delivery server is down.
    pub fn is_halted(&self) -> bool {
        self.suspended || self.down
    }

    /// Returns the windows in order; none while distribution is halted.
    pub fn windows(&self, readings: &Readings) -> Vec<Window> {
        if self.is_halted() { Vec::new() } else { self.calendar.windows(readings) }
    }

    /// Returns the package for a component.
    pub fn package(&self, component: Component) -> Option<&Package> {
        self.packages.iter().find(|package| package.component == component)
    }

    /// Checks the campaign as a whole: number of nights, package sizes, duplicate components.
    /// Returns the first error with the JSON pointer of the field.
    pub fn validate(&self) -> Option<(String, Text)> {
        let fits = |day: Date| (2000..=2199).contains(&day.year());
        let years = || Text::new("2000年から2199年までの日付です", "a date from 2000 to 2199 is needed");
        if !fits(self.calendar.starts) {
            return Some(("/starts".to_owned(), years()));
        }
        if self.calendar.all_day_from.is_some_and(|day| !fits(day)) {
            return Some(("/all_day_from".to_owned(), years()));
        }
        if self.notices.len() > MAX_NOTICES {
            return Some(("/notices".to_owned(), Text::new("通知は20件までです", "a campaign has at most 20 notices")));
        }
        let nights = self.calendar.nights;
        if nights == 0 || nights > super::calendar::MAX_NIGHTS {
            return Some(("/nights".to_owned(), Text::new("夜数は1から400までです", "the number of nights goes from 1 to 400")));
        }
        if self.calendar.excluded.len() > usize::from(super::calendar::MAX_NIGHTS) {
            return Some(("/excluded".to_owned(), Text::new("除外日は400日までです", "at most 400 days can be excluded")));
        }
        self.packages.iter().enumerate().find_map(|(i, package)| {
            if package.size == 0 || package.size > MAX_PACKAGE_SIZE {
                return Some((
                    format!("/packages/{i}/size"),
                    Text::new(
                        format!("サイズは1から{MAX_PACKAGE_SIZE}バイトまでです"),
                        format!("a package has 1 to {MAX_PACKAGE_SIZE} bytes"),
                    ),
                ));
            }
            let is_hash = |text: &String| text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            if package.sha256.as_ref().is_some_and(|sha256| !is_hash(sha256)) {
                let fault = Text::new("SHA-256 は16進小文字64桁です", "a SHA-256 has 64 lower-case hexadecimal digits");
                return Some((format!("/packages/{i}/sha256"), fault));
            }
            if package.version <= package.replaces {
                let fault = Text::new("version は replaces より新しくなければなりません", "version has to be newer than replaces");
                return Some((format!("/packages/{i}/version"), fault));
            }
            self.packages[..i].iter().any(|before| before.component == package.component).then(|| {
                (
                    format!("/packages/{i}/component"),
                    Text::new("同じコンポーネントのパッケージが2つあります", "a campaign has one package a component"),
                )
            })
        })
    }
}
