//! The real system's formats: parsing requests into the domain's words and rendering its outcomes. No I/O.

pub mod login;
pub mod search;
pub mod tree;
