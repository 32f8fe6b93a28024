//! The simulated terminal: its life, its program, and its wire.

mod life;
mod program;
pub(crate) mod simulated;
mod wire;
