//! The OpenAPI 3.1 document of both listeners. It is generated from the same declarations as the
//! routes.

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
pub use document::{Interface, ListenerRoutes};
pub use messages::{CheckAnswer, CheckRequest, LoginAnswer, LoginRequest};
pub use operation::{DescribedHandler, DescribedInput, DescribedOutput, Operation};
pub use published::{OpenApiDocument, Published};
pub use routes::{Described, Routes};
