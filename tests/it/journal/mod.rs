//! The journal: what its entries hold, and how it is read.

mod entries;
mod reading;
