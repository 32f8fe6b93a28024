//! The order of the elements in a response.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An order of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ElementOrder {
    /// The order of real files: the iteration order of a Java `HashMap` of the element names.
    Hash,
    /// The order of the specification.
    Specification,
    /// A random order determined by the institution's seed; the same seed gives the same order.
    Shuffled,
}
