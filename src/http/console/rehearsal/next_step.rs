//! What a tester does next, decided from the facts of the rehearsal alone.

use jiff::Timestamp;

use crate::domain::ids::TerminalId;
use crate::domain::text::Text;
use crate::domain::timeline::{Action, TimelineStep};
use crate::http::console::language::Language;
use crate::http::console::words::time_of;

/// What the decision depends on.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Facts {
    pub(super) passed: bool,
    pub(super) failed: bool,
    pub(super) has_scenario: bool,
    /// Whether a client has sent a request, now or before everything was set back.
    pub(super) has_requests: bool,
    /// Whether a check was refused, what the screen showed was not recorded, and a rule needs it.
    pub(super) screen_unrecorded: bool,
    /// A terminal that somebody switched off.
    pub(super) off: Option<TerminalId>,
    /// A terminal that waits for its restart.
    pub(super) pending: Option<PendingTerminal>,
    /// A terminal that works while another one waits for its restart, and is to be used.
    pub(super) other: Option<TerminalId>,
    /// A terminal that was restarted after it had refused a check which was not repeated.
    pub(super) to_repeat: Option<RefusedCheck>,
    /// When the update of a terminal goes on.
    pub(super) update: Option<Timestamp>,
    /// Whether that and the morning after it are so near that the button 翌朝8:55へ reaches both.
    pub(super) update_is_tonight: bool,
    /// Whether the clock stands still.
    pub(super) is_frozen: bool,
    /// The next step of the scenario.
    pub(super) step: Option<TimelineStep>,
    /// What the first rule says that was not exercised; else why the verdict is open.
    pub(super) open: Option<Text>,
}

/// A terminal that waits for its restart.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PendingTerminal {
    pub(super) id: TerminalId,
    /// Whether it has refused a check for that reason.
    pub(super) has_refused: bool,
    pub(super) is_external: bool,
}

/// A refused check that is to be repeated.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RefusedCheck {
    pub(super) terminal: TerminalId,
    /// The patient's name, if it is known.
    pub(super) patient: Option<String>,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum NextStep {
    /// Save the report.
    SaveReport,
    /// Mend the client and start again.
    MendClient,
    /// Connect the receipt computer.
    Connect,
    /// Record what the screen showed.
    RecordScreen,
    /// Let the scenario go on.
    Step { step: TimelineStep, is_frozen: bool },
    /// Switch a terminal on.
    SwitchOn(TerminalId),
    /// Make a check at a terminal that will refuse it.
    Check(TerminalId),
    /// Make a check at a terminal that works while another one waits for its restart.
    CheckAtOther(TerminalId),
    /// Restart a terminal. The time is that of the scenario's own restart.
    Restart { terminal: PendingTerminal, scheduled: Option<Timestamp> },
    /// Repeat the check of the same patient.
    Repeat(RefusedCheck),
    /// Let the night pass.
    NextMorning,
    /// Let the update go on, which is due at that time.
    Update { at: Timestamp, is_frozen: bool },
    /// What the verdict says.
    Verdict(Text),
    /// Choose a scenario.
    ChooseScenario,
}

impl NextStep {
    /// Decides what to do next: the first of the cases that applies.
    pub(super) fn of(facts: &Facts) -> Self {
        if facts.passed {
            return Self::SaveReport;
        }
        if facts.failed {
            return Self::MendClient;
        }
        if !facts.has_requests {
            return Self::Connect;
        }
        if facts.screen_unrecorded {
            return Self::RecordScreen;
        }
        let is_frozen = facts.is_frozen;
        let step_at = |terminal: &TerminalId| facts.step.clone().filter(|step| step.terminal.as_ref() == Some(terminal));
        if let Some(terminal) = &facts.off {
            let switches_on = step_at(terminal).filter(|step| step.action == Action::PowerOn);
            return switches_on.map_or_else(|| Self::SwitchOn(terminal.clone()), |step| Self::Step { step, is_frozen });
        }
        if let Some(terminal) = &facts.other {
            return Self::CheckAtOther(terminal.clone());
        }
        if let Some(pending) = &facts.pending {
            let step = step_at(&pending.id);
            return match step {
                _ if !pending.has_refused => Self::Check(pending.id.clone()),
                // Something else than a restart is to be seen first.
                Some(step) if step.action != Action::Restart => Self::Step { step, is_frozen },
                step => Self::Restart { terminal: pending.clone(), scheduled: step.map(|step| step.at) },
            };
        }
        if let Some(refused) = &facts.to_repeat {
            return Self::Repeat(refused.clone());
        }
        if let Some(at) = facts.update {
            return if is_frozen && facts.update_is_tonight { Self::NextMorning } else { Self::Update { at, is_frozen } };
        }
        if let Some(step) = facts.step.clone() {
            return Self::Step { step, is_frozen };
        }
        match &facts.open {
            Some(text) if facts.has_scenario => Self::Verdict(text.clone()),
            _ => Self::ChooseScenario,
        }
    }

