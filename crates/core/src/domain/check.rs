//! The decision whether a check reaches the inquiry: the refusals of the terminal, each with its
//! reason.

use jiff::Timestamp;

use super::call_centre::CallCentre;
use super::campaign::Component;
use super::error_catalogue::{Entry, ErrorId, Mark};
use super::event::{Change, SwitchOff};
use super::institution::Institution;
use super::japan;
use super::terminal::{Driver, Power, Terminal};
use super::text::Text;

/// The maximum length, in characters, of a detail that quotes text from outside.
const MAX_DETAIL: usize = 600;

/// The refusal of a request, with its reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", .error.name(), .why.en)]
pub struct Refusal {
    /// The error.
    pub error: ErrorId,
    /// The values for the `{name}` placeholders of the message.
    pub values: Vec<(&'static str, Text)>,
    /// The reason, for the journal.
    pub why: Text,
    /// After how many seconds a retry makes sense, if known.
    pub retry_after: Option<u64>,
}

impl Refusal {
    /// Returns the message of the catalogue entry, with its placeholders replaced.
    pub fn message(&self, entry: &Entry) -> Text {
        let values: Vec<(&str, &Text)> = self.values.iter().map(|(name, value)| (*name, value)).collect();
        let message = entry.message.fill(&values);
        Text::new(message.ja.trim_end(), message.en.trim_end())
    }

    /// Returns the message for the response, in Japanese. If code or wording are invented, a label
    /// says so.
    pub fn on_the_wire(&self, entry: &Entry) -> String {
        let message = self.message(entry).ja;
        match (entry.provenance.code, entry.provenance.message) {
            (Mark::Invented, _) => format!("{message}（{} は模擬の仮コードです）", entry.code),
            (_, Mark::Invented) => format!("{message}（文言は模擬の仮のものです）"),
            _ => message,
        }
    }

    /// Returns the reason; if there is no other reason, the message.
    pub fn why(&self, entry: &Entry) -> Text {
        if self.why.ja.is_empty() { self.message(entry) } else { self.why.clone() }
    }

    /// Sets the number of seconds after which a retry makes sense.
    pub fn with_retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// Creates a refusal whose message has the placeholder `{detail}`. The detail is also the
    /// reason.
    pub fn detailed(error: ErrorId, detail: Text) -> Self {
        Self { values: vec![("detail", detail.clone())], ..Self::new(error, detail) }
    }

    /// Creates such a refusal whose detail quotes text from the client or the system. The detail is
    /// truncated, because the journal stores it.
    pub fn quoting(error: ErrorId, detail: Text) -> Self {
        Self::detailed(error, detail.clipped(MAX_DETAIL))
    }

