//! The messages of a check, of the bulk checks, of the registrations and of medical information: one table of elements writes all of them, and makes the page in docs/.

mod element;
mod envelope;
mod kind;
mod medical;
mod result;
mod scope;
mod ticket;
mod value;

pub use element::{Content, Element, Mark, render};
pub use envelope::MESSAGE;
pub use kind::MessageKind;
pub use medical::{CHECKUPS, DRUGS};
pub use scope::{Body, Counts, Header, HeldQualification, Medical, MedicalPart, Note, Scope, Segment, Unit};
