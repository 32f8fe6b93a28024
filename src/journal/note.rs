//! What else is worth knowing of a request. What nearly every check may have is worded only where the entry is stored.

use crate::domain::inquiry::OtherDay;
use crate::domain::text::Text;

/// A note of a recorded request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// In these words.
    Text(Text),
    /// The check was for another day than the institution's today.
    OtherDay(OtherDay),
}

impl Note {
    /// Its words.
    pub fn into_text(self) -> Text {
        match self {
            Self::Text(text) => text,
            Self::OtherDay(day) => day.text(),
        }
    }

    /// About how many bytes its words have.
    pub(super) fn weight(&self) -> usize {
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
