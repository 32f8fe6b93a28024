//! What a terminal waits for, in words.

use jiff::Timestamp;

use crate::domain::calendar::{next_window, open_window};
use crate::domain::institution::Institution;
use crate::domain::japan;
use crate::domain::terminal::{Driver, DueAction, Phase, Power, Terminal, TerminalEnvironment};
use crate::http::console::language::Language;
use crate::http::console::words::{time_of, time_of_day};

/// Returns what a terminal waits for.
pub(super) fn waits_for(lang: Language, institution: &Institution, terminal: &Terminal, now: Timestamp) -> String {
    let say = |ja: &str, en: &str| lang.say(ja, en).to_owned();
    match terminal.phase(&institution.campaign, now) {
        Phase::Off => off(lang, terminal, now),
        Phase::Starting => {
            format!("{}{}{}", say("起動の完了（", "the end of its start ("), time_of_day(terminal.boot.ready_at), say("）", ")"))
        }
        Phase::Pending => pending(lang, institution, terminal),
        Phase::Downloading | Phase::Installing => under_way(lang, institution, terminal, now),
        Phase::UpdateAvailable => update(lang, institution, terminal, now),
        Phase::UpToDate => say("なし", "nothing"),
    }
}

fn off(lang: Language, terminal: &Terminal, now: Timestamp) -> String {
    let scheduled = terminal.settings.power_schedule.filter(|_| !matches!(terminal.power, Power::Off { unplugged: true, .. }));
    match scheduled {
        Some(schedule) => {
            let on = time_of(lang, japan::next_time_of_day(now, schedule.on));
            format!("{}{on}{}", lang.say("電源オン（予定 ", "being switched on (planned for "), lang.say("）", ")"))
        }
        None => lang.say("電源オン（「電源」を押す）", "being switched on (press the button of its power)").to_owned(),
    }
}

fn pending(lang: Language, institution: &Institution, terminal: &Terminal) -> String {
    let mut unresolved = terminal.unresolved_by_restart().map(|(component, _)| component).peekable();
    if unresolved.peek().is_some() {
        let reader_alone = institution.readings.reader_needs_own_restart && unresolved.all(|component| component.is_of_reader());
        let (ja, en) = if reader_alone && !terminal.settings.stuck {
            ("カードリーダーの電源の入れ直しと、端末の再起動", "its card reader to be switched off and on, and a restart")
        } else {
            ("再起動しても解消しません（コールセンターへの連絡が必要）", "the call centre: a restart does not help")
        };
        return lang.say(ja, en).to_owned();
    }
    let restart = lang.say("端末の再起動（シャットダウンではなく）", "a restart (not a shutdown)");
    match terminal.settings.automatic_restart {
        Some(time) => {
            let time = time.strftime("%H:%M");
            format!("{restart}{}{time}", lang.say("。自動の再起動は ", "; it restarts by itself at "))
        }
        None => restart.to_owned(),
    }
}

fn under_way(lang: Language, institution: &Institution, terminal: &Terminal, now: Timestamp) -> String {
    let Some(progress) = terminal.progress(now) else {
        return String::new();
    };
    let title = progress.component.title();
    let until = time_of_day(progress.until);
    let size = institution.campaign.package(progress.component).map_or(progress.received, |package| package.size);
    let percent = progress.received.min(size) * 100 / size.max(1);
    if percent < 100 {
        let what = lang.say("のダウンロード", "the download of ");
        return match lang {
            Language::Japanese => format!("{}{what}（{percent}%、{until} まで）", title.ja),
            Language::English => format!("{what}{} ({percent}%, until {until})", title.en),
        };
    }
    match lang {
        Language::Japanese => format!("{}のインストール（{until} まで）", title.ja),
        Language::English => format!("the installation of {} (until {until})", title.en),
    }
}

fn update(lang: Language, institution: &Institution, terminal: &Terminal, now: Timestamp) -> String {
    let campaign = &institution.campaign;
    let say = |ja: &str, en: &str| lang.say(ja, en).to_owned();
    if terminal.settings.line_down {
        return say("回線の復旧", "the line");
    }
    if campaign.is_halted() {
        return say("配信の再開", "distribution to go on");
    }
    let windows = campaign.windows(&institution.readings);
    let environment = TerminalEnvironment { campaign, readings: &institution.readings, windows: &windows };
    if let Some((at, DueAction::Poll)) = terminal.next_due(environment) {
        return format!("{}{}{}", say("更新の取得（", "fetching the update ("), time_of(lang, at), say("）", ")"));
    }
    if let Some(window) = next_window(&windows, now).filter(|_| open_window(&windows, now).is_none()) {
        return format!("{}{}{}", say("次の配信時間（", "the next window ("), time_of(lang, window.start), say(" から）", ")"));
    }
    match terminal.settings.driver {
        Driver::External => say("外部のプログラムからの報告", "reports of its program"),
        Driver::Virtual => say("「ダウンロード」を押す", "a download by hand"),
    }
}
