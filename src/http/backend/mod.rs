//! The listener that imitates the real system: login and the check by card data; and, in protocols
//! of the mock's own, delivery, linkage files, cards and notices.

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
