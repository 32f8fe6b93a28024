//! All rules, in the order of a verdict. Ids never change; a new rule has the date from which it
//! applies.

mod download;
mod linkage;
mod meaning;
mod protocol;
mod restart;
mod screen;
mod terminals;

use jiff::civil::{Date, date};

use super::evidence::EvidenceSource;
use super::rule::{Recovery, Rule};

const FIRST_RULE_SET: Date = date(2026, 11, 25);

/// The rules.
pub const RULES: &[Rule] = &[
    Rule {
        id: "check_repeated_after_restart",
        since: FIRST_RULE_SET,
        source: "N5",
        sentence: (
            "再起動の後、その端末でもう一度資格確認を行い、成功した",
            "After the restart a check was made again at that terminal, and it succeeded",
        ),
        next: (
            "再起動待ちの端末で資格確認を行い、エラーになったら端末を再起動し、同じ端末でもう一度資格確認を行ってください。",
            "Make a check at a terminal that waits for its restart, restart it after the error, and check again at the same terminal.",
        ),
        evidence_source: EvidenceSource::Wire,
        recovery: Recovery::ByALaterCheck,
        limits: &[],
        judge: restart::repeated,
    },
    Rule {
        id: "same_patient_repeated",
        since: FIRST_RULE_SET,
        source: "N5",
        sentence: (
            "エラーになった患者の資格確認を飛ばさず、同じ患者でもう一度行った",
            "The check of the same patient was repeated, not skipped",
        ),
        next: (
            "エラーになった患者の資格確認を、端末の再起動の後にもう一度行ってください。",
            "After the restart, repeat the check of the patient whose check was refused.",
        ),
        evidence_source: EvidenceSource::Wire,
        recovery: Recovery::ByALaterCheck,
        limits: &[],
        judge: restart::same_patient,
    },
    Rule {
        id: "not_hammered",
        since: FIRST_RULE_SET,
        source: "N5",
        sentence: ("エラーが続いている間、照会を短時間に繰り返さなかった", "While the error lasted, the check was not sent over and over"),
        next: (
            "再起動待ちの端末で資格確認を行い、エラーになることを確認してください。",
            "Make a check at a terminal that waits for its restart, so that it is refused.",
        ),
        evidence_source: EvidenceSource::Wire,
        recovery: Recovery::Never,
        limits: &["checks_per_minute"],
        judge: restart::not_hammered,
    },
    Rule {
        id: "error_not_taken_for_no_qualification",
        since: FIRST_RULE_SET,
        source: "N5",
        sentence: ("エラーを「該当資格なし」や「無効」と取り違えなかった", "The error was not taken for \"no qualification\""),
        next: (
            "エラーになったときに画面に表示された文言を記録するか、再起動の後に同じ患者の資格確認をもう一度行ってください。",
            "Record the words on the screen at the error as an observation, or repeat the same patient's check after the restart.",
        ),
        evidence_source: EvidenceSource::Both,
        recovery: Recovery::Never,
        limits: &[],
        judge: meaning::not_taken_for_no_qualification,
    },
    Rule {
        id: "restart_message_shown",
        since: FIRST_RULE_SET,
        source: "N5",
        sentence: ("端末の再起動が必要だと画面で案内した", "The message shown tells to restart the terminal"),
        next: (
            "資格確認がエラーになったときに画面に表示された文言を記録してください。",
            "Record the words on the screen at the refused check as an observation.",
        ),
        evidence_source: EvidenceSource::Observation,
        recovery: Recovery::Never,
        limits: &[],
        judge: screen::restart,
    },
    Rule {
        id: "other_terminals_used",
        since: FIRST_RULE_SET,
        source: "N5",
        sentence: (
            "1台が再起動待ちの間も、ほかの端末で資格確認を続けた",
            "While one terminal waited for its restart, the others went on being used",
        ),
        next: (
            "端末が2台以上ある医療機関で、1台が再起動待ちの間に、ほかの端末で資格確認を行ってください。",
            "At an institution with several terminals, make a check at another one while one waits for its restart.",
        ),
        evidence_source: EvidenceSource::Wire,
        recovery: Recovery::WhileATerminalWaits,
        limits: &[],
        judge: terminals::others_used,
    },
    Rule {
        id: "fallback_offered",
        since: FIRST_RULE_SET,
        source: "N9",
        sentence: (
            "再起動しても解消しないとき、代わりの確認方法（KB0011769#B）を案内した",
            "When the restart did not cure it, the fallback (KB0011769#B) was offered",
        ),
        next: (
            "再起動しても解消しないエラーのときに画面に表示された文言を記録してください。",
            "Record the words on the screen at the error that the restart did not cure as an observation.",
        ),
        evidence_source: EvidenceSource::Observation,
        recovery: Recovery::Never,
        limits: &[],
        judge: screen::fallback,
    },
    Rule {
        id: "call_centre_offered",
        since: FIRST_RULE_SET,
        source: "N9",
        sentence: (
            "再起動しても解消しないとき、コールセンター（0800-080-4583）を案内した",
            "When the restart did not cure it, the call centre (0800-080-4583) was offered",
        ),
        next: (
            "再起動しても解消しないエラーのときに画面に表示された文言を記録してください。",
            "Record the words on the screen at the error that the restart did not cure as an observation.",
        ),
        evidence_source: EvidenceSource::Observation,
        recovery: Recovery::Never,
        limits: &[],
        judge: screen::call_centre,
    },
    Rule {
        id: "error_profile_understood",
        since: FIRST_RULE_SET,
        source: "docs/answers.md",
        sentence: (
            "エラーがどの形（error_profile）で届いても、正しく対処した",
            "In whatever form (error_profile) the error came, the client did the right thing",
        ),
        next: (
            "エラーになった患者の資格確認を、端末の再起動の後にもう一度行ってください。",
            "After the restart, repeat the check of the patient whose check was refused.",
        ),
        evidence_source: EvidenceSource::Both,
        recovery: Recovery::Never,
        limits: &["checks_per_minute"],
        judge: meaning::profiles_understood,
    },
    Rule {
        id: "session_renewed",
        since: FIRST_RULE_SET,
        source: "docs/control-api.md",
        sentence: ("トークンの有効期限が切れた後、ログインし直した", "After the token had expired, the client logged in anew"),
        next: (
            "トークンの有効期限が切れるまで医療機関の時計を進め、同じレセコンから要求を送ってください。",
            "Advance the institution's clock until the token has expired, and go on with the same client.",
        ),
        evidence_source: EvidenceSource::Wire,
        recovery: Recovery::Never,
        limits: &["expired_session_uses"],
        judge: protocol::session_renewed,
    },
    Rule {
        id: "retry_after_honoured",
        since: FIRST_RULE_SET,
        source: "RFC 9110 §10.2.3",
        sentence: ("Retry-After で指定された時間を待った", "The client waited as long as Retry-After said"),
        next: (
            "待ち時間（Retry-After）の付いた応答を受け取った後、同じ要求をもう一度送ってください。",
            "After an answer with Retry-After, send the same request again.",
        ),
        evidence_source: EvidenceSource::Wire,
        recovery: Recovery::Never,
        limits: &["retry_after_tolerance_seconds"],
        judge: protocol::retry_after_honoured,
    },
    Rule {
        id: "linkage_answers_taken_once",
        since: FIRST_RULE_SET,
        source: "docs/linkage.md",
        sentence: (
            "連携フォルダーの応答を、それぞれ1回だけ受け取った（応答済みの要求を出し直さなかった）",
            "The linkage client took each answer exactly once (it sent no request again that had been answered)",
        ),
        next: (
            "連携フォルダーに要求ファイルを置き、結果を受け取ってください。",
            "Put request files into the linkage folder, and take the results.",
        ),
        evidence_source: EvidenceSource::Wire,
        recovery: Recovery::Never,
        limits: &[],
        judge: linkage::answers_taken_once,
    },
    Rule {
        id: "download_verified",
        since: FIRST_RULE_SET,
        source: "docs/delivery.md",
        sentence: (
            "パッケージを最後まで受信し、検証してからインストールした（更新クライアント）",
            "A package was received whole and verified before it was installed (update clients)",
        ),
        next: (
            "更新クライアントでパッケージをダウンロードし、インストールを報告してください。",
            "Have the update client download a package and report its installation.",
        ),
        evidence_source: EvidenceSource::Wire,
        recovery: Recovery::Never,
        limits: &[],
        judge: download::verified,
    },
];
