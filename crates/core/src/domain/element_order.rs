//! The order of the elements in a response.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An order of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ElementOrder {
    /// That of real files: the iteration order of a Java `HashMap` over the elements' names.
    Hash,
    /// That of the specification.
    Specification,
    /// Drawn from the institution's seed: the same seed gives the same order.
    Shuffled,
}
