//! The `--store` option: where the state is stored.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where the state is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A SQLite file, created where it does not exist.
    Sqlite(PathBuf),
    /// Memory: the state ends with the process.
    Memory,
    /// A PostgreSQL database: `postgres://user:password@host/database`.
    Postgres(String),
}

impl Default for Target {
    fn default() -> Self {
        Self::Sqlite(PathBuf::from("onshi-mock.db"))
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "memory" {
            return Ok(Self::Memory);
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        match text.strip_prefix("sqlite:") {
            Some(path) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            _ => Err("sqlite:PATH、memory、postgres://ユーザー:パスワード@ホスト/データベース のいずれかが必要です / \
                      expected sqlite:PATH, memory or postgres://user:password@host/database"
                .to_owned()),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Memory => f.write_str("memory"),
            // Hides the password and the parameters, which may contain one.
            Self::Postgres(url) => {
                let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
                let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
                write!(f, "postgres://{}", rest.split('?').next().unwrap_or_default())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_and_shown_without_their_password() {
        assert_eq!("memory".parse(), Ok(Target::Memory));
        assert_eq!("sqlite:a b.db".parse(), Ok(Target::Sqlite(PathBuf::from("a b.db"))));
        let postgres: Target = "postgres://me:p@ss@db.example:5433/onshi?sslmode=require".parse().unwrap();
        assert_eq!(postgres.to_string(), "postgres://db.example:5433/onshi");
        for wrong in ["", "sqlite:", "sqlite", "mysql://x/y", "onshi-mock.db"] {
            assert!(wrong.parse::<Target>().is_err(), "{wrong}");
        }
    }
}
