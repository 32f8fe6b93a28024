//! The real system's formats: parsing requests into the domain's words and rendering its outcomes. No I/O.

pub mod charset;
pub mod codes;
mod digits;
pub mod document;
pub mod element_order;
mod fields;
pub mod file_name;
pub mod liberties;
pub mod login;
pub mod message;
pub mod pdf;
pub mod request;
pub mod said;
pub mod spoilt;
pub mod tree;
pub mod xml;
pub mod zip;
