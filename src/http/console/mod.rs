//! Pages for people: the console, and what staff of an institution would see on their screens.

pub mod access;
pub mod assets;
mod delivered;
mod docs;
mod explanation;
mod landing;
mod results;
mod router;
mod schemas;
mod screen;
mod sign_in;
mod start;

pub use docs::docs;
pub use explanation::{describe_explanation, explanation};
pub use landing::{describe_landing, landing};
pub use results::delivery_results;
pub use router::router;
pub use screen::screen;
