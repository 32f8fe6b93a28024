//! A process that is killed: each state that it may leave, and all of them by killing it before each change on the disk.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const REQUEST: &str = "OQSreq_1.xml";

/// A restart after a kill that left these files; what is then in `res/`, and how often the counter was asked.
fn restart_with(left: &[(&str, &[u8])]) -> (BTreeMap<String, String>, usize) {
    let mut bench = Bench::new();
    for (name, bytes) in left {
        bench.put(name, bytes);
    }
    bench.sweep();
    assert_eq!(bench.kept(), [""; 0]);
    assert_eq!(bench.names("req"), [""; 0]);
    let results = bench.names("res").into_iter().map(|name| (name.clone(), bench.text(&format!("res/{name}")))).collect();
    (results, bench.desk.asked.len())
}

fn results(expected: &[(&str, &str)]) -> BTreeMap<String, String> {
    expected.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn a_claim_without_a_result_is_answered_at_the_next_sweep() {
    let answered = (results(&[("OQSres_1.xml", "OQSreq_1.xml 1")]), 1);
    assert_eq!(restart_with(&[(".onshi-mock/7.claim.OQSreq_1.xml", WHOLE)]), answered);
    let half_written = [(".onshi-mock/7.claim.OQSreq_1.xml", WHOLE), (".onshi-mock/7.tmp", b"OQS")];
    assert_eq!(restart_with(&half_written), answered);
}

#[test]
fn a_complete_answer_is_delivered_as_it_is_and_nobody_is_asked() {
    let delivered = (results(&[("OQSres_1.xml", "before")]), 0);
    let answer = (".onshi-mock/7.answer.OQSres_1.xml", &b"before"[..]);
    assert_eq!(restart_with(&[(".onshi-mock/7.claim.OQSreq_1.xml", WHOLE), answer]), delivered);
    assert_eq!(restart_with(&[answer]), delivered);
}

#[test]
fn a_malformed_request_and_its_error_file_arrive_together() {
    let delivered = (results(&[(REQUEST, "bad"), ("OQSreq_1.err", "before")]), 0);
    let error = (".onshi-mock/7.err.OQSreq_1.err", &b"before"[..]);
    assert_eq!(restart_with(&[(".onshi-mock/7.claim.OQSreq_1.xml", b"bad"), error]), delivered);
    assert_eq!(restart_with(&[("res/OQSreq_1.xml", b"bad"), error]), delivered);
}

#[test]
fn a_delivery_that_was_not_finished_leaves_nothing() {
    assert_eq!(restart_with(&[(".onshi-mock/7.tmp", b"half")]), (results(&[]), 0));
}

#[test]
fn an_orderly_restart_delivers_a_waiting_answer_at_once() {
    let mut bench = Bench::new();
    bench.latency = Duration::from_secs(60);
    bench.put("req/OQSreq_1.xml", WHOLE);
    bench.sweep_twice();
    bench.restart();
    assert_eq!(bench.sweep(), Swept { delivered: 1, ..Swept::default() });
    assert_eq!(bench.desk.asked.len(), 1);
}

#[test]
fn numbers_go_on_after_those_that_were_left() {
    let mut bench = Bench::new();
    bench.latency = Duration::from_secs(60);
    bench.put(".onshi-mock/7.tmp", b"");
    bench.put("req/OQSreq_1.xml", WHOLE);
    bench.sweep_twice();
    assert_eq!(bench.kept(), ["8.answer.OQSres_1.xml", "8.claim.OQSreq_1.xml"]);
}

#[test]
fn a_claim_that_was_left_goes_back_while_the_counter_is_closed() {
    let mut bench = Bench::new();
    bench.desk.closed = true;
    bench.put(".onshi-mock/7.claim.OQSreq_1.xml", WHOLE);
    bench.put("req/OQSreq_1.xml", b"newer");
    assert_eq!(bench.sweep(), Swept { outstanding: 1, ..Swept::default() }, "the newer one is not overwritten");
    fs::remove_file(bench.path("req/OQSreq_1.xml")).unwrap();
    assert_eq!(bench.sweep(), Swept { given_back: 1, ..Swept::default() });
    assert_eq!(fs::read(bench.path("req/OQSreq_1.xml")).unwrap(), WHOLE);
}

#[test]
fn a_second_process_leaves_the_folder_alone() {
    let mut bench = Bench::new();
    bench.sweep();
    bench.put(".onshi-mock/7.claim.OQSreq_1.xml", WHOLE);
    let mut second = Folder::new(bench.dir.path(), Rules::default());
    let error = second.sweep(at(0), LATENCY, None, &mut Desk::default()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ResourceBusy);
    bench.restart();
    assert_eq!(bench.sweep().delivered, 1);
}

/// Drops the requests, lets one process after the other be killed at its step, then one live; returns all that a reader, who removes what
/// he reads between the processes, got out of `res/`.
fn read_through_kills(kills: &[usize], latency: Duration) -> Vec<(String, String)> {
    let mut bench = Bench::new();
    bench.latency = latency;
    bench.put("req/OQSreq_1.xml", WHOLE);
    bench.put("req/OQSreq_2.xml", b"bad");
    bench.put("req/OQSreq_3.xml", b"<XmlMsg>silent</XmlMsg>");
    bench.put("req/OQSreq_4.xml", WHOLE);
    let mut read = Vec::new();
    let deadlines = kills.iter().copied().chain([usize::MAX]);
    for steps in deadlines {
        kill::after(steps, || {
            for _ in 0..4 {
                bench.sweep();
                bench.now += 6000;
            }
        });
        bench.restart();
        for name in bench.names("res") {
            // The error file never comes before its request.
            let with_error = name == "OQSreq_2.err";
            assert!(!with_error || read.iter().any(|(earlier, _)| earlier == "OQSreq_2.xml") || bench.path("res/OQSreq_2.xml").exists());
            read.push((name.clone(), bench.text(&format!("res/{name}"))));
        }
        for name in bench.names("res") {
            fs::remove_file(bench.path(&format!("res/{name}"))).unwrap();
        }
    }
    assert_eq!((bench.names("req"), bench.kept()), (vec![], vec![]));
    read
}

fn assert_each_once(mut read: Vec<(String, String)>) {
    read.sort();
    let names: Vec<&str> = read.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["OQSreq_2.err", "OQSreq_2.xml", "OQSres_1.xml", "OQSres_4.xml"]);
    assert!(read.iter().filter(|(name, _)| name != REQUEST && name != "OQSreq_2.xml").all(|(_, text)| text.starts_with("OQSreq_")));
}

#[test]
fn a_kill_before_any_change_on_the_disk_loses_and_doubles_nothing() {
    for steps in 0..40 {
        assert_each_once(read_through_kills(&[steps], LATENCY));
        assert_each_once(read_through_kills(&[steps], Duration::from_secs(10)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn kills_in_any_order_lose_and_double_nothing(kills in prop::collection::vec(0_usize..25, 0..8), waits in any::<bool>()) {
        assert_each_once(read_through_kills(&kills, if waits { Duration::from_secs(10) } else { LATENCY }));
    }
}
