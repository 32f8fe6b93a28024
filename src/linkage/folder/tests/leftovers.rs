//! Tests of what a killed process may leave on disk, and how the next one recovers it.

use std::collections::BTreeMap;
use std::io::Read;

use super::*;

const REQUEST: &str = "OQSreq_1.xml";

/// Restarts after a kill that left these files. Returns the content of `res/`, and how often
/// the handler was called.
fn restart_with(left: &[(&str, &[u8])]) -> (BTreeMap<String, String>, usize) {
    let mut bench = Bench::new();
    for (name, bytes) in left {
        bench.put(name, bytes);
    }
    bench.sweep();
    assert_eq!(bench.engine_files(), [""; 0]);
    assert_eq!(bench.names("req"), [""; 0]);
    let results = bench.names("res").into_iter().map(|name| (name.clone(), bench.text(&format!("res/{name}")))).collect();
    (results, bench.handler.asked.len())
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
    for name in [".onshi-mock/7.answer.OQSres_1.xml", ".onshi-mock/7.answer-in-place.OQSres_1.xml"] {
        let answer = (name, &b"before"[..]);
        assert_eq!(restart_with(&[(".onshi-mock/7.claim.OQSreq_1.xml", WHOLE), answer]), delivered);
        assert_eq!(restart_with(&[answer]), delivered);
    }
}

#[test]
fn a_malformed_request_comes_after_its_error_file_wherever_that_was() {
    let delivered = (results(&[(REQUEST, "bad"), ("OQSreq_1.err", "before")]), 0);
    for request in [".onshi-mock/7.claim.OQSreq_1.xml", ".onshi-mock/7.refused.OQSreq_1.xml", "res/OQSreq_1.xml"] {
        for error in [".onshi-mock/7.err.OQSreq_1.err", ".onshi-mock/7.err-in-place.OQSreq_1.err"] {
            assert_eq!(restart_with(&[(request, b"bad"), (error, b"before")]), delivered, "{request} {error}");
        }
    }
    let begun = (".onshi-mock/7.err-begun.OQSreq_1.err", &b"before"[..]);
    assert_eq!(restart_with(&[(".onshi-mock/7.refused.OQSreq_1.xml", b"bad"), begun, ("res/OQSreq_1.err", b"bef")]), delivered);
    assert_eq!(restart_with(&[(".onshi-mock/7.refused.OQSreq_1.xml", b"bad"), ("res/OQSreq_1.err", b"before")]), delivered);
}

#[test]
fn an_answer_that_was_begun_is_completed_where_it_lies_short_and_nothing_else_is_touched() {
    let begun = (".onshi-mock/7.answer-begun.OQSres_1.xml", &b"the answer"[..]);
    for (lies, then) in
        [("", "the answer"), ("the", "the answer"), ("the answer", "the answer"), ("another", "another"), ("the answers", "the answers")]
    {
        let restarted = restart_with(&[begun, ("res/OQSres_1.xml", lies.as_bytes())]);
        assert_eq!(restarted, (results(&[("OQSres_1.xml", then)]), 0), "{lies}");
    }
    assert_eq!(restart_with(&[begun]), (results(&[]), 0), "a client took it: it is not made again");
}

#[test]
fn an_answer_that_was_begun_is_completed_while_the_handler_is_closed() {
    let mut bench = Bench::new();
    bench.handler.closed = true;
    bench.put(".onshi-mock/7.answer-begun.OQSres_1.xml", b"the answer");
    bench.put("res/OQSres_1.xml", b"the");
    bench.put(".onshi-mock/8.answer-in-place.OQSres_2.xml", b"another");
    assert_eq!(bench.sweep(), SweepSummary { delivered: 1, outstanding: 1, ..SweepSummary::default() });
    assert_eq!((bench.text("res/OQSres_1.xml"), bench.names("res").len()), ("the answer".to_owned(), 1), "the other waits");
}

#[test]
fn a_malformed_request_whose_error_file_somebody_removed_still_moves() {
    let mut bench = Bench::new();
    bench.latency = Duration::from_secs(60);
    bench.put("req/OQSreq_1.xml", b"bad");
    bench.sweep();
    bench.now += 5000;
    bench.sweep();
    fs::remove_file(bench.path(".onshi-mock/1.err-in-place.OQSreq_1.err")).unwrap();
    bench.now += 60_000;
    bench.sweep();
    assert_eq!((bench.names("res"), bench.engine_files()), (vec!["OQSreq_1.xml".to_owned()], vec![]));
}

