//! The failed handshakes of both listeners: logs them, and keeps the recent ones for the control
//! API.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use hashlink::LinkedHashMap;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::handshake::Cause;
use crate::domain::japan;
use crate::domain::text::Text;
use crate::listener::Listener;
use crate::tls::HandshakeError;

/// The maximum number of failed handshakes that are kept.
const MAX_KEPT: usize = 100;

/// The minimum time between two log lines with the same address and cause.
const LOG_INTERVAL: SignedDuration = SignedDuration::from_mins(1);

/// The maximum number of addresses and causes for which the time of the last log line is kept.
/// Beyond it the oldest are evicted, and may be logged again sooner.
const MAX_LOGGED_KINDS: usize = 1000;

/// A failed TLS handshake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FailedHandshake {
    /// The time by the machine's clock.
    #[serde(serialize_with = "japan::serialize")]
    pub wall: Timestamp,
    /// Address and port of the client, or of the last proxy before this server.
    #[schemars(with = "String", example = "192.168.0.20:50312")]
    pub peer: SocketAddr,
    /// The listener to which the client connected.
    pub listener: Listener,
    /// The cause.
    pub cause: Cause,
    /// The alert that the client sent, by its name in RFC 8446 or its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<String>,
    /// What happened.
    pub meaning: Text,
    /// The remedy.
    pub remedy: Text,
}

/// The failed handshakes of one server.
#[derive(Debug, Default)]
pub struct Handshakes(Mutex<HandshakeLog>);

#[derive(Debug, Default)]
struct HandshakeLog {
    /// Oldest first.
    failed: VecDeque<FailedHandshake>,
    /// The time of the last log line for each address and cause, in the order of these times.
    logged: LinkedHashMap<(IpAddr, Cause), Timestamp>,
}

impl Handshakes {
    /// Stores a handshake that failed at `now`, and logs it unless the same was logged within a
    /// minute.
    pub fn record(&self, listener: Listener, peer: SocketAddr, error: HandshakeError, now: Timestamp) {
        let HandshakeError { cause, alert } = error;
        let failed = FailedHandshake { wall: now, peer, listener, cause, alert, meaning: cause.meaning(), remedy: cause.remedy() };
        let line = failed.log_line();
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_to_be_logged = log.is_to_be_logged(peer.ip().to_canonical(), cause, now);
        if log.failed.len() == MAX_KEPT {
            log.failed.pop_front();
        }
        log.failed.push_back(failed);
        drop(log);
        if is_to_be_logged {
            tracing::warn!("{line}");
        }
    }

    /// Returns the last 100 failed handshakes, oldest first.
    pub fn recent(&self) -> Vec<FailedHandshake> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).failed.iter().cloned().collect()
    }
}

impl HandshakeLog {
    /// Whether to log this address and cause now. If so, records it as logged.
    fn is_to_be_logged(&mut self, address: IpAddr, cause: Cause, now: Timestamp) -> bool {
        let since = self.logged.get(&(address, cause)).map(|logged| now.duration_since(*logged));
        // If the clock was set back, the line is logged nevertheless.
        if since.is_some_and(|since| (SignedDuration::ZERO..LOG_INTERVAL).contains(&since)) {
            return false;
        }
        self.logged.insert((address, cause), now);
        if self.logged.len() > MAX_LOGGED_KINDS {
            self.logged.pop_front();
        }
        true
    }
}

impl FailedHandshake {
    /// Returns the log line.
    fn log_line(&self) -> String {
        let Self { peer, listener, cause, alert, meaning, remedy, .. } = self;
        let (port_ja, port_en) = match listener {
            Listener::Backend => ("バックエンド", "the backend"),
            Listener::Control => ("管理API", "the control API"),
        };
        let (alert_ja, alert_en) = match alert {
            Some(alert) => (format!("、クライアントのアラート {alert}"), format!(", the client's alert {alert}")),
            None => Default::default(),
        };
        let cause = cause.name();
        format!(
            "{peer} から{port_ja}への TLS 接続に失敗しました（{cause}{alert_ja}）。{}{} / TLS from {peer} to {port_en} failed ({cause}{alert_en}). {} {}",
            meaning.ja, remedy.ja, meaning.en, remedy.en
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAUSE: Cause = Cause::UntrustedCa;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn address(number: u32) -> IpAddr {
        IpAddr::from(number.to_be_bytes())
    }

    #[test]
    fn one_line_a_minute_for_each_address_and_cause() {
        let mut log = HandshakeLog::default();
        assert!(log.is_to_be_logged(address(1), CAUSE, at(0)));
        assert!(!log.is_to_be_logged(address(1), CAUSE, at(59)));
        assert!(log.is_to_be_logged(address(1), Cause::Closed, at(59)), "another cause");
        assert!(log.is_to_be_logged(address(2), CAUSE, at(59)), "another address");
        assert!(log.is_to_be_logged(address(1), CAUSE, at(60)));
        assert!(!log.is_to_be_logged(address(1), CAUSE, at(119)));
        assert!(log.is_to_be_logged(address(1), CAUSE, at(-500)), "the clock was set back");
    }

    #[test]
    fn what_is_known_of_the_log_is_bounded_and_the_oldest_goes_first() {
        let mut log = HandshakeLog::default();
        let all = u32::try_from(MAX_LOGGED_KINDS).unwrap();
        for number in 0..all + 1 {
            assert!(log.is_to_be_logged(address(number), CAUSE, at(0)));
        }
        assert_eq!(log.logged.len(), MAX_LOGGED_KINDS);
        assert!(!log.is_to_be_logged(address(1), CAUSE, at(1)), "still known");
        assert!(log.is_to_be_logged(address(0), CAUSE, at(1)), "forgotten");
    }

    #[test]
    fn the_last_hundred_are_kept() {
        let handshakes = Handshakes::default();
        for port in 1..=150 {
            let error = HandshakeError { cause: CAUSE, alert: Some("unknown_ca".to_owned()) };
            handshakes.record(Listener::Backend, SocketAddr::from(([127, 0, 0, 1], port)), error, at(i64::from(port)));
        }
        let ports: Vec<u16> = handshakes.recent().iter().map(|failed| failed.peer.port()).collect();
        assert_eq!(ports, (51..=150).collect::<Vec<u16>>());
    }

    #[test]
    fn the_line_says_who_what_and_what_to_do_in_both_languages() {
        let error = HandshakeError { cause: CAUSE, alert: Some("unknown_ca".to_owned()) };
        let handshakes = Handshakes::default();
        handshakes.record(Listener::Backend, SocketAddr::from(([192, 168, 0, 20], 50312)), error, at(0));
        assert_eq!(
            handshakes.recent()[0].log_line(),
            "192.168.0.20:50312 からバックエンドへの TLS 接続に失敗しました（untrusted_ca、クライアントのアラート unknown_ca）。\
             クライアントがテスト用CAを信頼していません。クライアントに certs/ca.pem を信頼させてください。\
             docs/troubleshooting.ja.md の「TLS で接続できない」を参照してください。 / \
             TLS from 192.168.0.20:50312 to the backend failed (untrusted_ca, the client's alert unknown_ca). \
             The client does not trust the CA for tests. Let the client trust certs/ca.pem. \
             See 'TLS is refused' in docs/troubleshooting.md."
        );
    }
}
