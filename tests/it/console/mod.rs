//! The console: the way in, and who is kept out.

mod commands;
mod refused;
mod requests;
mod sign_in;
