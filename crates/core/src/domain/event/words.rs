//! What happened, in words.

use super::{Change, ChangeName, Stop, SwitchOff};
use crate::domain::campaign::Component;
use crate::domain::text::Text;

impl ChangeName {
    /// Returns the words for a change of this name, in Japanese and English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::SwitchedOff => ("電源が切れた", "switched off"),
            Self::Resumed => ("電源が入った（再起動ではない）", "switched on (no boot)"),
            Self::Booted => ("再起動した", "booted"),
            Self::LinkageRestarted => ("連携アプリケーションだけが再起動した", "only the linkage application was restarted"),
            Self::ReaderSwitched => ("カードリーダーの電源が切り替わった", "the card reader was switched"),
            Self::DownloadStarted => ("ダウンロードが始まった", "a download started"),
            Self::DownloadStopped => ("ダウンロードが止まった", "a download stopped"),
            Self::Downloaded => ("ダウンロードが終わった", "a download ended"),
            Self::Installed => ("インストールされた", "installed"),
            Self::CardPresented => ("カードが置かれた", "a card was presented"),
            Self::Failed => ("失敗が報告された", "a failure was reported"),
        }
    }
}

impl Change {
    /// Returns what happened, as a sentence without its subject, the terminal.
    pub fn sentence(&self) -> Text {
        let of = |component: &Component| component.title();
        match self {
            Self::SwitchedOff { how: SwitchOff::Plug, .. } => Text::new("電源プラグが抜かれた", "the plug was pulled"),
            Self::SwitchedOff { how: SwitchOff::Shutdown, hibernated: false } => Text::new("シャットダウンした", "shut down"),
            Self::SwitchedOff { how: SwitchOff::Shutdown, hibernated: true } => Text::new(
                "シャットダウンした（高速スタートアップのため、次に電源を入れても再起動にならない）",
                "shut down (under fast startup, switching on is no restart)",
            ),
            Self::Resumed => Text::new(
                "電源が入り、保存されたセッションを再開した（再起動ではない）",
                "switched on with its saved session (not a restart)",
            ),
            Self::Booted { boot, applied } => booted(boot.as_str(), applied),
            Self::LinkageRestarted => Text::new(
                "連携アプリケーションだけが再起動した（端末の再起動ではない）",
                "only the linkage application was restarted (not a restart of the terminal)",
            ),
            Self::ReaderSwitched { on: true } => Text::new("カードリーダーの電源が入った", "the card reader was switched on"),
            Self::ReaderSwitched { on: false } => Text::new("カードリーダーの電源が切れた", "the card reader was switched off"),
            Self::DownloadStarted { component, version, from } => {
                let (ja, en) = if *from > 0 { ("（続きから）", " (continued)") } else { ("", "") };
                let Text { ja: title, en: title_en } = of(component);
                Text::new(
                    format!("{title} {version} のダウンロードが始まった{ja}"),
                    format!("the download of {title_en} {version} started{en}"),
                )
            }
            Self::DownloadStopped { component, why, .. } => {
                let (title, why) = (of(component), why.words());
                Text::new(
                    format!("{}のダウンロードが途中で止まった（{}）", title.ja, why.0),
                    format!("the download of {} stopped ({})", title.en, why.1),
                )
            }
            Self::Downloaded { component, version } => {
                let title = of(component);
                Text::new(
                    format!("{} {version} のダウンロードが終わった", title.ja),
                    format!("the download of {} {version} ended", title.en),
                )
            }
            Self::Installed { component, version, restart_required } => {
                let title = of(component);
                let (ja, en) = if *restart_required {
                    ("（再起動するまで古いバージョンが動作）", " (the old version runs until a restart)")
                } else {
                    ("（再起動は不要）", " (no restart needed)")
                };
                Text::new(format!("{} {version} がインストールされた{ja}", title.ja), format!("{} {version} was installed{en}", title.en))
            }
            Self::CardPresented { outcome, .. } => {
                let shown = outcome.shown();
                Text::new(format!("カードが置かれた：{}", shown.ja), format!("a card was presented: {}", shown.en))
            }
            Self::Failed { component, version, message } => {
                let title = of(component);
                Text::new(
                    format!("{} {version} の失敗が報告された：{message}", title.ja),
                    format!("a failure of {} {version} was reported: {message}", title.en),
                )
            }
        }
    }
}

fn booted(boot: &str, applied: &[Component]) -> Text {
    let titles: Vec<Text> = applied.iter().map(|component| component.title()).collect();
    if titles.is_empty() {
        return Text::new(format!("再起動した（{boot}）"), format!("booted ({boot})"));
    }
    let (ja, en): (Vec<_>, Vec<_>) = titles.into_iter().map(|title| (title.ja, title.en)).unzip();
    Text::new(
        format!("再起動した（{boot}）。新しいバージョンで動作：{}", ja.join("、")),
        format!("booted ({boot}); now with the new version: {}", en.join(", ")),
    )
}

impl Stop {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::WindowClosed => ("配信時間の終わり", "the window closed"),
            Self::Withdrawn => ("配信の停止", "it is no longer distributed"),
            Self::Interrupted => ("電源断か再起動", "switched off or restarted"),
            Self::ReaderOff => ("カードリーダーの電源断", "the card reader is off"),
            Self::LineDown => ("回線の切断", "the line is down"),
        }
    }
}
