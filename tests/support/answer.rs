//! An answer of the backend, and what tests expect of it: a failure prints what was expected, what
//! came, and where the journal has it.

use std::fmt::Display;

use reqwest::StatusCode;
use serde_json::Value;

/// An answer of the backend: status, the journal entry's id, and the JSON body.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) journal: String,
    pub(crate) body: Value,
}

impl Answer {
    /// `ErrorCode` of the header; null where the check worked.
    pub(crate) fn error_code(&self) -> &Value {
        &self.body["XmlMsg"]["MessageHeader"]["ErrorCode"]
    }

    /// `ErrorMessage` of the header.
    pub(crate) fn error_message(&self) -> &str {
        self.body["XmlMsg"]["MessageHeader"]["ErrorMessage"].as_str().unwrap_or_default()
    }

    /// `QualificationValidity`; null where the check did not work.
    pub(crate) fn validity(&self) -> &Value {
        &self.body["XmlMsg"]["MessageBody"]["QualificationValidity"]
    }

    /// The `idToken` of a login that was granted.
    #[track_caller]
    pub(crate) fn id_token(&self) -> &str {
        self.body["result"]["idToken"].as_str().unwrap_or_else(|| self.fail("", &"an idToken", &"none"))
    }

    /// Says this with whatever is expected next, where it does not hold.
    pub(crate) fn note(&self, note: impl Display) -> Expected<'_> {
        Expected { answer: self, note: note.to_string() }
    }

    /// Expects a check that worked, of somebody who is insured.
    #[track_caller]
    pub(crate) fn expect_qualified(&self) -> &Self {
        self.note("").expect_qualified()
    }

    /// Expects a check that worked, with this validity.
    #[track_caller]
    pub(crate) fn expect_validity(&self, validity: &str) -> &Self {
        self.note("").expect_validity(validity)
    }

    /// Expects this error of the catalogue.
    #[track_caller]
    pub(crate) fn expect_error(&self, code: &str) -> &Self {
        self.note("").expect_error(code)
    }

    /// Expects these words in the error's message.
    #[track_caller]
    pub(crate) fn expect_message(&self, words: &str) -> &Self {
        if !self.error_message().contains(words) {
            self.fail("", &format_args!("the words {words}"), &self.error_message());
        }
        self
    }

    #[track_caller]
    fn fail(&self, note: &str, expected: &dyn Display, got: &dyn Display) -> ! {
        let note = if note.is_empty() { String::new() } else { format!(" ({note})") };
        panic!(
            "not the answer that was expected{note}\nexpected: {expected}\n     got: {got}\n status: {}, journal entry {}\n{:#}",
            self.status, self.journal, self.body
        );
    }

    /// What came of it, in a word or two.
    fn summary(&self) -> String {
        match (self.error_code().as_str(), self.validity().as_str()) {
            (Some(code), _) => format!("the error {code}: {}", self.error_message()),
            (None, Some(validity)) => format!("a validity of {validity}"),
            (None, None) => "neither an error nor a validity".to_owned(),
        }
    }
}

/// An answer with what is to be said where an expectation does not hold.
pub(crate) struct Expected<'a> {
    answer: &'a Answer,
    note: String,
}

impl<'a> Expected<'a> {
    #[track_caller]
    pub(crate) fn expect_qualified(self) -> &'a Answer {
        self.expect_validity("1")
    }

    #[track_caller]
    pub(crate) fn expect_validity(self, validity: &str) -> &'a Answer {
        if self.answer.validity() != validity {
            self.answer.fail(&self.note, &format_args!("a validity of {validity}"), &self.answer.summary());
        }
        self.answer
    }

    #[track_caller]
    pub(crate) fn expect_error(self, code: &str) -> &'a Answer {
        if self.answer.error_code() != code {
            self.answer.fail(&self.note, &format_args!("the error {code}"), &self.answer.summary());
        }
        self.answer
    }
}
