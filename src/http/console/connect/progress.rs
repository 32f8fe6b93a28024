//! How far the receipt computer came: connection, TLS, login, check, linkage folder; and who failed
//! to connect.

use std::net::IpAddr;

use askama::Template;
use jiff::{SignedDuration, Timestamp};

use crate::domain::error_catalogue::ErrorId;
use crate::domain::handshake::Cause;
use crate::domain::ids::{InstitutionCode, TerminalAddress, TerminalId};
use crate::domain::operation::Operation;
use crate::domain::text::Text;
use crate::domain::troubleshooting::Heading;
use crate::http::app::App;
use crate::http::arrivals::Arrival;
use crate::http::console::entry_words::is_check;
use crate::http::console::language::Language;
use crate::http::console::visible::shortened;
use crate::http::console::words::time_of_day;
use crate::http::handshakes::FailedHandshake;
use crate::institutions::{Moment, Tenant};
use crate::journal::{Entry, FILE, ListedEntry};
use crate::listener::Listener;
use crate::policy::LoginPolicy;
use crate::store::StoreError;

/// How long ago a connection may be to be of interest.
const RECENT: SignedDuration = SignedDuration::from_mins(10);
/// The maximum number of requests without an institution that are shown.
const MAX_STRAYS: usize = 10;

/// The maximum number of characters of a text that quotes a client.
const MAX_SHOWN: usize = 200;

/// What the live parts of the page show, read once.
pub(super) struct ConnectionState {
    pub(super) lang: Language,
    pub(super) tenant: Tenant,
    pub(super) moment: Moment,
    /// The institution's requests, oldest first.
    entries: Vec<ListedEntry>,
    /// The recent requests that no institution could be found for, oldest first.
    strays: Vec<ListedEntry>,
    /// The recent failed handshakes, oldest first.
    failed: Vec<FailedHandshake>,
    accepted: Option<Arrival>,
    encrypted: Option<Arrival>,
    /// The other institutions that were asked recently, the newest first.
    others: Vec<(InstitutionCode, Timestamp)>,
    login: LoginPolicy,
    /// Whether a terminal of the institution has a linkage folder.
    has_folder: bool,
}

/// Reads the state; `None` if there is no such institution.
///
/// # Errors
/// The store does not work.
pub(super) async fn read(app: &App, code: &InstitutionCode, lang: Language) -> Result<Option<ConnectionState>, StoreError> {
    let Some((tenant, moment, page)) = app.institutions.with_journal(code).await? else {
        return Ok(None);
    };
    let since = moment.wall - RECENT;
    let mut strays = app.institutions.stray_entries(MAX_STRAYS).await?.entries;
    strays.retain(|stray| stray.entry.wall >= since);
    let mut failed = app.handshakes.recent();
    failed.retain(|failed| failed.wall >= since);
    let address = |terminal: &TerminalId| TerminalAddress { institution: code.clone(), terminal: terminal.clone() };
    let has_folder = tenant.institution.terminals.keys().any(|terminal| app.linkage.folder_of(&address(terminal)).is_some());
    let recent = |arrival: Option<Arrival>| arrival.filter(|arrival| arrival.wall >= since);
    Ok(Some(ConnectionState {
        lang,
        tenant,
        moment,
        entries: page.entries,
        strays,
        failed,
        accepted: recent(app.arrivals.accepted.get()),
        encrypted: recent(app.arrivals.encrypted.get()),
        others: app.arrivals.asked.get().into_iter().filter(|(other, at)| other != code && *at >= since).collect(),
        login: app.login,
        has_folder,
    }))
}

#[derive(Template)]
#[template(path = "console/connect/progress.html")]
struct Progress<'a> {
    lang: Language,
    code: &'a str,
    steps: Vec<Step>,
    /// Whether a check or a file reached the institution.
    arrived: bool,
}

/// A step of the receipt computer.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    name: &'static str,
    state: StepState,
    detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StepState {
    Done,
    Open,
    Failed,
    /// Nothing is expected.
    Unused,
}

impl StepState {
    fn class(self) -> &'static str {
        match self {
            Self::Done => "good",
            Self::Open => "wait",
            Self::Failed => "bad",
            Self::Unused => "soft",
        }
    }

    fn words(self, lang: &Language) -> &'static str {
        match self {
            Self::Done => lang.say("✓ 済み", "✓ done"),
            Self::Open => lang.say("○ まだ", "○ not yet"),
            Self::Failed => lang.say("✕ 失敗", "✕ failed"),
            Self::Unused => lang.say("― 使いません", "― not used"),
        }
    }
}

