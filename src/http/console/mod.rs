//! Pages for people, in Japanese, such as staff of an institution would see. They have one
//! stylesheet and no script.

mod delivered;
mod docs;
mod explanation;
mod landing;
mod results;
mod schemas;
mod screen;

pub use docs::docs;
pub use explanation::{describe_explanation, explanation};
pub use landing::landing;
pub use results::delivery_results;
pub use screen::screen;
