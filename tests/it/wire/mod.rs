//! The form of requests and answers: connections, heads, JSON and XML, character sets.

mod accept_header;
mod connections;
mod element_order;
mod quirks;
pub(crate) mod raw;
mod request_heads;
mod xml;
mod xml_forms;
mod xml_well_formed;
