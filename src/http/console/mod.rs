//! Pages that people read.

mod screen;

pub use screen::screen;
