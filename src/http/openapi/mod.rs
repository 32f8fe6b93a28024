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
pub use operation::{DescribedHandler, DescribedInput, DescribedOutput, Operation};
pub use published::{OpenApiDocument, Published};
pub use routes::{Described, Routes};
