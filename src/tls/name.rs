//! The names in a server certificate: DNS names and IP addresses.

use std::fmt;
use std::net::IpAddr;

/// A subject alternative name. DNS names are in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    Dns(String),
    Address(IpAddr),
}

impl Name {
    /// Parses a value of `--tls-san`.
    ///
    /// # Errors
    /// The value is neither a DNS name nor an IP address.
    pub(super) fn parse(text: &str) -> Result<Self, InvalidName> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        match InvalidName::of(text) {
            Some(fault) => Err(fault),
            None => Ok(Self::Dns(text.to_ascii_lowercase())),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// What is wrong with a value of `--tls-san`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.english())]
#[non_exhaustive]
pub enum InvalidName {
    /// It is empty.
    Empty,
    /// It contains spaces or line breaks.
    Space,
    /// It is a URL, or a name with a path.
    Url,
    /// It has a port, or is an IPv6 address in brackets.
    Port,
    /// It is a wildcard, `*.something`.
    Wildcard,
    /// It contains characters other than ASCII.
    NotAscii,
    /// It has digits in place of a top-level domain: an IP address with a mistake.
    BrokenAddress,
    /// It is not a DNS name for another reason.
    NotDns,
}

impl InvalidName {
    fn of(text: &str) -> Option<Self> {
        let last_label = text.rsplit('.').next().unwrap_or(text);
        if text.is_empty() {
            Some(Self::Empty)
        } else if text.contains(char::is_whitespace) {
            Some(Self::Space)
        } else if text.contains('/') {
            Some(Self::Url)
        } else if text.contains([':', '[', ']']) {
            Some(Self::Port)
        } else if text.contains('*') {
            Some(Self::Wildcard)
        } else if !text.is_ascii() {
            Some(Self::NotAscii)
        } else if text.len() > 253 || !text.split('.').all(is_label) {
            Some(Self::NotDns)
        } else if last_label.bytes().all(|byte| byte.is_ascii_digit()) {
            Some(Self::BrokenAddress)
        } else {
            None
        }
    }

    pub(super) fn english(self) -> &'static str {
        match self {
            Self::Empty => "it is empty; give a DNS name or an IP address",
            Self::Space => "it contains spaces; repeat --tls-san, once for each name",
            Self::Url => "it looks like a URL; give the host name alone, without scheme and path",
            Self::Port => "give the name or address alone, without port and brackets",
            Self::Wildcard => "wildcards are not supported; name each host",
            Self::NotAscii => "it is not ASCII; give an internationalized name in its xn-- form, with half-width characters",
            Self::BrokenAddress => "it is not a complete IP address",
            Self::NotDns => "it is neither an IP address nor a DNS name (labels of 1 to 63 letters, digits, '-' or '_', separated by dots)",
        }
    }

    pub(super) fn japanese(self) -> &'static str {
        match self {
            Self::Empty => "空です。DNS 名か IPアドレスを指定してください",
            Self::Space => "空白が含まれています。名前ごとに --tls-san を繰り返してください",
            Self::Url => "URL のようです。スキームやパスを除いたホスト名だけを指定してください",
            Self::Port => "ポート番号や角括弧を除いた名前かアドレスだけを指定してください",
            Self::Wildcard => "ワイルドカードは使えません。ホスト名を1つずつ指定してください",
            Self::NotAscii => "ASCII 以外の文字が含まれています。半角文字で（国際化ドメイン名は xn-- 形式で）指定してください",
            Self::BrokenAddress => "IPアドレスとして不完全です",
            Self::NotDns => "IPアドレスでも DNS 名（英数字・-・_ 1〜63文字のラベルを点でつないだもの）でもありません",
        }
    }
}

/// DNS host names contain no underscores, but Docker Compose creates such names and clients
/// accept them.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
