//! The linkage folder's file kinds, and the settings of a terminal's linkage application
//! (連携アプリケーション).

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::named::named;
use super::period::Period;

macro_rules! file_kinds {
    ($($(#[$doc:meta])* $name:ident = $stem:literal),* $(,)?) => {
        /// A kind of request, by the name that its files begin with.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum FileKind { $($(#[$doc])* #[serde(rename = $stem)] $name),* }

        impl FileKind {
            /// All kinds.
            pub const ALL: &'static [FileKind] = &[$(FileKind::$name),*];

            /// Returns how the files' names begin; `req` or `res` follows.
            pub fn stem(self) -> &'static str {
                match self { $(Self::$name => $stem),* }
            }
        }
    };
}

file_kinds! {
    /// One check by card data; the face result files are of this kind, too.
    Check = "OQSsiquc01",
    /// A bulk check handed in.
    BulkCheck = "OQSmuquc01",
    /// … and fetched.
    BulkCheckResult = "OQSmuquc02",
    /// Medical aid in a month.
    MedicalAid = "OQSmutic01",
    /// … and fetched.
    MedicalAidResult = "OQSmutic02",
    /// Who consented to home visits.
    HomeVisits = "OQSmuhvq01",
    /// … and fetched.
    HomeVisitsResult = "OQSmuhvq02",
    /// Who consented to online consultation.
    Online = "OQSmuonq01",
    /// … and fetched.
    OnlineResult = "OQSmuonq02",
    /// One reference number to register.
    Registration = "OQSsiimm01",
    /// Many reference numbers to register.
    BulkRegistration = "OQSmuimm01",
    /// … and what came of it.
    BulkRegistrationResult = "OQSmuimm02",
    /// Drug information.
    Drugs = "YZKsiquc01",
    /// Health check-ups.
    Checkups = "TKKsiquc01",
}

impl FileKind {
    /// Returns the kind of file that submitted what this kind fetches; `None` for kinds that fetch
    /// nothing.
    pub fn submitted_as(self) -> Option<FileKind> {
        match self {
            Self::BulkCheckResult => Some(Self::BulkCheck),
            Self::MedicalAidResult => Some(Self::MedicalAid),
            Self::HomeVisitsResult => Some(Self::HomeVisits),
            Self::OnlineResult => Some(Self::Online),
            Self::BulkRegistrationResult => Some(Self::BulkRegistration),
            _ => None,
        }
    }
}

/// What can be set; what is left out has its default. Defaults are invented, but for `stay_time`, which is that of the real application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LinkageSettings {
    /// From taking a request to its answer, by the machine's clock (default PT0S; at most PT10M).
    pub latency: Period,
    /// How long a result is left lying, by the machine's clock (default PT24H; at least PT1M).
    pub stay_time: Period,
    /// How long a bulk request is processed, by the institution's clock (default PT1M).
    pub bulk_time: Period,
    /// The form of a fetched bulk result.
    pub bulk_result: ResultForm,
    /// Whether the header of a bulk request's answer has the `ReceptionNumber`, too, beside the body.
    pub reception_number_in_header: bool,
    /// The kinds of files whose answers are password zips: those that the linkage application's `encrypt.conf` would have as `e`.
    pub encrypt: BTreeSet<FileKind>,
    /// Whether face results are password zips: what the face application's `encrypt_face.conf` would have as `e`.
    pub encrypt_face: bool,
    /// The password of those zips: 1 to 64 visible ASCII characters.
    pub zip_password: String,
    /// Whether face results have a `QualificationConfirmationKey`. That there is one is known from one source; place and form are invented.
    pub confirmation_key: bool,
    /// Whether results that are cleared away are listed in a `del<time>.txt` in `res`. That there are such files is known; their content is
    /// invented.
    pub deletion_list: bool,
}

/// How a fetched bulk result is put.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResultForm {
    /// As it is.
    #[default]
    Xml,
    /// A zip that holds the XML under the answer's name.
    Zip,
}

named! {
    /// How the files in `res` and `face` come into being: each way is missed by some watchers.
    #[derive(Default)]
    pub enum ResultFiles {
        /// Created under its name, then written in one go: who reads once at the creation meets an empty or short file.
        #[default]
        InPlace = "in_place",
        /// Written beside and renamed, whole at once: there is a creation or renaming, and never a change of the file.
        Atomic = "atomic",
    }
}

impl Default for LinkageSettings {
    fn default() -> Self {
        Self {
            latency: Period::from_secs(0),
            stay_time: Period::from_secs(24 * 3600),
            bulk_time: Period::from_secs(60),
            bulk_result: ResultForm::Xml,
            reception_number_in_header: false,
            encrypt: BTreeSet::new(),
            encrypt_face: false,
            zip_password: "onshi-mock".to_owned(),
            confirmation_key: false,
            deletion_list: false,
        }
    }
}

impl LinkageSettings {
    /// Returns the field that is out of range, as a JSON pointer, and its range.
    pub fn validate(&self) -> Option<(&'static str, &'static str)> {
        if self.latency > Period::from_secs(600) {
            return Some(("/linkage/latency", "at most PT10M"));
        }
        if self.stay_time < Period::from_secs(60) {
            return Some(("/linkage/stay_time", "at least PT1M"));
        }
        let fits = (1..=64).contains(&self.zip_password.len()) && self.zip_password.bytes().all(|byte| byte.is_ascii_graphic());
        (!fits).then_some(("/linkage/zip_password", "1 to 64 visible ASCII characters"))
    }
}