    /// Returns the line.
    pub(super) fn text(&self, lang: Language) -> String {
        let say = |ja: String, en: String| if lang == Language::Japanese { ja } else { en };
        match self {
            Self::SaveReport => say("合格です。報告書を保存してください。".to_owned(), "Passed. Save the report.".to_owned()),
            Self::MendClient => say(
                "不合格の項目があります。理由は「判定」にあります。レセコンを修正したら、「最初から」を押して、もう一度試してください。"
                    .to_owned(),
                "A rule failed; the verdict says why. Once the receipt computer is mended, press \"From the beginning\" and try again."
                    .to_owned(),
            ),
            Self::Connect => say(
                "レセコンからの要求がまだ届いていません。レセコンを接続してください。".to_owned(),
                "No request of the receipt computer has arrived yet. Connect it.".to_owned(),
            ),
            Self::RecordScreen => say(
                "下の要求の行で、レセコンの画面に表示されたものを選び、「記録する」を押してください。".to_owned(),
                "In the row of the request below, choose what the receipt computer's screen showed, and press \"Record\".".to_owned(),
            ),
            Self::Step { step, is_frozen } => step_text(lang, step, *is_frozen),
            Self::SwitchOn(terminal) => say(
                format!("端末 {terminal} の電源が切れています。「電源」を押してください。"),
                format!("Terminal {terminal} is off. Press its button \"Power\"."),
            ),
            Self::Check(terminal) => say(
                format!("端末 {terminal} は再起動待ちです。レセコンから、この端末で資格確認を1回行ってください（エラーになります）。"),
                format!("Terminal {terminal} waits for its restart. Make a check at it from the receipt computer; it will be refused."),
            ),
            Self::CheckAtOther(terminal) => say(
                format!("端末 {terminal} は使えます。レセコンから、端末 {terminal} で資格確認を行ってください。"),
                format!("Terminal {terminal} works. Make a check at terminal {terminal} from the receipt computer."),
            ),
            Self::Restart { terminal: PendingTerminal { id, is_external: true, .. }, .. } => say(
                format!("端末 {id} を再起動してください（端末そのものを操作します）。"),
                format!("Restart terminal {id}, at the terminal itself."),
            ),
            Self::Restart { terminal: PendingTerminal { id, .. }, scheduled } => {
                let also = scheduled.map(|at| {
                    let time = time_of(lang, at);
                    say(
                        format!("（シナリオでも {time} に自動で再起動します。）"),
                        format!(" (In the scenario it restarts by itself at {time}, too.)"),
                    )
                });
                let also = also.unwrap_or_default();
                say(format!("端末 {id} の「再起動」を押してください。{also}"), format!("Press \"Restart\" at terminal {id}.{also}"))
            }
            Self::Repeat(RefusedCheck { terminal, patient }) => {
                let (ja, en) = match patient {
                    Some(name) => (format!("（{name}）"), format!(", {name}")),
                    None => Default::default(),
                };
                say(
                    format!("端末 {terminal} は再起動しました。エラーになった患者{ja}の資格確認を、レセコンからもう一度行ってください。"),
                    format!("Terminal {terminal} was restarted. Repeat the check of the patient whose check was refused{en}."),
                )
            }
            Self::NextMorning => say(
                "「翌朝8:55へ」を押してください。夜の間に更新が配信され、インストールされます。".to_owned(),
                "Press \"To 8:55 in the morning\": the update is distributed and installed in the night.".to_owned(),
            ),
            Self::Update { at, is_frozen: true } => say(
                format!("「次の出来事へ」を押してください。更新は {} に進みます。", time_of(lang, *at)),
                format!("Press \"To the next event\": the update goes on at {}.", time_of(lang, *at)),
            ),
            Self::Update { at, is_frozen: false } => say(
                format!("更新が進むのを待ってください（次は {}）。", time_of(lang, *at)),
                format!("Wait for the update; it goes on at {}.", time_of(lang, *at)),
            ),
            Self::Verdict(text) => lang.of(text).to_owned(),
            Self::ChooseScenario => say(
                "レセコンから資格確認を行うと、下に表示されます。合格・不合格の判定には、シナリオを選んではじめてください。".to_owned(),
                "Checks of the receipt computer appear below. For a verdict, start with a scenario.".to_owned(),
            ),
        }
    }
}

