//! Parsers of single settings, for the command line and the file.

use std::net::SocketAddr;

use jiff::civil::Date;
use reqwest::Url;
use serde::Deserialize;

use crate::domain::ids::TerminalAddress;
use crate::domain::period::Period;
use crate::domain::text::Text;
use crate::store::Target;
use crate::verdict::RULE_SET;

pub(crate) fn terminal_address(text: &str) -> Result<TerminalAddress, String> {
    TerminalAddress::parse(text).map_err(|error| {
        let Text { ja, en } = error.text();
        format!("{ja} / {en}")
    })
}

pub(super) fn store(text: &str) -> Result<Target, String> {
    text.parse()
}

pub(super) fn read_store<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Target>, D::Error> {
    let text = String::deserialize(deserializer)?;
    store(&text).map(Some).map_err(serde::de::Error::custom)
}

pub(super) fn strictness(text: &str) -> Result<Date, String> {
    let first = RULE_SET.date;
    let date: Date = text.parse().map_err(|_| format!("{first} のような日付が必要です / a date such as {first} is expected"))?;
    (date >= first).then_some(date).ok_or_else(|| format!("最初のルールセットは {first} です / the first rule set is of {first}"))
}

pub(super) fn read_strictness<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let text = String::deserialize(deserializer)?;
    strictness(&text).map(Some).map_err(serde::de::Error::custom)
}

pub(super) fn collector(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some());
    url.ok_or_else(|| "http:// か https:// のアドレスが必要です / expected an address such as http://collector:4318/v1/traces".to_owned())
}

pub(super) fn read_collector<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    let text = String::deserialize(deserializer)?;
    collector(&text).map(Some).map_err(serde::de::Error::custom)
}

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "IPアドレスとポートが必要です / expected an IP address with a port, such as 127.0.0.1:8443 or [::1]:8443".to_owned())
}

pub(super) fn period(text: &str) -> Result<Period, String> {
    Period::try_from(text.to_owned()).map_err(|error| format!("PT1S のような ISO 8601 の時間（P400D まで）が必要です / {error}"))
}
