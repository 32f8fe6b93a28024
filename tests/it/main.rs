//! Behaviour over the wire: every test starts the real server on free ports and talks to it over TLS.
#![allow(clippy::unwrap_used, reason = "a test that meets what it did not expect fails there")]

mod campaigns;
mod cards;
mod connections;
mod control;
mod control_input;
mod delivery;
mod desk;
mod elements;
mod fixtures;
mod golden;
mod identity;
mod linkage;
mod linkage_bulk;
mod linkage_files;
mod linkage_hostile;
mod linkage_route;
mod notice;
mod package_conformance;
mod package_memory;
mod packages;
mod program;
mod quirks;
mod raw;
mod readings;
mod readme;
mod reports;
mod strictness;
mod support;
mod surfacing;
mod surfacing_errors;
mod tidy;
mod tls;
mod tokens;
mod xml;
mod xml_forms;
