//! The description of both listeners in OpenAPI 3.1, made from the same lines as their routes.

mod content;
mod descriptions;
mod document;
mod examples;
mod messages;
mod operation;
mod parameters;
mod problems;
mod published;
mod routes;
pub mod tag;
mod transforms;

pub use content::{JSON, XML, content};
pub use document::{Interface, Surface};
pub use messages::{CheckAnswer, CheckRequest, LoginAnswer, LoginRequest};
pub use operation::{Gives, Handles, Operation, Takes};
pub use published::{Document, Published};
pub use routes::{Described, Routes};
