//! What the backend answers to a receipt computer: who may ask, what it gets, and how errors
//! surface.

mod check_dates;
mod golden;
pub(crate) mod identity;
pub(crate) mod medical;
mod notice;
mod persons;
mod readings;
mod strictness;
mod surfacing;
mod surfacing_errors;
mod tokens;
