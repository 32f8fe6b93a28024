//! The walk-through and the ten lines run as they stand and show what they promise, in both
//! languages.

use crate::program::{Program, blocks, path_of, text_of};

const RESTART_REQUIRED: &str = "\"ErrorCode\":\"MOCK0501E\" \"ErrorMessage\":\"更新アプリケーションのインストール後、資格確認端末が再起動されていないため、資格確認ができません。資格確認端末を再起動した後、もう一度資格確認を行ってください。（MOCK0501E は模擬の仮コードです）\"";
const QUALIFIED: &str = "\"QualificationValidity\":\"1\"";

/// The block that begins with these words, in one line, without what its ends leave open.
fn excerpt(page: &str, begin: &str) -> String {
    let text = text_of(page);
    let at = text.find(begin).unwrap_or_else(|| panic!("{page} has {begin}"));
    let (block, _) = text[at..].split_once("\n```").expect("a block ends");
    block.replace(" …\n", " … ").replace('\n', "")
}

/// A block without comments and blank lines.
fn commands(block: &str) -> Vec<String> {
    block.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.trim_start().starts_with('#')).map(str::to_owned).collect()
}

#[cfg_attr(windows, ignore = "it needs bash and its tools")]
#[test]
fn the_walk_through_runs_as_it_stands_and_shows_what_it_promises() {
    let blocks = blocks("docs/walk-through.md", "walk-through");
    assert_eq!(blocks.len(), 9, "the functions, seven steps, and the cleaning up");
    let program = Program::start();
    let script = blocks.join("\necho '== next =='\n");
    let said = program.run(&script);
    let parts: Vec<&str> = said.split("== next ==\n").collect();
    let [functions, one, two, three, four, five, six, seven, cleaned] = parts[..] else {
        panic!("a block went missing:\n{said}");
    };
    assert_eq!(functions, "");

    assert!(one.contains(QUALIFIED) && one.contains("\"Name\":\"模擬　太郎\""), "1. qualified: {one}");
    let mut rest = one;
    for piece in excerpt("docs/walk-through.md", "{\"XmlMsg\":{\"MessageHeader\":{ …").split(" … ") {
        let at = rest.find(piece).unwrap_or_else(|| panic!("1. the page shows {piece}, and it is not in {rest}"));
        rest = &rest[at + piece.len()..];
    }

    assert!(two.starts_with("\"code\":\"9911000017\" \"phase\":\"update_available\"\n"), "2. created: {two}");
    assert!(two.contains("\"event\":\"downloaded\",\"component\":\"face_recognition_library\""), "2. downloaded: {two}");
    assert!(two.contains("\"completed\":true\n"), "2. the delivery results show it complete: {two}");
    for (component, installed, running) in [
        ("linkage_application", "5.3.0", "5.2.0"),
        ("face_recognition_library", "3.1.0", "3.0.2"),
        ("card_reader_application", "2.4.0", "2.3.1"),
    ] {
        let line = format!("\"component\":\"{component}\" \"installed\":\"{installed}\" \"mock\":{{\"running\":\"{running}\"}}\n");
        assert!(two.contains(&line), "2. new version installed, old one running: {two}");
    }

    assert_eq!(three, format!("{RESTART_REQUIRED}\n"), "3. refused in Japanese, with its code");

    let four: Vec<&str> = four.lines().collect();
    assert!(four[0].contains("\"event\":\"switched_off\",\"how\":\"shutdown\",\"hibernated\":true"), "4. {four:?}");
    assert!(four[1].contains("\"event\":\"resumed\""), "4. {four:?}");
    assert_eq!(four[2], RESTART_REQUIRED, "4. still refused after shutting down and switching on");
    assert!(four[3].contains("\"event\":\"linkage_restarted\""), "4. {four:?}");
    assert_eq!(four[4], RESTART_REQUIRED, "4. still refused after the linkage application's restart");
    assert!(four[5].starts_with("\"why\":{\"ja\":\"") && four[5].contains("高速スタートアップ"), "4. the journal says why: {four:?}");
    assert!(four[5].contains("連携アプリケーションだけの再起動は、端末の再起動ではありません。"), "4. {four:?}");
    assert_eq!(four.len(), 6);

    let five: Vec<&str> = five.lines().collect();
    assert!(five[0].contains("\"event\":\"booted\",\"boot\":\"boot-2\""), "5. {five:?}");
    assert_eq!(five[1..], [QUALIFIED], "5. the same check is qualified");

    assert!(six.contains("2026-01-20T07:00:00+09:00 T1 \"event\":\"booted\""), "6. it restarted by itself: {six}");
    let hours: Vec<&str> = six.lines().filter(|line| line.starts_with("2026-01-") && line.contains(":00 \"")).collect();
    assert_eq!(hours.len(), 15, "6. five days, three times a day: {six}");
    assert!(hours.iter().all(|line| line.ends_with(QUALIFIED)), "6. never the error in consultation hours: {six}");
    assert!(!six.contains("MOCK"), "6. {six}");
    assert!(six.contains("\"component\":\"linkage_application\" \"installed\":\"5.3.0\" \"mock\":{\"running\":\"5.3.0\"}"), "6. {six}");

    let seven: Vec<&str> = seven.lines().collect();
    assert_eq!(seven[1], RESTART_REQUIRED, "7. before the restart");
    for (line, hours) in [(seven[3], "現在受付時間内です"), (seven[4], "現在受付時間外です")] {
        for words in ["MOCK0502E", "オンライン資格確認等コールセンター 0800-080-4583", hours, "KB0011769#B"] {
            assert!(line.contains(words), "7. no {words} in {line}");
        }
    }
    assert_eq!(seven.len(), 5);

    assert_eq!(cleaned, "204\n204\n204\n", "deleted, so that it can be run again");
    let again = program.run(&script);
    let again: Vec<&str> = again.split("== next ==\n").collect();
    assert_eq!(again[2..], parts[2..], "and run again it says the same");
}

