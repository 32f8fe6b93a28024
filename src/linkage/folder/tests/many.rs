//! Tests of many files: they are answered quickly, in bounded memory, and none blocks the
//! others.

use std::collections::BTreeSet;

use super::*;

#[test]
fn a_thousand_requests_are_answered_in_three_sweeps() {
    let mut bench = Bench::new();
    for number in 0..1000 {
        bench.put(&format!("req/OQSsiquc01req_{number:04}.xml"), WHOLE);
    }
    let summary: Vec<SweepSummary> = (0..3).map(|_| bench.sweep()).collect();
    assert_eq!(summary.iter().map(|summary| summary.delivered).sum::<usize>(), 1000);
    assert_eq!(bench.names("res").len(), 1000);
    assert_eq!(bench.names("req"), [""; 0]);
    assert_eq!(bench.handler.asked.len(), 1000);
    assert_eq!(bench.handler.asked.iter().collect::<BTreeSet<_>>().len(), 1000);
    let mut in_order = bench.handler.asked.clone();
    in_order.sort();
    assert_eq!(bench.handler.asked, in_order, "the oldest first");
}

#[test]
fn a_hundred_thousand_junk_files_are_not_all_kept_in_memory() {
    let mut bench = Bench::new();
    for number in 0..50_000 {
        bench.put(&format!("req/junk_{number}.tmp"), b"");
        bench.put(&format!("req/junk_{number}.xml"), b"");
    }
    bench.put("req/OQSreq_1.xml", WHOLE);
    assert_eq!(bench.sweep().watched, 2000);
    assert_eq!(bench.sweep(), SweepSummary { taken: 1, delivered: 1, watched: 2000, ..SweepSummary::default() });
    bench.now += 5000;
    let summary = bench.sweep();
    assert_eq!((summary.taken, summary.watched), (2000, 2000), "the next ones have their turn");
}

#[test]
fn claims_are_bounded_too() {
    let mut bench = Bench::with(Rules { most: 10, ..Rules::default() });
    bench.latency = Duration::from_secs(60);
    for number in 0..30 {
        bench.put(&format!("req/OQSreq_{number}.xml"), WHOLE);
    }
    for _ in 0..5 {
        let summary = bench.sweep();
        assert!(summary.outstanding <= 10 && summary.watched <= 10, "{summary:?}");
    }
    assert_eq!(bench.names("req").len(), 20);
    for _ in 0..10 {
        bench.now += 60_000;
        bench.sweep();
    }
    assert_eq!(bench.names("res").len(), 30);
}

#[test]
fn files_that_never_get_complete_do_not_keep_the_others_waiting_for_ever() {
    // For any name: the good request comes before, among and after the bad ones.
    for good in ["0", "2", "9"] {
        let mut bench = Bench::with(Rules { most: 10, ..Rules::default() });
        let mut content = Vec::new();
        let mut sweeps = 0;
        while bench.handler.asked.is_empty() {
            content.push(b'x');
            for number in 100..150 {
                bench.put(&format!("req/OQSreq_{}_{number}.xml", 1 + number % 3), &content);
            }
            // It arrives after the others have reached the limit.
            if sweeps == 1 {
                bench.put(&format!("req/OQSreq_{good}.xml"), WHOLE);
            }
            assert!(bench.sweep().watched <= 10);
            bench.now += 1000;
            sweeps += 1;
            assert!(sweeps < 100, "six turns of 15 s would do");
        }
        assert_eq!(bench.handler.asked, [format!("OQSreq_{good}.xml")]);
    }
}
