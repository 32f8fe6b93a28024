//! A note about a request. A note that almost every check may have is formatted only when the entry
//! is stored.

use crate::domain::inquiry::OtherDay;
use crate::domain::text::Text;

/// A note of a recorded request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A text.
    Text(Text),
    /// The check was for another day than the institution's today.
    OtherDay(OtherDay),
}

impl Note {
    /// Returns the text.
    pub fn into_text(self) -> Text {
        match self {
            Self::Text(text) => text,
            Self::OtherDay(day) => day.text(),
        }
    }

    /// Returns the approximate size of the text in bytes.
    pub(super) fn approximate_size(&self) -> usize {
        const OTHER_DAY: usize = 1024;
        match self {
            Self::Text(Text { ja, en }) => ja.len() + en.len(),
            Self::OtherDay(_) => OTHER_DAY,
        }
    }
}

impl From<Text> for Note {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

impl From<OtherDay> for Note {
    fn from(day: OtherDay) -> Self {
        Self::OtherDay(day)
    }
}
