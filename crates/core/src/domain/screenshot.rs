//! Pictures of the client's screen that belong to observations: what is known about each. The
//! pictures themselves are stored apart.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::japan;
use super::named::named;

/// The maximum number of pictures of an institution.
pub const MAX_SCREENSHOTS: usize = 10;
/// The maximum size of a picture, in bytes.
pub const MAX_SCREENSHOT_SIZE: usize = 2 * 1024 * 1024;

named! {
    /// The format of a picture.
    pub enum PictureFormat {
        /// A PNG file.
        Png = "image/png",
        /// A JPEG file.
        Jpeg = "image/jpeg",
    }
}

/// The picture of an observation. `GET …/screenshot` returns it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Screenshot {
    /// The format of the picture.
    #[serde(rename = "type")]
    pub format: PictureFormat,
    /// The size of the picture as it is stored, in bytes.
    pub size: u64,
    /// The time by the machine's clock at which the picture was deleted; absent while it is stored.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "japan::serialize_option")]
    pub removed: Option<Timestamp>,
}

/// Why a picture was not added or deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScreenshotError {
    /// There is no such observation.
    #[error("there is no such observation")]
    NoObservation,
    /// The observation has a picture, or had one.
    #[error("the observation has a picture, or had one")]
    Taken,
    /// The institution has [`MAX_SCREENSHOTS`] pictures.
    #[error("the institution has {MAX_SCREENSHOTS} pictures")]
    Full,
    /// The observation has no picture.
    #[error("the observation has no picture")]
    Nothing,
}
