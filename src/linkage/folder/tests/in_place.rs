//! Tests of how a file is created in `res/`, as seen by a client that looks before each change
//! on disk; and of a full disk.

use std::cell::RefCell;
use std::rc::Rc;

use super::*;

/// Returns the successive sizes of a file while `work` runs, `None` while it does not exist.
fn sizes(result_files: ResultFiles, file: &str, work: impl FnOnce(&mut Bench)) -> Vec<Option<u64>> {
    let mut bench = Bench::new();
    bench.handler.result_files = result_files;
    let seen_sizes = Rc::new(RefCell::new(Vec::new()));
    let (seeing, path) = (Rc::clone(&seen_sizes), bench.path(file));
    let look = move || seeing.borrow_mut().push(fs::metadata(&path).ok().map(|metadata| metadata.len()));
    kill::watch(look.clone());
    work(&mut bench);
    look();
    kill::watch(|| {});
    let mut sizes = seen_sizes.borrow().clone();
    sizes.dedup();
    sizes
}

#[test]
fn in_place_a_file_is_empty_at_its_creation_and_whole_after_one_change() {
    let asked = |content: &'static [u8]| {
        move |bench: &mut Bench| {
            bench.put("req/OQSreq_1.xml", content);
            bench.sweep();
            bench.now += 5000;
            bench.sweep();
        }
    };
    let face = |bench: &mut Bench| bench.face("OQSface_1.xml", b"face 1").unwrap();
    for (way, created) in [(ResultFiles::InPlace, &[None, Some(0)][..]), (ResultFiles::Atomic, &[None])] {
        let then = |size| [created, &[Some(size)]].concat();
        assert_eq!(sizes(way, "res/OQSres_1.xml", asked(WHOLE)), then(14));
        assert_eq!(sizes(way, "res/OQSreq_1.err", asked(b"bad")), then(14));
        assert_eq!(sizes(way, "face/OQSface_1.xml", face), then(6));
    }
}

#[test]
fn what_a_full_disk_left_short_is_completed_by_the_next_sweep_with_the_same_answer() {
    for (request, content, result) in [("OQSreq_1.xml", WHOLE, "OQSres_1.xml"), ("OQSreq_1.xml", b"bad", "OQSreq_1.err")] {
        let mut bench = Bench::new();
        bench.put(&format!("req/{request}"), content);
        bench.sweep();
        bench.now += 5000;
        // The first write is that of the result in `.onshi-mock/`.
        kill::fill_disk_at(1);
        assert_eq!(bench.sweep(), SweepSummary { taken: 1, outstanding: 1, ..SweepSummary::default() });
        assert_eq!(
            (bench.text(&format!("res/{result}")), bench.names("res").len()),
            ("OQSreq_".to_owned(), 1),
            "no request beside a short .err"
        );
        assert_eq!(bench.sweep(), SweepSummary { delivered: 1, ..SweepSummary::default() });
        assert_eq!((bench.text(&format!("res/{result}")), bench.handler.asked.len()), ("OQSreq_1.xml 1".to_owned(), 1));
        assert_eq!(bench.engine_files(), [""; 0]);
    }
}

#[test]
fn while_a_full_disk_keeps_no_answer_nobody_is_asked_again() {
    let mut bench = Bench::new();
    bench.put("req/OQSreq_1.xml", WHOLE);
    bench.sweep();
    for _ in 0..3 {
        kill::fill_disk_at(0);
        assert_eq!(bench.sweep().outstanding, 1);
    }
    assert_eq!(bench.sweep().delivered, 1);
    assert_eq!((bench.text("res/OQSres_1.xml"), bench.handler.asked.len()), ("OQSreq_1.xml 1".to_owned(), 1));
}

#[test]
fn a_later_answer_of_the_same_name_waits_for_one_that_is_short() {
    let mut bench = Bench::new();
    bench.latency = Duration::from_secs(60);
    for _ in 0..2 {
        bench.put("req/OQSreq_1.xml", WHOLE);
        bench.sweep_twice();
    }
    bench.now += 60_000;
    kill::fill_disk_at(0);
    assert_eq!(bench.sweep(), SweepSummary { outstanding: 2, ..SweepSummary::default() });
    assert_eq!(bench.text("res/OQSres_1.xml"), "OQSreq_");
    assert_eq!(bench.sweep(), SweepSummary { delivered: 2, ..SweepSummary::default() });
    assert_eq!(bench.text("res/OQSres_1.xml"), "OQSreq_1.xml 2");
}
