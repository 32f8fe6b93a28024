//! The console: the way in, who is kept out, and its pages.

mod commands;
mod load;
mod pages;
pub(crate) mod refused;
mod rehearsal;
mod requests;
mod sign_in;
