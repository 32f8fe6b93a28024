//! The errors of the store, described for the person who has to act on them.

use std::fmt;
use std::time::Duration;

use crate::domain::text::Text;

/// Why an operation of the store failed. Nothing of a failed operation was acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// Every retry lost against other writers of the same institution.
    Contended,
    /// The database cannot be reached, does not answer in time, or answers with an error.
    Unavailable(Text),
    /// The stored data is damaged.
    Corrupt(Text),
    /// The stored data has a format that only a newer program can read.
    Newer(Text),
}

impl StoreError {
    /// Returns a description in both languages.
    pub fn text(&self) -> Text {
        match self {
            Self::Contended => Text::new(
                "同じ医療機関への変更が集中し、保存できませんでした。",
                "Too many changes of the same institution came at once; this one was not stored.",
            ),
            Self::Unavailable(text) | Self::Corrupt(text) | Self::Newer(text) => text.clone(),
        }
    }

    /// Creates the error for stored data that this program does not write.
    pub fn corrupt(what: &str, message: &str) -> Self {
        Self::Corrupt(unreadable(what, message))
    }

    /// Creates the error for stored data in a newer format.
    pub fn newer(what: &str, message: &str) -> Self {
        Self::Newer(unreadable(what, message))
    }

    pub(super) fn late(after: Duration) -> Self {
        let seconds = after.as_secs();
        Self::Unavailable(Text::new(
            format!("データベースが {seconds} 秒以内に応答しませんでした。"),
            format!("The database did not answer within {seconds} s."),
        ))
    }

    pub(super) fn of(error: &sqlx::Error) -> Self {
        let text = describe(error);
        match primary_code(error) {
            Some(SQLITE_CORRUPT | SQLITE_NOTADB) => Self::Corrupt(text),
            _ => Self::Unavailable(text),
        }
    }

    /// Creates the error for a column whose type or value is not what was written.
    pub(super) fn misread(error: &sqlx::Error) -> Self {
        Self::Corrupt(describe(error))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Text { ja, en } = self.text();
        write!(f, "{ja} / {en}")
    }
}

impl std::error::Error for StoreError {}

fn unreadable(what: &str, message: &str) -> Text {
    Text::new(format!("保存された {what} を読めません（{message}）。"), format!("What is stored of {what} cannot be read: {message}."))
}

fn describe(error: &sqlx::Error) -> Text {
    let message = error.to_string();
    let (ja, en) = match (primary_code(error), error) {
        (Some(SQLITE_FULL), _) => ("ディスクに空きがありません", "The disk is full"),
        (Some(SQLITE_READONLY), _) => ("データベースのファイルが読み取り専用です", "The database file is read-only"),
        (Some(SQLITE_CORRUPT | SQLITE_NOTADB), _) => ("データベースのファイルが壊れています", "The database file is corrupt"),
        (Some(SQLITE_IOERR | SQLITE_CANTOPEN), _) => {
            ("データベースのファイルを読み書きできません", "The database file cannot be read or written")
        }
        (_, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::Tls(_)) => {
            ("データベースに接続できません", "The database cannot be reached")
        }
        _ => ("データベースがエラーを返しました", "The database answered with an error"),
    };
    Text::new(format!("{ja}（{message}）。"), format!("{en}: {message}."))
}

const SQLITE_READONLY: u32 = 8;
const SQLITE_IOERR: u32 = 10;
const SQLITE_CORRUPT: u32 = 11;
const SQLITE_FULL: u32 = 13;
const SQLITE_CANTOPEN: u32 = 14;
const SQLITE_NOTADB: u32 = 26;

/// Whether the connection is unusable: it was lost, or its file is damaged or was replaced.
pub(super) fn is_of_connection(error: &sqlx::Error) -> bool {
    let damaged = [SQLITE_READONLY, SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_FULL, SQLITE_CANTOPEN, SQLITE_NOTADB];
    let lost = ["57P01", "57P02", "57P03", "25006"];
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) if error.code().is_some_and(|code| lost.contains(&code.as_ref())) => true,
        error => primary_code(error).is_some_and(|code| damaged.contains(&code)),
    }
}

/// Returns SQLite's primary result code, without the extended part. Returns `None` for
/// PostgreSQL, whose codes have five characters.
fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let sqlx::Error::Database(error) = error else {
        return None;
    };
    let code = error.code()?;
    if code.len() == 5 {
        return None;
    }
    code.parse::<u32>().ok().map(|code| code & 0xff)
}
