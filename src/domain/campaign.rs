//! One update distributed over a period: its calendar, its packages, and what institutions are told of it (N1, N10).

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::calendar::{Calendar, Window};
use super::ids::{CampaignId, Version};
use super::readings::Readings;
use super::text::Text;

/// The largest package, in bytes: 256 MiB.
pub const MAX_PACKAGE_SIZE: u64 = 256 * 1024 * 1024;

/// The most notices that a campaign may have.
const MAX_NOTICES: usize = 20;

/// The four programs on a terminal that are updated by distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Component {
    /// 配信アプリケーション, which updates itself too.
    DistributionApplication,
    /// 連携アプリケーション: files to and from the receipt computer.
    LinkageApplication,
    /// 顔認証ライブラリ.
    FaceRecognitionLibrary,
    /// 顔認証付きカードリーダーアプリケーション: updated only while the reader is powered (N3).
    CardReaderApplication,
}

impl Component {
    /// All four, in the order in which they are listed.
    pub const ALL: [Component; 4] =
        [Self::DistributionApplication, Self::LinkageApplication, Self::FaceRecognitionLibrary, Self::CardReaderApplication];

    /// The name in paths and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::DistributionApplication => "distribution_application",
            Self::LinkageApplication => "linkage_application",
            Self::FaceRecognitionLibrary => "face_recognition_library",
            Self::CardReaderApplication => "card_reader_application",
        }
    }

    /// The name that staff read.
    pub fn title(self) -> Text {
        let (ja, en) = match self {
            Self::DistributionApplication => ("配信アプリケーション", "distribution application"),
            Self::LinkageApplication => ("連携アプリケーション", "linkage application"),
            Self::FaceRecognitionLibrary => ("顔認証ライブラリ", "face-recognition library"),
            Self::CardReaderApplication => ("顔認証付きカードリーダーアプリケーション", "card reader's application"),
        };
        Text::new(ja, en)
    }

    /// Whether it belongs to the reader, so that the reader must be powered for its update.
    pub fn is_readers(self) -> bool {
        self == Self::CardReaderApplication
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A component's new version. Versions and sizes are invented: the real ones are not public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// What it updates.
    pub component: Component,
    /// The version that it brings.
    pub version: Version,
    /// The version that terminals of the fixtures run before it.
    pub replaces: Version,
    /// Bytes, 1 to 256 MiB.
    pub size: u64,
    /// SHA-256 of its bytes, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Whether it runs only after a restart of the terminal; one that needs none runs as soon as it is installed.
    pub restart_required: bool,
}

/// What institutions are told of a campaign (N10).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// How it reaches them.
    pub channel: Channel,
    /// From when it is listed.
    #[serde(serialize_with = "super::japan::serialize")]
    pub published: Timestamp,
    /// Its headline.
    pub title: Text,
    /// What it says.
    pub body: Text,
}

/// How a notice reaches an institution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Mail from the portal site for institutions.
    PortalMail,
    /// On the screen for online claims.
    OnlineClaimsScreen,
}

/// One update distributed over a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Campaign {
    /// Its name.
    pub id: CampaignId,
    /// What staff would call it.
    pub title: Text,
    /// When it distributes.
    pub calendar: Calendar,
    /// What it distributes, one package a component, in the order of installation.
    pub packages: Vec<Package>,
    /// Whether distribution is halted.
    #[serde(default)]
    pub suspended: bool,
    /// What institutions are told.
    #[serde(default)]
    pub notices: Vec<Notice>,
}

impl Campaign {
    /// The windows in which it distributes, in order; none while suspended.
    pub fn windows(&self, readings: &Readings) -> Vec<Window> {
        if self.suspended { Vec::new() } else { self.calendar.windows(readings) }
    }

    /// Its package for a component.
    pub fn package(&self, component: Component) -> Option<&Package> {
        self.packages.iter().find(|package| package.component == component)
    }

    /// What is wrong with it as a whole, with the JSON pointer of the part: a night count, a package's size, a component twice.
    pub fn fault(&self) -> Option<(String, Text)> {
        let fits = |day: Date| (2000..=2199).contains(&day.year());
        let years = || Text::new("2000年から2199年までの日付です", "a date from 2000 to 2199 is needed");
        if !fits(self.calendar.starts) {
            return Some(("/starts".to_owned(), years()));
        }
        if self.calendar.all_day_from.is_some_and(|day| !fits(day)) {
            return Some(("/all_day_from".to_owned(), years()));
        }
        if self.notices.len() > MAX_NOTICES {
            return Some(("/notices".to_owned(), Text::new("お知らせは20件までです", "a campaign has at most 20 notices")));
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
                    Text::new("サイズは1から268435456バイトまでです", "a package has 1 to 268435456 bytes"),
                ));
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