    /// Creates a refusal whose message has no placeholders.
    pub fn new(error: ErrorId, why: Text) -> Self {
        Self { error, values: Vec::new(), why, retry_after: None }
    }
}

/// Returns why the terminal refuses a check by card data. The order of precedence is: off,
/// starting, line down, pending, outdated. That a pending terminal refuses checks by card data too
/// is a reading.
pub fn refusal(institution: &Institution, terminal: &Terminal, call_centre: &CallCentre, now: Timestamp) -> Option<Refusal> {
    let pending = || pending(institution, terminal, call_centre, now).filter(|_| institution.readings.card_data_check_refused);
    unavailable(terminal, now).or_else(|| line_down(terminal)).or_else(pending).or_else(|| outdated_refusal(institution, terminal, now))
}

/// Whether a check by card data reaches the inquiry.
pub fn reaches_inquiry(institution: &Institution, terminal: &Terminal, now: Timestamp) -> bool {
    let refused_as_pending = terminal.is_pending() && institution.readings.card_data_check_refused;
    let reachable = unavailable(terminal, now).or_else(|| line_down(terminal)).is_none();
    reachable && !refused_as_pending && outdated_refusal(institution, terminal, now).is_none()
}

/// Returns the error that the terminal itself shows for a check at its reader (N5). No reading
/// changes it.
pub fn shown_error(institution: &Institution, terminal: &Terminal, call_centre: &CallCentre, now: Timestamp) -> Option<Refusal> {
    let pending = || pending(institution, terminal, call_centre, now);
    unavailable(terminal, now).or_else(|| line_down(terminal)).or_else(pending).or_else(|| outdated_refusal(institution, terminal, now))
}

/// Returns why the terminal does not respond at all: it is off, or booting.
pub fn unavailable(terminal: &Terminal, now: Timestamp) -> Option<Refusal> {
    if terminal.power != Power::On {
        let why = Text::new(format!("端末 {} の電源が切れています。", terminal.id), format!("Terminal {} is off.", terminal.id));
        return Some(Refusal::new(ErrorId::TerminalOff, why));
    }
    let until = (now < terminal.boot.ready_at).then(|| japan::to_the_second(terminal.boot.ready_at))?;
    let why = Text::new(
        format!("端末 {} は {until} まで起動中です。", terminal.id),
        format!("Terminal {} is booting until {until}.", terminal.id),
    );
    Some(Refusal::new(ErrorId::TerminalStarting, why))
}

/// Returns the refusal for a lost line. It precedes the pending update, because the check does not
/// get that far.
fn line_down(terminal: &Terminal) -> Option<Refusal> {
    let why = || {
        Text::new(
            format!("端末 {} の回線認証が失われています（設定 line_down）。再起動では解消しません。", terminal.id),
            format!("The line's authentication of terminal {} is lost (setting line_down); no restart cures that.", terminal.id),
        )
    };
    terminal.settings.line_down.then(|| Refusal::new(ErrorId::LineDown, why()))
}

/// Returns the refusal for a pending update: installed and running version differ (N5, N9).
fn pending(institution: &Institution, terminal: &Terminal, call_centre: &CallCentre, now: Timestamp) -> Option<Refusal> {
    if !terminal.is_pending() {
        return None;
    }
    let why = why_pending(institution, terminal);
    let mut unresolved = terminal.unresolved_by_restart().map(|(component, _)| component).peekable();
    if unresolved.peek().is_none() {
        return Some(Refusal::new(ErrorId::RestartRequired, why));
    }
    let reader_alone = !terminal.settings.stuck && institution.readings.reader_needs_own_restart && unresolved.all(Component::is_of_reader);
    if reader_alone {
        let order = Text::new(
            "カードリーダーの電源の入れ直しも必要です（設定 reader_needs_own_restart）。順序：カードリーダーの電源を切る、端末をシャットダウンする、カードリーダーの電源を入れる、端末を起動する。",
            "The reader has to be switched off and on, too (reading reader_needs_own_restart): reader off, terminal down, reader on, terminal on.",
        );
        return Some(Refusal::new(ErrorId::RestartRequired, append(why, &order)));
    }
    let cause = match terminal.settings.driver {
        Driver::Virtual => Text::new(
            "前回の再起動では更新を適用できませんでした（設定 stuck）。",
            "The last restart failed to apply the update (setting stuck).",
        ),
        Driver::External => {
            Text::new("再起動後の報告でも、古いバージョンが実行中です。", "The report after the restart still has the old version running.")
        }
    };
    let values = vec![
        ("call_centre", call_centre.name.clone()),
        ("phone", Text::same(&call_centre.phone)),
        ("answers", call_centre.opening_status(now).text()),
        ("article", Text::same(&call_centre.fallback.article)),
        ("url", Text::same(&call_centre.fallback.url)),
    ];
    Some(Refusal { error: ErrorId::RestartDidNotHelp, values, why: append(why, &cause), retry_after: None })
}

fn append(mut text: Text, more: &Text) -> Text {
    text.ja.push_str(&more.ja);
    text.en.push(' ');
    text.en.push_str(&more.en);
    text
}

fn why_pending(institution: &Institution, terminal: &Terminal) -> Text {
    let pending = terminal.components().filter(|(_, software)| software.is_pending());
    let parts = pending.map(|(component, software)| {
        let (installed, running) = (&software.installed, &software.running);
        let title = component.title();
        Text::new(
            format!("{}はインストール済み {installed}・実行中 {running}", title.ja),
            format!("{}: {installed} installed, {running} running", title.en),
        )
    });
    let (ja, en): (Vec<_>, Vec<_>) = parts.map(|part| (part.ja, part.en)).unzip();
    let boot = &terminal.boot;
    let mut why = Text::new(
        format!("{}。最後の起動は {}（{}）です。", ja.join("、"), boot.id, japan::to_the_second(boot.at)),
        format!("{}. The last boot is {} ({}).", en.join("; "), boot.id, japan::to_the_second(boot.at)),
    );
    let not_boots = not_boots_since_installation(institution, terminal);
    for what in not_boots {
        why = append(why, &what);
    }
    why
}

/// Lists the actions since the installation that may look like a restart but are none.
fn not_boots_since_installation(institution: &Institution, terminal: &Terminal) -> Vec<Text> {
    let own = || institution.events.iter().filter(|event| event.terminal == terminal.id);
    let installed = |component| {
        let is_it = |change: &Change| matches!(change, Change::Installed { component: installed, .. } if *installed == component);
        own().rfind(|event| is_it(&event.change)).map_or(0, |event| event.number)
    };
    let pending = terminal.components().filter(|(_, software)| software.is_pending());
    // Compared by number, not by time: the clock may have been set since.
    let first = pending.map(|(component, _)| installed(component)).min().unwrap_or(0);
    let events = || own().filter(|event| event.number > first);
    let mut found = Vec::new();
    if events().any(|event| matches!(event.change, Change::SwitchedOff { how: SwitchOff::Shutdown, hibernated: true })) {
        found.push(Text::new(
            "インストール後にシャットダウンされましたが、高速スタートアップではセッションが保存されるため、電源を入れ直しても再起動になりません。",
            "It was shut down since, but under fast startup the session is kept: switching on again is not a restart.",
        ));
    }
    if events().any(|event| event.change == Change::LinkageRestarted) {
        found.push(Text::new(
            "連携アプリケーションだけの再起動は、端末の再起動ではありません。",
            "The linkage application was restarted alone: that is not a restart of the terminal.",
        ));
    }
    found
}

/// Returns the refusal for an update that is not installed (N11). It applies only from the date in
/// the setting `outdated_refused_from`.
fn outdated_refusal(institution: &Institution, terminal: &Terminal, now: Timestamp) -> Option<Refusal> {
    let from = institution.readings.outdated_refused_from?;
    if japan::civil(now).date() < from || terminal.newer_packages(&institution.campaign).next().is_none() {
        return None;
    }
    let why = Text::new(
        format!("更新がインストールされておらず、設定 outdated_refused_from（{from}）を過ぎています。"),
        format!("The update is not installed, and the setting outdated_refused_from ({from}) has passed."),
    );
    Some(Refusal::new(ErrorId::UpdateMissing, why))
}
