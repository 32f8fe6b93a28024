//! The requests that a fault counts.

use crate::domain::named::named;
use crate::domain::operation::{Operation, Surface};

named! {
    /// A kind of request to the backend.
    #[derive(Default)]
    #[schemars(rename = "FaultOperation")]
    pub enum Requests {
        /// Each that the fault's kind suits.
        #[default]
        Any = "any",
        /// Login.
        Login = "login",
        /// The check by card data.
        Search = "search",
        /// A terminal's poll.
        Updates = "updates",
        /// The download of a package.
        Package = "package",
        /// A terminal's report.
        Reports = "reports",
        /// Delivery results.
        Results = "results",
        /// A request file of a linkage folder over its route.
        Linkage = "linkage",
        /// A request file in a linkage folder that the server keeps.
        Folder = "folder",
        /// A card at a reader elsewhere.
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
