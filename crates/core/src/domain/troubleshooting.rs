//! The headings of docs/troubleshooting.md that messages refer to.

use super::text::Text;

/// A heading of docs/troubleshooting.md and its counterpart in docs/troubleshooting.ja.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heading {
    /// A client cannot connect over TLS.
    Tls,
    /// A token is missing or not valid.
    Token,
    /// A check does not find the qualification, or finds one that is not valid.
    NotValid,
    /// No result file appears in the linkage folder.
    NoFile,
    /// A `.err` file appears in the linkage folder.
    ErrFile,
    /// The client gets no response.
    NoResponse,
}

impl Heading {
    /// All headings.
    pub const ALL: [Self; 6] = [Self::Tls, Self::Token, Self::NotValid, Self::NoFile, Self::ErrFile, Self::NoResponse];

    /// Returns the heading as it is on the page.
    pub fn title(self) -> Text {
        let (ja, en) = match self {
            Self::Tls => ("TLS で接続できない", "TLS is refused"),
            Self::Token => ("401 になる、トークンが無効と言われる", "401, or \"the token is not valid\""),
            Self::NotValid => ("有効のはずが、無効や該当資格なしになる", "Expired or no match, where it should be valid"),
            Self::NoFile => ("ファイルが出力されない", "No file appears"),
            Self::ErrFile => (".err が出力される", "An .err file appears"),
            Self::NoResponse => ("何も返らない", "No answer arrives"),
        };
        Text::new(ja, en)
    }

    /// Returns the sentence that refers to the heading.
    pub fn reference(self) -> Text {
        let Text { ja, en } = self.title();
        Text::new(format!("docs/troubleshooting.ja.md の「{ja}」を参照してください。"), format!("See '{en}' in docs/troubleshooting.md."))
    }

    /// Appends the sentence that refers to the heading.
    pub fn after(self, text: &Text) -> Text {
        let Text { ja, en } = self.reference();
        let ended = |text: &str, end: &str| if text.ends_with(end) { text.to_owned() } else { format!("{text}{end}") };
        Text::new(format!("{}{ja}", ended(&text.ja, "。")), format!("{} {en}", ended(&text.en, ".")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_follows_a_sentence_whether_or_not_it_has_its_full_stop() {
        let with_stop = Heading::NoFile.after(&Text::new("確認してください。", "Check it."));
        assert_eq!(with_stop, Heading::NoFile.after(&Text::new("確認してください", "Check it")));
        assert_eq!(with_stop.en, "Check it. See 'No file appears' in docs/troubleshooting.md.");
        assert!(with_stop.ja.ends_with("してください。docs/troubleshooting.ja.md の「ファイルが出力されない」を参照してください。"));
    }
}
