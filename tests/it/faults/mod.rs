//! Faults that a test author sets: at answers, at files in a folder, and at the connection itself.

pub(crate) mod answers;
mod connections;
mod folder;
