//! The console: the way in, and who is kept out.

mod commands;
mod refused;
mod sign_in;
