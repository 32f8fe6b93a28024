//! What imitates the real system: login, the check by card data, and (in a protocol of the mock's own) delivery, linkage files, cards and notices.

pub mod card;
mod delivery;
mod faults;
mod finish;
mod form;
mod identity;
mod incoming_request;
pub mod linkage;
pub mod login;
pub mod notices;
pub mod package;
mod reply;
pub mod reports;
pub mod results;
pub mod search;
pub mod unknown;
pub mod updates;
mod url;

#[cfg(feature = "otlp")]
pub(super) use finish::JOURNAL;
