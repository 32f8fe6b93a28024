//! What lasts: the store's contract, its failures, crashes, and several servers on one database.

mod churn;
mod contract;
mod crash;
mod cut_off;
pub(crate) mod failures;
mod histories;
mod model;
pub(crate) mod postgres;
mod races;
mod replicas;
mod rolling;
