//! What imitates the real system: login, the check by card data, and (in a protocol of the mock's own) delivery, linkage files, cards and notices.

mod call;
pub mod card;
mod delivery;
mod faults;
mod identity;
pub mod linkage;
pub mod login;
pub mod notices;
pub mod package;
pub mod reports;
pub mod results;
pub mod search;
pub mod unknown;
pub mod updates;
mod url;

pub(super) use call::JOURNAL;
