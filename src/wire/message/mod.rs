//! The messages of a check, of the bulk checks and of the registrations: one table of elements writes all of them, and makes the page in docs/.

mod element;
mod envelope;
mod kind;
mod medical;
mod result;
mod scope;
mod ticket;

pub use element::{Content, Element, Mark, render};
pub use envelope::MESSAGE;
pub use kind::MessageKind;
pub use medical::MEDICAL;
pub use scope::{Body, Counts, Header, Held, Medical, MedicalItem, Note, Scope, Segment, Unit};
