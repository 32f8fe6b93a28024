//! The real system's formats: parses requests into domain types and renders responses. No I/O.

pub mod charset;
pub mod codes;
pub mod corruption;
mod digits;
pub mod document;
pub mod element_order;
mod fields;
pub mod file_name;
pub mod login;
pub mod message;
pub mod parse_errors;
pub mod pdf;
pub mod picture;
pub mod quirks;
pub mod request;
pub mod tree;
pub mod xml;
pub mod zip;
