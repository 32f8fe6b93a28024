//! The kinds of messages: which elements can occur depends on them.

/// A kind of answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// A check by card data, over the web API or in the folder.
    Check,
    /// A card at the reader.
    Face,
    /// The registration of one reference number.
    Registration,
    /// A bulk request handed in: `…01`.
    BulkRequest,
    /// A bulk result fetched: `…02`.
    BulkResult,
    /// Drug information or health check-ups.
    Medical,
}

impl MessageKind {
    /// `ReferenceClassification`, code table 002: `1` a My Number card, `2` card data.
    pub fn reference(self) -> Option<&'static str> {
        match self {
            Self::Check => Some("2"),
            Self::Face => Some("1"),
            Self::Registration | Self::BulkRequest | Self::BulkResult | Self::Medical => None,
        }
    }
}