#[cfg_attr(windows, ignore = "it needs bash and its tools")]
#[test]
fn ten_lines_lead_to_a_red_and_a_green_report() {
    let blocks = blocks("docs/docker.md", "newcomer");
    assert!(blocks.len() == 1 && blocks[0].lines().count() <= 10, "one block of at most ten lines");
    let program = Program::start();
    let mut script = blocks[0].clone();
    // The program is in the place of its container.
    for (there, here) in [
        ("docker compose up --detach --wait\n", String::new()),
        ("docker compose cp onshi-mock:/data/certs/ca.pem ca.pem", "cp certs/ca.pem ca.pem".to_owned()),
        ("$(openssl rand -hex 16)", "$(<certs/control-token)".to_owned()),
        ("https://127.0.0.1:8443", format!("https://127.0.0.1:{}", program.backend_port())),
        ("https://127.0.0.1:8444", format!("https://127.0.0.1:{}", program.control_port())),
        ("docs/examples", path_of("docs/examples").display().to_string()),
    ] {
        assert!(script.contains(there), "no {there} in {script}");
        script = script.replace(there, &here);
    }
    let said = program.run(&script);
    let (red, green) = said.trim_end().split_once('\n').unwrap_or_else(|| panic!("two lines: {said}"));
    assert!(red.starts_with("naive: ") && red != "naive: 0 failures", "{said}");
    assert_eq!(green, "good: 0 failures");
    for report in ["naive.xml", "good.xml"] {
        let report = std::fs::read_to_string(program.dir().join(report)).expect("the report was fetched");
        assert!(report.contains("<testsuite "), "{report}");
    }
}

#[test]
fn both_languages_walk_the_same_way() {
    for (page, name) in [("walk-through", "walk-through"), ("two-terminals", "two-terminals"), ("docker", "newcomer")] {
        let pages = [format!("docs/{page}.md"), format!("docs/{page}.ja.md")];
        let [english, japanese] = pages.map(|page| blocks(&page, name).iter().map(|block| commands(block)).collect::<Vec<_>>());
        assert_eq!(english, japanese);
    }
}
