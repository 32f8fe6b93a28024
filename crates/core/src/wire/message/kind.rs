//! The kinds of messages. The kind decides which elements can occur.

/// A kind of response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// A check by card data, over the web API or in the folder.
    Check,
    /// A card at the reader.
    Face,
    /// The registration of one reference number.
    Registration,
    /// The submission of a bulk request: `…01`.
    BulkRequest,
    /// The result of a bulk request: `…02`.
    BulkResult,
    /// Drug information or health check-ups.
    Medical,
}

impl MessageKind {
    /// Returns `ReferenceClassification`, code table 002: `1` for a My Number card, `2` for card
    /// data.
    pub fn reference(self) -> Option<&'static str> {
        match self {
            Self::Check => Some("2"),
            Self::Face => Some("1"),
            Self::Registration | Self::BulkRequest | Self::BulkResult | Self::Medical => None,
        }
    }
}
