//! Whether a check gets through to the inquiry: the terminal's refusals, each with what decided it.

use jiff::Timestamp;

use super::call_centre::CallCentre;
use super::catalogue::ErrorId;
use super::event::{Change, SwitchOff};
use super::institution::Institution;
use super::japan;
use super::terminal::{Power, Terminal};
use super::text::Text;

/// A check that was refused, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which error.
    pub error: ErrorId,
    /// What fills the `{name}` marks of its message.
    pub values: Vec<(&'static str, Text)>,
    /// What decided it, for the journal.
    pub why: Text,
}

impl Refusal {
    /// A refusal whose message has no marks.
    pub fn new(error: ErrorId, why: Text) -> Self {
        Self { error, values: Vec::new(), why }
    }
}

/// The terminal's reason to refuse a check by card data, in the order of refusals: off, starting, pending, outdated.
pub fn refusal(institution: &Institution, terminal: &Terminal, call_centre: &CallCentre, now: Timestamp) -> Option<Refusal> {
    if terminal.power != Power::On {
        let why = Text::new(format!("端末 {} の電源が切れています。", terminal.id), format!("Terminal {} is off.", terminal.id));
        return Some(Refusal::new(ErrorId::TerminalOff, why));
    }
    if now < terminal.boot.ready_at {
        let until = japan::rfc3339(terminal.boot.ready_at);
        let why = Text::new(
            format!("端末 {} は {until} まで起動中です。", terminal.id),
            format!("Terminal {} is booting until {until}.", terminal.id),
        );
        return Some(Refusal::new(ErrorId::TerminalStarting, why));
    }
    if terminal.is_pending() {
        return institution.readings.card_data_check_refused.then(|| pending(institution, terminal, call_centre, now));
    }
    outdated(institution, terminal, now)
}

/// N5 and N9: installed and running version differ.
fn pending(institution: &Institution, terminal: &Terminal, call_centre: &CallCentre, now: Timestamp) -> Refusal {
    let why = why_pending(institution, terminal);
    if terminal.unhelped().next().is_none() {
        return Refusal::new(ErrorId::RestartRequired, why);
    }
    let values = vec![
        ("call_centre", call_centre.name.clone()),
        ("phone", Text::same(&call_centre.phone)),
        ("answers", call_centre.answers(now).text()),
        ("article", Text::same(&call_centre.fallback.article)),
        ("url", Text::same(&call_centre.fallback.url)),
    ];
    let why = Text::new(
        format!("{}端末は再起動しても更新を適用できません（設定 stuck）。", why.ja),
        format!("{} The restart failed to apply the update (setting stuck).", why.en),
    );
    Refusal { error: ErrorId::RestartDidNotHelp, values, why }
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
        format!("{}。最後の起動は {}（{}）です。", ja.join("、"), boot.id, japan::rfc3339(boot.at)),
        format!("{}. The last boot is {} ({}).", en.join("; "), boot.id, japan::rfc3339(boot.at)),
    );
    let not_boots = not_boots_since_installation(institution, terminal);
    for what in not_boots {
        why.ja.push_str(&what.ja);
        why.en.push(' ');
        why.en.push_str(&what.en);
    }
    why
}

/// What was done since the installation in the belief that it was a restart, and is none.
fn not_boots_since_installation(institution: &Institution, terminal: &Terminal) -> Vec<Text> {
    let own = || institution.events.kept().filter(|event| event.terminal == terminal.id);
    let installed = |component| {
        let is_it = |change: &Change| matches!(change, Change::Installed { component: installed, .. } if *installed == component);
        own().rfind(|event| is_it(&event.change)).map_or(0, |event| event.number)
    };
    let pending = terminal.components().filter(|(_, software)| software.is_pending());
    // By number, not by time: the clock may have been set anew since.
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

/// N11: an update that is not installed at all is no error, unless the setting says so from a date on.
fn outdated(institution: &Institution, terminal: &Terminal, now: Timestamp) -> Option<Refusal> {
    let from = institution.readings.outdated_refused_from?;
    if japan::civil(now).date() < from || terminal.wanted(&institution.campaign).next().is_none() {
        return None;
    }
    let why = Text::new(
        format!("更新がインストールされておらず、設定 outdated_refused_from（{from}）を過ぎています。"),
        format!("The update is not installed, and the setting outdated_refused_from ({from}) has passed."),
    );
    Some(Refusal::new(ErrorId::UpdateMissing, why))
}
