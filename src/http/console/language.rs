//! The language of the console: Japanese, or English by a switch that sets a cookie.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::COOKIE;
use axum::http::request::Parts;

use crate::domain::text::Text;

/// The language of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Language {
    /// Japanese.
    #[default]
    Japanese,
    /// English.
    English,
}

impl Language {
    /// Returns one of two texts.
    pub(super) fn say<'a>(self, ja: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Japanese => ja,
            Self::English => en,
        }
    }

    /// Returns the text in this language.
    pub(super) fn of(self, text: &Text) -> &str {
        self.say(&text.ja, &text.en)
    }

    /// Returns the language's code.
    pub(super) fn code(self) -> &'static str {
        self.say("ja", "en")
    }

    /// Returns the code of the language to switch to.
    pub(super) fn other(self) -> &'static str {
        self.say("en", "ja")
    }
}

impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let cookies = parts.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let english = cookies.flat_map(|cookies| cookies.split(';')).any(|cookie| cookie.trim() == "onshi-language=en");
        Ok(if english { Self::English } else { Self::Japanese })
    }
}
