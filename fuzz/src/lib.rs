//! What the fuzz targets share.

pub mod json;
pub mod libxml2;
pub mod messages;
pub mod server;
pub mod steps;
pub mod xml;
