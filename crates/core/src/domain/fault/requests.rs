//! The requests that a fault counts.

use crate::domain::named::named;
use crate::domain::operation::{Operation, Surface};

named! {
    /// A kind of request to the backend.
    #[derive(Default)]
    #[schemars(rename = "FaultOperation")]
    pub enum Requests {
        /// Every request to which the fault's kind applies.
        #[default]
        Any = "any",
        /// Login.
        Login = "login",
        /// The check by card data.
        Search = "search",
        /// A terminal's request for updates.
        Updates = "updates",
        /// The download of a package.
        Package = "package",
        /// A terminal's report.
        Reports = "reports",
        /// Delivery results.
        Results = "results",
        /// A request file sent over HTTP (`/linkage/v1/…`).
        Linkage = "linkage",
        /// A request file in a linkage folder that the server manages.
        Folder = "folder",
        /// A card presented at the reader of a remote terminal.
        Card = "card",
        /// The list of notices.
        Notices = "notices",
    }
}

impl Requests {
    /// Returns the kind of request that faults count it as; `None` if no fault counts it.
    pub fn of(operation: Operation, surface: Surface) -> Option<Self> {
        if surface == Surface::Folder {
            return Some(Self::Folder);
        }
        Some(match operation {
            Operation::Login => Self::Login,
            Operation::Search => Self::Search,
            Operation::Updates => Self::Updates,
            Operation::Package => Self::Package,
            Operation::Reports => Self::Reports,
            Operation::Results => Self::Results,
            Operation::Linkage => Self::Linkage,
            Operation::Card => Self::Card,
            Operation::Notices => Self::Notices,
            Operation::Unknown => return None,
        })
    }
}
