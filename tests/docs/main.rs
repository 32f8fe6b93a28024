//! What the documentation promises: pages, examples, recipes, the compose file and releases, held
//! against the program.
#![allow(clippy::unwrap_used, reason = "a test that meets what it did not expect fails there")]

mod answer_examples;
mod answers;
mod cli_page;
mod compose;
mod elements;
mod faults_page;
mod glossary;
mod openapi;
mod pages;
mod program;
mod readme;
mod recipes;
mod release;
mod sample_clients;
mod samples;
mod scenarios;
mod screen;
mod security;
mod stacks;
#[path = "../support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "shared with `it`, where the compiler finds what nobody uses")]
mod support;
mod tables;
mod timeline;
mod two_terminals;
mod verdict_clients;
mod verdict_docs;
mod walk_through;
