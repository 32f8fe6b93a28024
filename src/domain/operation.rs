//! What a request can be, by which way it comes, and how it ends.

use super::named::named;

named! {
    /// What a request is.
    pub enum Operation {
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
        /// The list of notices.
        Notices = "notices",
        /// A request file of a linkage folder, over its route or in a folder that the server keeps.
        Linkage = "linkage",
        /// A card at a reader.
        Card = "card",
        /// A request that fits no route.
        Unknown = "unknown",
    }
}

named! {
    /// How a request ended, by name.
    pub enum OutcomeName {
        /// Answered as asked.
        Answered = "answered",
        /// A check that worked, with its result.
        Checked = "checked",
        /// Refused with an error of the catalogue.
        Refused = "refused",
    }
}

/// By which way a request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// Over HTTP.
    Http,
    /// As a file in a folder that the server keeps.
    Folder,
}
