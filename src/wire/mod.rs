//! The real system's formats: parsing requests into the domain's words and rendering its outcomes. No I/O.

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
pub mod quirks;
pub mod request;
pub mod tree;
pub mod xml;
pub mod zip;