/// Renders the part `progress`.
pub(super) fn render(state: &ConnectionState) -> String {
    let steps = vec![state.tcp(), state.tls(), state.login(), state.check(), state.folder()];
    let arrived = steps[3..].iter().any(|step| step.state == StepState::Done);
    let part = Progress { lang: state.lang, code: state.tenant.institution.code.as_str(), steps, arrived };
    part.render().expect("the template formats texts into a String")
}

impl ConnectionState {
    fn tcp(&self) -> Step {
        let state = if self.accepted.is_some() || !self.entries.is_empty() { StepState::Done } else { StepState::Open };
        let detail = self.accepted.map(|arrival| self.arrived(arrival));
        self.step(self.lang.say("TCP 接続", "TCP connection"), state, detail)
    }

    fn tls(&self) -> Step {
        let name = "TLS";
        let failed = self.failed.iter().rev().find(|failed| failed.listener == Listener::Backend);
        let last = self.entries.last().map(|listed| listed.entry.wall).max(self.encrypted.map(|arrival| arrival.wall));
        if let Some(failed) = failed.filter(|failed| last.is_none_or(|last| failed.wall > last)) {
            return self.step(name, StepState::Failed, Some(self.lang.of(&failed.meaning).to_owned()));
        }
        let state = if last.is_some() { StepState::Done } else { StepState::Open };
        self.step(name, state, self.encrypted.map(|arrival| self.arrived(arrival)))
    }

    fn login(&self) -> Step {
        let lang = self.lang;
        let name = lang.say("ログイン", "Login");
        let login = self.last(|entry| entry.operation == Operation::Login);
        match login {
            Some(entry) => {
                self.step(name, if entry.error().is_some() { StepState::Failed } else { StepState::Done }, Some(self.said(entry)))
            }
            None if self.last(is_check).is_some() => self.step(name, StepState::Open, Some(self.without_login().to_owned())),
            None => self.step(name, StepState::Open, self.hint()),
        }
    }

    fn without_login(&self) -> &'static str {
        match self.login {
            LoginPolicy::Lenient => self.lang.say(
                "ログインせずに資格確認が行われました。このサーバーでは問題ありません（--login lenient）。実環境では、先にログインが必要です",
                "the check came without a login, which is all right here (--login lenient); the real system needs a login first",
            ),
            LoginPolicy::Strict => self.lang.say(
                "ログインせずに資格確認が行われました。先にログインしてください（--login strict）",
                "the check came without a login: log in first (--login strict)",
            ),
        }
    }

    fn check(&self) -> Step {
        let name = self.lang.say("資格確認", "Check");
        let state = |entry: &Entry| if is_understood(entry) { StepState::Done } else { StepState::Failed };
        match self.last(|entry| is_check(entry) && is_understood(entry)).or_else(|| self.last(is_check)) {
            Some(entry) => self.step(name, state(entry), Some(self.said(entry))),
            None => self.step(name, StepState::Open, self.hint()),
        }
    }

    fn folder(&self) -> Step {
        let lang = self.lang;
        let name = lang.say("連携フォルダー", "Linkage folder");
        match self.last(|entry| entry.method == FILE) {
            Some(entry) => {
                let state = if is_understood(entry) { StepState::Done } else { StepState::Failed };
                self.step(name, state, Some(self.said(entry)))
            }
            None if self.has_folder => self.step(name, StepState::Open, None),
            None => {
                let detail = Text::new("このサーバーでは使っていません（--linkage）", "This server serves none (--linkage)");
                self.step(name, StepState::Unused, Some(lang.of(&Heading::NoFile.after(&detail)).to_owned()))
            }
        }
    }

    fn step(&self, name: &'static str, state: StepState, detail: Option<String>) -> Step {
        Step { name, state, detail: detail.unwrap_or_default() }
    }

    /// Returns the last request that a condition holds for.
    fn last(&self, is_wanted: impl Fn(&Entry) -> bool) -> Option<&Entry> {
        self.entries.iter().rev().map(|listed| &listed.entry).find(|entry| is_wanted(entry))
    }

    fn arrived(&self, arrival: Arrival) -> String {
        let (time, address) = (time_of_day(arrival.wall), arrival.address);
        format!("{time}{}{address}", self.lang.say("、接続元 ", ", from "))
    }

    /// Returns when a request came and what became of it.
    fn said(&self, entry: &Entry) -> String {
        let lang = self.lang;
        let outcome = entry.error().map_or_else(|| lang.say("応答しました", "answered"), |error| lang.of(&error.message));
        format!("{}{}{outcome}", time_of_day(entry.wall), lang.say("、", ", "))
    }

    /// Returns what else came while nothing came for the institution.
    fn hint(&self) -> Option<String> {
        let lang = self.lang;
        if self.waits_beside_others() {
            return Some(
                lang.say("別の医療機関コードへの要求があります（下の「接続の失敗」）", "another institution was asked: see below")
                    .to_owned(),
            );
        }
        let hint =
            lang.say("医療機関を特定できない要求があります（下の表）", "some requests name no known institution: see the table below");
        (!self.strays.is_empty()).then(|| hint.to_owned())
    }

    /// Whether other institutions were asked, and this one has had no check yet.
    fn waits_beside_others(&self) -> bool {
        !self.others.is_empty() && self.last(is_check).is_none()
    }
}

