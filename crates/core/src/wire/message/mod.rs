//! The messages of checks, bulk checks, registrations and medical information. One table of
//! elements writes all of them, and generates the page in docs/.

mod element;
mod envelope;
mod kind;
mod medical;
mod result;
mod scope;
mod ticket;
mod value;

pub use element::{Certainty, Content, Element, render};
pub use envelope::MESSAGE;
pub use kind::MessageKind;
pub use medical::{CHECKUPS, DRUGS};
pub use scope::{Body, Counts, Header, HeldQualification, Medical, MedicalPart, Note, Scope, Segment, Unit};
