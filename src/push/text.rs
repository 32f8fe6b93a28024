//! The text of a mail: the event, its time by both clocks, and that it comes from a test
//! environment.

use jiff::Timestamp;

use crate::domain::japan;
use crate::domain::notification::{NotificationMessage, TimeRange, Topic};
use crate::domain::text::Text;

/// Returns the subject of a mail.
pub(super) fn subject(message: &NotificationMessage) -> String {
    let what = match &message.notification.topic {
        Topic::CampaignAnnounced { title, notice, .. } => {
            let title = notice.as_ref().map_or(title, |notice| &notice.title);
            format!("更新アプリケーション配信のお知らせ：{}", title.ja)
        }
        Topic::NightBegins { .. } => "更新アプリケーションの配信時間帯になりました / A night begins".to_owned(),
        Topic::TerminalSilent { terminal, .. } => format!("端末 {terminal} から連絡がありません / Terminal {terminal} is silent"),
    };
    // A line break in a title would end the header.
    let subject = format!("[onshi-mock テスト] {} {what}", message.institution.code);
    subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Returns the body of a mail.
pub(super) fn body(message: &NotificationMessage) -> String {
    let (Text { ja, en }, institution) = (topic_text(&message.notification.topic), &message.institution);
    let (code, name) = (&institution.code, &institution.name);
    let (by_clock, real) = (time(message.notification.at), time(message.timestamp));
    format!(
        "これはテスト環境（onshi-mock）からのメールです。実在の医療機関・薬局へのお知らせではありません。\n\n\
         医療機関等：{code} {}\n時刻：{by_clock}（この医療機関の時計）／ {real}（実際の時刻）\n\n{ja}\n\n\
         ---- English ----\n\nThis mail comes from a test environment (onshi-mock). It is no notice to a real institution.\n\n\
         Institution: {code} {}\nTime: {by_clock} (by the institution's clock) / {real} (real time)\n\n{en}\n\n\
         id: {}\n",
        name.ja, name.en, message.id
    )
}

fn topic_text(topic: &Topic) -> Text {
    match topic {
        Topic::CampaignAnnounced { campaign, title, notice, window } => {
            let notice = notice.as_ref().map(|notice| {
                Text::new(format!("{}\n\n{}", notice.title.ja, notice.body.ja), format!("{}\n\n{}", notice.title.en, notice.body.en))
            });
            let Text { ja, en } = notice.unwrap_or_else(|| title.clone());
            let (in_ja, in_en) = window.as_ref().map_or_else(|| ("予定なし".to_owned(), "none".to_owned()), format_window);
            Text::new(format!("{ja}\n\n配信（{campaign}）：{in_ja}"), format!("{en}\n\nDistribution ({campaign}): {in_en}"))
        }
        Topic::NightBegins { campaign, title, window } => {
            let (ja, en) = format_window(window);
            Text::new(
                format!(
                    "{}（{campaign}）の配信時間帯になりました：{ja}\n\n\
                     資格確認端末と顔認証付きカードリーダーの電源を入れたままにしてください。インストールの後は、端末の再起動が必要です。",
                    title.ja
                ),
                format!(
                    "A window of the distribution is open: {} ({campaign}), {en}\n\n\
                     Leave the terminal and its card reader powered on. After the installation the terminal has to be restarted.",
                    title.en
                ),
            )
        }
        Topic::TerminalSilent { terminal, last_contact, silent_after } => {
            let (ja, en) = match last_contact {
                Some(at) => (format!("最後の連絡：{}", time(*at)), format!("Last heard of: {}", time(*at))),
                None => ("まだ一度も連絡がありません".to_owned(), "Never heard of".to_owned()),
            };
            let period = String::from(*silent_after);
            Text::new(
                format!(
                    "端末 {terminal} から、配信サーバーに {period} 以上連絡がありません。{ja}\n\n端末の電源とネットワークを確認してください。"
                ),
                format!(
                    "The distribution server has not heard of terminal {terminal} for {period} or longer. {en}\n\nCheck its power and its network."
                ),
            )
        }
    }
}

fn format_window(window: &TimeRange) -> (String, String) {
    let start = time(window.start);
    match window.end.map(time) {
        Some(end) => (format!("{start} から {end} まで"), format!("{start} to {end}")),
        None => (format!("{start} から（終日）"), format!("from {start} on, all day")),
    }
}

/// Formats a time in Japan's time zone, to the minute, without the offset.
fn time(at: Timestamp) -> String {
    japan::civil(at).strftime("%Y-%m-%d %H:%M").to_string()
}
