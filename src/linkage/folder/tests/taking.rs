//! Tests of when a request is claimed, and when its result appears.

use super::*;

#[test]
fn directories_are_made_on_demand() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("terminals").join("1");
    let mut folder = Folder::new(&root, Rules::default());
    assert!(!root.exists(), "nothing is made before it is needed");
    folder.sweep(at(0), LATENCY, None, &mut TestHandler::default()).unwrap();
    for name in ["req", "res", "face", ".onshi-mock"] {
        assert!(root.join(name).is_dir(), "{name}");
    }
}

#[test]
fn a_whole_request_is_taken_at_the_second_sweep() {
    let mut bench = Bench::new();
    bench.put("req/OQSsiquc01req_1.xml", WHOLE);
    assert_eq!(bench.sweep(), SweepSummary { watched: 1, ..SweepSummary::default() });
    assert_eq!(bench.sweep(), SweepSummary { taken: 1, delivered: 1, ..SweepSummary::default() });
    assert_eq!(bench.names("req"), [""; 0]);
    assert_eq!(bench.text("res/OQSsiquc01res_1.xml"), "OQSsiquc01req_1.xml 1");
    assert_eq!(bench.engine_files(), [""; 0]);
}

#[test]
fn a_growing_request_is_waited_for_until_it_is_whole() {
    let mut bench = Bench::new();
    for length in 0..WHOLE.len() {
        bench.put("req/OQSreq_1.xml", &WHOLE[..length]);
        bench.sweep();
        bench.now += 4000;
    }
    bench.put("req/OQSreq_1.xml", WHOLE);
    assert_eq!(bench.sweep().taken, 0, "it has just changed");
    assert_eq!(bench.sweep().taken, 1);
    assert_eq!(bench.names("res"), ["OQSres_1.xml"]);
}

#[test]
fn a_change_of_the_time_of_modification_alone_is_a_change() {
    let mut bench = Bench::new();
    bench.put("req/OQSreq_1.xml", WHOLE);
    for second in 0..5 {
        let file = fs::File::options().write(true).open(bench.path("req/OQSreq_1.xml")).unwrap();
        file.set_modified(at(second * 1000).into()).unwrap();
        assert_eq!(bench.sweep().taken, 0);
    }
    assert_eq!(bench.sweep().taken, 1);
}

#[test]
fn an_incomplete_or_empty_request_is_taken_after_five_seconds_without_a_change() {
    for content in [&b"<XmlMsg>ask"[..], b""] {
        let mut bench = Bench::new();
        bench.put("req/OQSreq_1.xml", content);
        // An old modification time, by another clock, does not count.
        let file = fs::File::options().write(true).open(bench.path("req/OQSreq_1.xml")).unwrap();
        file.set_modified(at(-1_000_000).into()).unwrap();
        bench.sweep();
        for _ in 0..19 {
            assert_eq!(bench.sweep().taken, 0);
        }
        assert_eq!(bench.sweep().taken, 1, "5 s after it was first seen");
        assert_eq!(bench.names("res"), ["OQSreq_1.err", "OQSreq_1.xml"]);
        assert_eq!(fs::read(bench.path("res/OQSreq_1.xml")).unwrap(), content);
    }
}

#[test]
fn a_clock_set_back_does_not_hold_up_for_long() {
    let mut bench = Bench::new();
    bench.latency = Duration::from_secs(2);
    bench.put("req/OQSreq_1.xml", WHOLE);
    bench.sweep_twice();
    bench.now -= 3_600_000;
    bench.sweep();
    bench.now += 2000;
    assert_eq!(bench.sweep().delivered, 1);
}

#[test]
fn a_request_that_is_written_to_at_the_last_moment_goes_back_until_it_is_whole() {
    let mut bench = Bench::new();
    bench.put("req/OQSreq_1.xml", WHOLE);
    bench.sweep();
    let request = bench.path("req/OQSreq_1.xml");
    let mut calls = 0;
    bench.handler.before_claim = Some(Box::new(move || {
        calls += 1;
        if calls == 2 {
            fs::write(&request, b"<XmlMsg>another</XmlMsg><XmlMsg>").unwrap();
        }
    }));
    assert_eq!(bench.sweep(), SweepSummary { taken: 1, given_back: 1, watched: 1, ..SweepSummary::default() });
    assert!(bench.handler.asked.is_empty());
    bench.put("req/OQSreq_1.xml", WHOLE);
    bench.sweep_twice();
    assert_eq!(bench.names("res"), ["OQSres_1.xml"]);
}

#[test]
fn names_that_are_not_taken_stay() {
    let mut bench = Bench::new();
    bench.put("req/OQSreq_1.xml.tmp", WHOLE);
    bench.put("req/strange.xml", WHOLE);
    bench.sweep_twice();
    assert_eq!(bench.names("req"), ["OQSreq_1.xml.tmp"]);
    assert_eq!(bench.handler.asked, ["strange.xml"]);
}