fn step_text(lang: Language, step: &TimelineStep, is_frozen: bool) -> String {
    let (time, action) = (time_of(lang, step.at), step.action.title());
    match lang {
        Language::Japanese => {
            let terminal = step.terminal.as_ref().map(|terminal| format!("端末 {terminal} "));
            let what = format!("{}{}", terminal.unwrap_or_default(), action.ja);
            let how = if is_frozen {
                "「次の出来事へ」を押すと進みます。"
            } else {
                "その時刻まで待ってください。"
            };
            format!("シナリオの次の動きは {time}「{what}」です。{how}")
        }
        Language::English => {
            let terminal = step.terminal.as_ref().map(|terminal| format!(" of terminal {terminal}"));
            let what = format!("{}{}", action.en, terminal.unwrap_or_default());
            let how = if is_frozen { "Press \"To the next event\"." } else { "Wait until then." };
            format!("The scenario goes on at {time}: {what}. {how}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t1() -> TerminalId {
        TerminalId::parse("T1").unwrap()
    }

    fn at(time: &str) -> Timestamp {
        format!("2026-01-20T{time}+09:00").parse().unwrap()
    }

    fn step(action: Action) -> TimelineStep {
        TimelineStep { at: at("09:10:00"), action, terminal: Some(t1()), campaign: None }
    }

    fn refused(patient: Option<&str>) -> RefusedCheck {
        RefusedCheck { terminal: t1(), patient: patient.map(str::to_owned) }
    }

    fn waiting(has_refused: bool) -> PendingTerminal {
        PendingTerminal { id: t1(), has_refused, is_external: false }
    }

    /// The facts of `installed-not-restarted` once a client is connected.
    fn facts() -> Facts {
        let open = Some(Text::new("記録してください。", "Record it."));
        let step = Some(step(Action::Restart));
        Facts { has_scenario: true, has_requests: true, is_frozen: true, pending: Some(waiting(true)), step, open, ..Facts::default() }
    }

    fn told(facts: &Facts) -> String {
        NextStep::of(facts).text(Language::Japanese)
    }

    #[test]
    fn the_end_comes_first_then_the_connection_then_the_screen() {
        let every = Facts { screen_unrecorded: true, off: Some(t1()), to_repeat: Some(refused(None)), ..facts() };
        assert_eq!(NextStep::of(&Facts { passed: true, has_requests: false, ..every.clone() }), NextStep::SaveReport);
        assert_eq!(NextStep::of(&Facts { failed: true, has_requests: false, ..every.clone() }), NextStep::MendClient);
        assert_eq!(NextStep::of(&Facts { has_requests: false, ..every.clone() }), NextStep::Connect);
        assert_eq!(NextStep::of(&every), NextStep::RecordScreen);
        assert_eq!(told(&every), "下の要求の行で、レセコンの画面に表示されたものを選び、「記録する」を押してください。");
    }

    #[test]
    fn a_pending_terminal_refuses_a_check_before_its_restart() {
        let before = Facts { pending: Some(waiting(false)), ..facts() };
        assert_eq!(NextStep::of(&before), NextStep::Check(t1()));
        let restart = NextStep::of(&facts());
        assert_eq!(restart, NextStep::Restart { terminal: waiting(true), scheduled: Some(at("09:10:00")) });
        let words = "端末 T1 の「再起動」を押してください。（シナリオでも 01-20（火） 09:10:00 に自動で再起動します。）";
        assert_eq!(restart.text(Language::Japanese), words);
        let external = Facts { pending: Some(PendingTerminal { is_external: true, ..waiting(true) }), ..facts() };
        assert!(told(&external).contains("端末そのものを操作します"));
    }

    #[test]
    fn what_the_scenario_shows_before_the_restart_is_not_skipped() {
        let shutdown = Facts { step: Some(step(Action::Shutdown)), ..facts() };
        let words = "シナリオの次の動きは 01-20（火） 09:10:00「端末 T1 シャットダウン」です。「次の出来事へ」を押すと進みます。";
        assert_eq!(told(&shutdown), words);
        let off = Facts { off: Some(t1()), pending: None, step: Some(step(Action::PowerOn)), ..facts() };
        assert!(matches!(NextStep::of(&off), NextStep::Step { .. }));
        assert_eq!(NextStep::of(&Facts { step: None, ..off }), NextStep::SwitchOn(t1()));
    }

    #[test]
    fn after_the_restart_the_same_patient_comes_before_the_clock() {
        let taro = refused(Some("模擬　太郎"));
        let restarted = Facts { pending: None, to_repeat: Some(taro.clone()), update: Some(at("20:01:00")), ..facts() };
        assert_eq!(NextStep::of(&restarted), NextStep::Repeat(taro));
        assert!(told(&restarted).contains("エラーになった患者（模擬　太郎）の資格確認を"));
        let unknown = Facts { to_repeat: Some(refused(None)), ..restarted };
        assert!(told(&unknown).contains("エラーになった患者の資格確認を"));
    }

    #[test]
    fn a_night_ahead_is_passed_with_the_button_of_the_clock_or_waited_for() {
        let evening = Facts { pending: None, update: Some(at("20:01:00")), update_is_tonight: true, ..facts() };
        assert_eq!(NextStep::of(&evening), NextStep::NextMorning);
        let day = Facts { update_is_tonight: false, ..evening.clone() };
        assert!(told(&day).starts_with("「次の出来事へ」"));
        let running = Facts { is_frozen: false, ..evening };
        assert_eq!(told(&running), "更新が進むのを待ってください（次は 01-20（火） 20:01:00）。");
    }

    #[test]
    fn then_come_the_scenario_the_rules_and_the_choice_of_a_scenario() {
        let idle = Facts { pending: None, ..facts() };
        assert!(matches!(NextStep::of(&idle), NextStep::Step { is_frozen: true, .. }));
        let done = Facts { step: None, ..idle };
        assert_eq!(told(&done), "記録してください。");
        assert_eq!(NextStep::of(&Facts { has_scenario: false, ..done }), NextStep::ChooseScenario);
    }
}
