//! The rehearsal with two simulated terminals, as it stands on its page: one is restarted in the
//! morning, one is not.
#![cfg(unix)]

use crate::program::{Program, blocks};

#[test]
fn one_is_restarted_and_answers_and_the_other_refuses_until_its_restart() {
    let blocks = blocks("docs/two-terminals.md", "two-terminals");
    assert_eq!(blocks.len(), 3, "the evening, the morning, and the cleaning up");
    let script = blocks.join("\necho '== next =='\n");
    let program = Program::start();
    let said = program.run(&script);
    let parts: Vec<&str> = said.split("== next ==\n").collect();
    let [evening, morning, cleaned] = parts[..] else {
        panic!("a block went missing:\n{said}");
    };
    let evening: Vec<&str> = evening.lines().collect();
    assert!(evening.len() == 2 && evening[0].ends_with(" pending") && evening[1].contains("端末の再起動が必要です"), "{evening:?}");
    let morning: Vec<&str> = morning.lines().collect();
    let qualified = |terminal: &str| format!("{terminal} <QualificationValidity>1");
    assert_eq!((morning.len(), morning[0], morning[2]), (3, &*qualified("T1"), &*qualified("T2")), "{morning:?}");
    assert!(
        morning[1].starts_with(
            "T2 <ErrorCode>MOCK0501E <ErrorMessage>更新アプリケーションのインストール後、資格確認端末が再起動されていないため"
        ),
        "{morning:?}"
    );
    assert_eq!(cleaned, "");
    assert_eq!(program.run(&script), said, "and run again it says the same");
}