#[test]
fn a_result_is_delivered_after_the_latency() {
    let mut bench = Bench::new();
    bench.latency = Duration::from_secs(1);
    bench.put("req/OQSreq_1.xml", WHOLE);
    assert_eq!(bench.sweep_twice(), SweepSummary { taken: 1, outstanding: 1, ..SweepSummary::default() });
    assert_eq!(bench.names("req"), [""; 0], "it is taken at once");
    for _ in 0..3 {
        assert_eq!(bench.sweep().delivered, 0);
        assert_eq!(bench.names("res"), [""; 0]);
    }
    assert_eq!(bench.sweep(), SweepSummary { delivered: 1, ..SweepSummary::default() });
    assert_eq!(bench.handler.asked.len(), 1);
}

#[test]
fn a_silent_request_disappears() {
    let mut bench = Bench::new();
    bench.put("req/OQSreq_1.xml", b"<XmlMsg>silent</XmlMsg>");
    assert_eq!(bench.sweep_twice().silent, 1);
    assert_eq!((bench.names("req"), bench.names("res"), bench.engine_files()), (vec![], vec![], vec![]));
}

#[test]
fn a_closed_handler_takes_and_delivers_nothing() {
    let mut bench = Bench::new();
    bench.latency = Duration::from_secs(1);
    bench.put("req/OQSreq_1.xml", WHOLE);
    bench.sweep_twice();
    bench.handler.closed = true;
    bench.put("req/OQSreq_2.xml", WHOLE);
    bench.now += 10_000;
    assert_eq!(bench.sweep_twice(), SweepSummary { outstanding: 1, ..SweepSummary::default() });
    assert_eq!((bench.names("req"), bench.names("res")), (vec!["OQSreq_2.xml".to_owned()], vec![]));
    bench.handler.closed = false;
    bench.latency = LATENCY;
    bench.sweep_twice();
    assert_eq!(bench.names("res"), ["OQSres_1.xml", "OQSres_2.xml"]);
}

#[test]
fn a_request_that_the_handler_does_not_take_goes_back_and_the_others_stay() {
    let mut bench = Bench::new();
    bench.handler.refusing = true;
    bench.put("req/OQSreq_1.xml", WHOLE);
    bench.put("req/OQSreq_2.xml", WHOLE);
    assert_eq!(bench.sweep_twice(), SweepSummary { taken: 1, given_back: 1, watched: 2, ..SweepSummary::default() });
    assert_eq!(bench.names("req"), ["OQSreq_1.xml", "OQSreq_2.xml"]);
    assert_eq!(fs::read(bench.path("req/OQSreq_1.xml")).unwrap(), WHOLE);
    bench.handler.refusing = false;
    bench.sweep_twice();
    assert_eq!(bench.names("res"), ["OQSres_1.xml", "OQSres_2.xml"]);
}

#[test]
fn two_requests_of_one_name_do_not_mix() {
    let mut bench = Bench::new();
    bench.latency = Duration::from_secs(1);
    for _ in 0..2 {
        bench.put("req/OQSreq_1.xml", WHOLE);
        assert_eq!(bench.sweep_twice().taken, 1);
    }
    bench.now += 1000;
    assert_eq!(bench.sweep().delivered, 2);
    assert_eq!(bench.text("res/OQSres_1.xml"), "OQSreq_1.xml 2", "the later result replaces the earlier");
}

#[test]
fn a_claim_that_fails_is_tried_again_at_the_next_sweep() {
    let mut bench = Bench::new();
    bench.put("req/OQSreq_1.xml", WHOLE);
    bench.sweep();
    // A directory in place of the claim makes the rename fail on every system.
    fs::create_dir_all(bench.path(".onshi-mock/1.claim.OQSreq_1.xml/x")).unwrap();
    assert_eq!(bench.sweep(), SweepSummary { watched: 1, ..SweepSummary::default() });
    assert_eq!(bench.sweep(), SweepSummary { taken: 1, delivered: 1, ..SweepSummary::default() });
}

#[test]
fn a_delivery_that_fails_is_tried_again_with_the_same_answer() {
    for way in ResultFiles::ALL {
        let mut bench = Bench::new();
        bench.handler.result_files = way;
        bench.put("req/OQSreq_1.xml", WHOLE);
        fs::create_dir_all(bench.path("res/OQSres_1.xml/x")).unwrap();
        assert_eq!(bench.sweep_twice(), SweepSummary { taken: 1, outstanding: 1, ..SweepSummary::default() });
        fs::remove_dir_all(bench.path("res/OQSres_1.xml")).unwrap();
        assert_eq!(bench.sweep(), SweepSummary { delivered: 1, ..SweepSummary::default() });
        assert_eq!(bench.text("res/OQSres_1.xml"), "OQSreq_1.xml 1");
    }
}
