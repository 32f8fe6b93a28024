//! Pages for people: the console, in which testers run a rehearsal in the browser; and single pages
//! of the control API, in Japanese, such as staff of an institution would see.

pub mod access;
pub mod assets;
mod body_text;
mod connect;
mod delivered;
mod docs;
mod entry_words;
mod exchange;
mod explanation;
mod landing;
mod language;
mod layout;
mod list;
mod live;
mod operations;
mod page;
mod patients;
mod rehearsal;
mod report;
mod results;
mod router;
mod schemas;
mod screen;
mod sign_in;
mod start;
mod terminal_screen;
mod visible;
mod words;

pub use docs::docs;
pub use explanation::{describe_explanation, explanation};
pub use landing::{describe_landing, landing};
pub use results::delivery_results;
pub use router::router;
pub use screen::screen;
