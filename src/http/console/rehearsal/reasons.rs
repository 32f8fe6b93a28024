//! The reason of an outcome, short enough for a row. The page of the request has all of it.

use crate::domain::error_catalogue::ErrorId;
use crate::domain::event::{Change, EventLog, SwitchOff};
use crate::domain::text::Text;
use crate::http::console::language::Language;
use crate::http::console::visible::shortened;
use crate::http::console::words::time_of;
use crate::journal::Entry;

/// The maximum number of characters.
const MAX_REASON: usize = 160;

/// Returns the reason.
pub(super) fn reason(lang: Language, entry: &Entry, events: &EventLog) -> String {
    let text = restart_missing(lang, entry, events).unwrap_or_else(|| lang.of(&entry.why).to_owned());
    shortened(&text, MAX_REASON)
}

/// Returns the reason if an update was installed and the terminal was not booted since; `None` if
/// the reason is another, or if the events do not show it.
fn restart_missing(lang: Language, entry: &Entry, events: &EventLog) -> Option<String> {
    let (error, terminal, found) = (entry.error()?, entry.terminal()?, entry.found.as_ref()?);
    if error.id != ErrorId::RestartRequired || events.evicted() > 0 {
        return None;
    }
    let before = || events.iter().rev().filter(|event| event.number <= found.last_event && event.terminal == *terminal);
    let installed = before().find(|event| matches!(event.change, Change::Installed { .. }));
    let since = || before().filter(|event| installed.is_none_or(|installed| event.number > installed.number));
    if since().any(|event| matches!(event.change, Change::Booted { .. })) {
        return None;
    }
    let mut text = match installed.map(|installed| time_of(lang, installed.at)) {
        Some(time) => Text::new(
            format!("{time} に更新がインストールされ、その後の再起動がありません。"),
            format!("An update was installed at {time}, and there was no restart since."),
        ),
        None => {
            Text::new("更新がインストールされ、その後の再起動がありません。", "An update was installed, and there was no restart since.")
        }
    };
    let hibernated = |change: &Change| matches!(change, Change::SwitchedOff { how: SwitchOff::Shutdown, hibernated: true });
    if since().any(|event| hibernated(&event.change)) {
        text.ja.push_str("シャットダウンは、高速スタートアップでは再起動になりません。");
        text.en.push_str(" A shutdown is no restart under fast startup.");
    }
    if since().any(|event| event.change == Change::LinkageRestarted) {
        text.ja.push_str("連携アプリケーションだけの再起動では足りません。");
        text.en.push_str(" A restart of the linkage application alone is not enough.");
    }
    Some(lang.of(&text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::campaign::Component;
    use crate::domain::ids::{BootId, TerminalId, Version};
    use crate::domain::operation::Operation;
    use crate::domain::terminal::Phase;
    use crate::domain::terminal_condition::TerminalCondition;
    use crate::journal::example::{error, example};
    use crate::journal::{EntryTerminal, Outcome};

    /// Returns the reason of a check that was refused after these events.
    fn reason_after(changes: Vec<Change>) -> String {
        let terminal = TerminalId::parse("T1").unwrap();
        let mut events = EventLog::default();
        for change in changes {
            events.record("2026-01-19T11:06:00Z".parse().unwrap(), &terminal, change);
        }
        let found = Some(TerminalCondition { phase: Phase::Pending, last_event: events.last(), other_terminals: Vec::new() });
        let outcome = Outcome::refused(error(ErrorId::RestartRequired), None);
        let entry = Entry { terminal: Some(EntryTerminal::Named(terminal)), found, ..example(Operation::Search, outcome) };
        reason(Language::Japanese, &entry, &events)
    }

    fn installed() -> Change {
        let (component, version) = (Component::LinkageApplication, Version::parse("5.3.0").unwrap());
        Change::Installed { component, version, restart_required: true }
    }

    #[test]
    fn a_missing_restart_is_told_with_what_was_taken_for_one() {
        assert_eq!(reason_after(Vec::new()), "更新がインストールされ、その後の再起動がありません。");
        assert_eq!(reason_after(vec![installed()]), "01-19（月） 20:06:00 に更新がインストールされ、その後の再起動がありません。");
        let shutdown = Change::SwitchedOff { how: SwitchOff::Shutdown, hibernated: true };
        assert!(reason_after(vec![installed(), shutdown]).ends_with("高速スタートアップでは再起動になりません。"));
        assert!(reason_after(vec![Change::LinkageRestarted, installed()]).ends_with("再起動がありません。"), "before the installation");
    }

    #[test]
    fn after_a_boot_the_reason_is_the_journals() {
        let booted = Change::Booted { boot: BootId::numbered(2), applied: Vec::new() };
        assert_eq!(reason_after(vec![installed(), booted]), "w");
    }
}