#[test]
fn a_file_is_completed_and_not_replaced_so_who_has_it_open_reads_on() {
    let mut bench = Bench::new();
    bench.put(".onshi-mock/7.answer-begun.OQSres_1.xml", b"the answer");
    bench.put("res/OQSres_1.xml", b"the");
    let mut open = fs::File::open(bench.path("res/OQSres_1.xml")).unwrap();
    let mut read = String::new();
    open.read_to_string(&mut read).unwrap();
    assert_eq!(read, "the");
    bench.sweep();
    open.read_to_string(&mut read).unwrap();
    assert_eq!(read, "the answer");
}

#[test]
fn a_file_that_was_created_and_not_marked_gets_its_answer_from_the_beginning() {
    let result = (".onshi-mock/7.answer-in-place.OQSres_1.xml", &b"before"[..]);
    assert_eq!(restart_with(&[result, ("res/OQSres_1.xml", b"")]), (results(&[("OQSres_1.xml", "before")]), 0));
    let mut bench = Bench::new();
    bench.put(result.0, result.1);
    bench.put("res/OQSres_1.xml", b"");
    let mut open = fs::File::open(bench.path("res/OQSres_1.xml")).unwrap();
    bench.sweep();
    let mut read = String::new();
    open.read_to_string(&mut read).unwrap();
    assert_eq!(read, "before", "who has the empty file open reads on");
}

#[test]
fn a_directory_in_the_place_of_an_answer_that_was_begun_is_left_alone() {
    let mut bench = Bench::new();
    bench.put(".onshi-mock/7.answer-begun.OQSres_1.xml", b"the answer");
    fs::create_dir(bench.path("res/OQSres_1.xml")).unwrap();
    assert_eq!(bench.sweep(), SweepSummary { delivered: 1, ..SweepSummary::default() });
    assert_eq!(bench.engine_files(), [""; 0]);
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
    assert_eq!(bench.sweep(), SweepSummary { delivered: 1, ..SweepSummary::default() });
    assert_eq!(bench.handler.asked.len(), 1);
}

#[test]
fn numbers_go_on_after_those_that_were_left() {
    let mut bench = Bench::new();
    bench.latency = Duration::from_secs(60);
    bench.put(".onshi-mock/7.tmp", b"");
    bench.put("req/OQSreq_1.xml", WHOLE);
    bench.sweep_twice();
    assert_eq!(bench.engine_files(), ["8.answer-in-place.OQSres_1.xml", "8.claim.OQSreq_1.xml"]);
}

#[test]
fn a_claim_that_was_left_goes_back_while_the_handler_is_closed() {
    let mut bench = Bench::new();
    bench.handler.closed = true;
    bench.put(".onshi-mock/7.claim.OQSreq_1.xml", WHOLE);
    bench.put("req/OQSreq_1.xml", b"newer");
    assert_eq!(bench.sweep(), SweepSummary { outstanding: 1, ..SweepSummary::default() }, "the newer one is not overwritten");
    fs::remove_file(bench.path("req/OQSreq_1.xml")).unwrap();
    assert_eq!(bench.sweep(), SweepSummary { given_back: 1, ..SweepSummary::default() });
    assert_eq!(fs::read(bench.path("req/OQSreq_1.xml")).unwrap(), WHOLE);
}

#[test]
fn a_second_process_leaves_the_folder_alone() {
    let mut bench = Bench::new();
    bench.sweep();
    bench.put(".onshi-mock/7.claim.OQSreq_1.xml", WHOLE);
    let mut second = Folder::new(bench.dir.path(), Rules::default());
    let error = second.sweep(at(0), LATENCY, None, &mut TestHandler::default()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
    bench.restart();
    assert_eq!(bench.sweep().delivered, 1);
}

#[test]
fn a_second_process_leaves_a_folder_alone_that_vanished_and_was_made_again() {
    let mut bench = Bench::new();
    bench.sweep();
    let removed = fs::remove_dir_all(bench.path(".onshi-mock"));
    // Under Wine a folder cannot vanish while a file in it is open.
    let stays = [io::ErrorKind::DirectoryNotEmpty, io::ErrorKind::PermissionDenied];
    match removed {
        Err(error) if cfg!(windows) && stays.contains(&error.kind()) => return,
        removed => removed.unwrap(),
    }
    bench.sweep();
    let mut second = Folder::new(bench.dir.path(), Rules::default());
    assert_eq!(second.ready().unwrap_err().kind(), io::ErrorKind::ResourceBusy);
}