/// Whether the request was read and its sender was accepted, whatever the answer is.
fn is_understood(entry: &Entry) -> bool {
    entry.error().is_none_or(|error| {
        matches!(
            error.id,
            ErrorId::TerminalOff
                | ErrorId::TerminalStarting
                | ErrorId::RestartRequired
                | ErrorId::RestartDidNotHelp
                | ErrorId::UpdateMissing
                | ErrorId::LineDown
                | ErrorId::PersonRefused
                | ErrorId::PersonUnmatched
        )
    })
}

#[derive(Template)]
#[template(path = "console/connect/failures.html")]
struct Failures<'a> {
    lang: Language,
    /// At the port of the backend.
    failures: Vec<Failure<'a>>,
    /// At the port of the control API and the console.
    others: Vec<Failure<'a>>,
    strays: Vec<Stray>,
    /// The institution's own code.
    code: &'a InstitutionCode,
    /// Other institutions that were asked, and when.
    asked: Vec<(String, &'a InstitutionCode)>,
    /// Whether nothing arrived at all.
    silent: bool,
}

/// Handshakes from one address that failed for the same reason.
struct Failure<'a> {
    address: IpAddr,
    cause: Cause,
    /// When the last one failed.
    time: String,
    times: usize,
    meaning: &'a str,
    remedy: &'a str,
}

/// A request that no institution could be found for.
struct Stray {
    time: String,
    path: String,
    why: String,
    /// Whether it was a receipt computer's, which may have another code to name.
    is_clients: bool,
}

/// Renders the part `failures`.
pub(super) fn render_failures(state: &ConnectionState) -> String {
    let lang = state.lang;
    let failures = failures_at(state, Listener::Backend);
    let strays = state.strays.iter().rev().map(|listed| &listed.entry);
    let part = Failures {
        lang,
        strays: strays
            .map(|entry| Stray {
                time: time_of_day(entry.wall),
                path: shortened(&entry.path, MAX_SHOWN),
                why: shortened(lang.of(&entry.why), MAX_SHOWN),
                is_clients: entry.operation.is_of_client(),
            })
            .collect(),
        code: &state.tenant.institution.code,
        asked: if state.waits_beside_others() {
            state.others.iter().map(|(code, at)| (time_of_day(*at), code)).collect()
        } else {
            Vec::new()
        },
        silent: failures.is_empty() && state.accepted.is_none() && state.entries.is_empty(),
        failures,
        others: failures_at(state, Listener::Control),
    };
    part.render().expect("the template formats texts into a String")
}

/// Returns the failed handshakes at a listener, the newest first.
fn failures_at(state: &ConnectionState, listener: Listener) -> Vec<Failure<'_>> {
    let mut failures: Vec<Failure<'_>> = Vec::new();
    for failed in state.failed.iter().rev().filter(|failed| failed.listener == listener) {
        let (address, cause) = (failed.peer.ip().to_canonical(), failed.cause);
        match failures.iter_mut().find(|known| (known.address, known.cause) == (address, cause)) {
            Some(known) => known.times += 1,
            None => {
                let (meaning, remedy) = (state.lang.of(&failed.meaning), state.lang.of(&failed.remedy));
                failures.push(Failure { address, cause, time: time_of_day(failed.wall), times: 1, meaning, remedy });
            }
        }
    }
    failures
}
