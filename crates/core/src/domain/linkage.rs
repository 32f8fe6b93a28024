//! The linkage folder's file kinds, and the settings of a terminal's linkage application
//! (連携アプリケーション).

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::named::named;
use super::period::Period;

macro_rules! file_kinds {
    ($($(#[$doc:meta])* $name:ident = $stem:literal),* $(,)?) => {
        /// A kind of request file, identified by the beginning of the file name.
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
    /// A check by card data. Face result files are of this kind, too.
    Check = "OQSsiquc01",
    /// A bulk check request.
    BulkCheck = "OQSmuquc01",
    /// A request for the result of the preceding kind.
    BulkCheckResult = "OQSmuquc02",
    /// A bulk check of medical aid for one month.
    MedicalAid = "OQSmutic01",
    /// A request for the result of the preceding kind.
    MedicalAidResult = "OQSmutic02",
    /// A bulk check of the persons who consented to home-visit treatment.
    HomeVisits = "OQSmuhvq01",
    /// A request for the result of the preceding kind.
    HomeVisitsResult = "OQSmuhvq02",
    /// A bulk check of the persons who consented to online consultation.
    Online = "OQSmuonq01",
    /// A request for the result of the preceding kind.
    OnlineResult = "OQSmuonq02",
    /// A registration of one reference number.
    Registration = "OQSsiimm01",
    /// A bulk registration of reference numbers.
    BulkRegistration = "OQSmuimm01",
    /// A request for the result of the preceding kind.
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

/// The settings of the linkage application. Omitted fields have their default values, which are
/// invented except for that of `stay_time`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LinkageSettings {
    /// The time from receiving a request to its response, by the machine's clock (default PT0S; at
    /// most PT10M).
    pub latency: Period,
    /// The time for which a result file is kept, by the machine's clock (default PT24H; at least
    /// PT1M).
    pub stay_time: Period,
    /// The processing time of a bulk request, by the institution's clock (default PT1M).
    pub bulk_time: Period,
    /// The format of a fetched bulk result.
    pub bulk_result: ResultForm,
    /// Whether the header of the response to a bulk request contains the `ReceptionNumber` in
    /// addition to the body.
    pub reception_number_in_header: bool,
    /// The kinds of files whose responses are password-protected zip files: those with `e` in the
    /// linkage application's `encrypt.conf`.
    pub encrypt: BTreeSet<FileKind>,
    /// Whether face results are password-protected zip files, as with `e` in the face application's
    /// `encrypt_face.conf`.
    pub encrypt_face: bool,
    /// The password of these zip files: 1 to 64 visible ASCII characters.
    pub zip_password: String,
    /// Whether face results contain a `QualificationConfirmationKey`. Its existence is known from
    /// one source; its place and form are invented.
    pub confirmation_key: bool,
    /// Whether deleted result files are listed in a `del<time>.txt` in `res`. Such files are known
    /// to exist; their content is invented.
    pub deletion_list: bool,
}

/// The format of a fetched bulk result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResultForm {
    /// The XML file itself.
    #[default]
    Xml,
    /// A zip file that contains the XML under the response's file name.
    Zip,
}

named! {
    /// How files in `res` and `face` are created. For either way, there are file watchers that do
    /// not detect it.
    #[derive(Default)]
    pub enum ResultFiles {
        /// The file is created under its name and then written at once. A client that reads it only
        /// upon creation may find it empty or incomplete.
        #[default]
        InPlace = "in_place",
        /// The file is written under another name and then renamed. Watchers see a creation or
        /// renaming, but never a modification.
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
