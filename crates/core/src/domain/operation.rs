//! The operation of a request, the way in which it arrives, and its outcome.

use super::named::named;
use super::text::Text;

named! {
    /// The operation of a request.
    pub enum Operation {
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
        /// The list of notices.
        Notices = "notices",
        /// A request file of a linkage folder, over the linkage route or in a folder that the
        /// server watches.
        Linkage = "linkage",
        /// A card at a reader.
        Card = "card",
        /// A request that matches no route.
        Unknown = "unknown",
    }
}

impl Operation {
    /// Whether a receipt computer sends this, as opposed to a terminal.
    pub fn is_of_client(self) -> bool {
        matches!(self, Self::Login | Self::Search | Self::Linkage)
    }

    /// Returns the title shown to users.
    pub fn title(self) -> Text {
        let (ja, en) = match self {
            Self::Login => ("ログイン", "login"),
            Self::Search => ("資格確認", "check"),
            Self::Updates => ("更新の問い合わせ", "request for updates"),
            Self::Package => ("パッケージの取得", "package download"),
            Self::Reports => ("端末の報告", "terminal's report"),
            Self::Results => ("配信実績", "delivery results"),
            Self::Notices => ("通知", "notices"),
            Self::Linkage => ("連携ファイル", "linkage file"),
            Self::Card => ("カードの読み取り", "card at the reader"),
            Self::Unknown => ("不明な要求", "unknown request"),
        };
        Text::new(ja, en)
    }
}

named! {
    /// The names of the outcomes of a request.
    pub enum OutcomeName {
        /// The request was answered normally.
        Answered = "answered",
        /// A check succeeded; its result is given.
        Checked = "checked",
        /// The request was refused with an error of the catalogue.
        Refused = "refused",
    }
}

/// The way in which a request arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// Over HTTP.
    Http,
    /// As a file in a folder that the server watches.
    Folder,
}
