//! The rules and the formats, without I/O and without a clock: what a terminal, its updates and a
//! check do ([`domain`]), and how requests are parsed and messages rendered ([`wire`]).

pub mod domain;
pub mod wire;
