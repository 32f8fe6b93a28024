//! The check by card data: its request, its answers, its errors.

mod render;
mod request;

pub use render::{Side, answer, refusal};
pub use request::{Malformed, SearchRequest, json, parse};
