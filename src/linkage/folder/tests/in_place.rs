//! How a file comes into being in `res/`, as somebody sees it who looks before each change on the disk; and a disk that gets full.

use std::cell::RefCell;
use std::rc::Rc;

use super::*;

/// The sizes that the answer's file has in turn, `None` while it is not there.
fn sizes(result_files: ResultFiles) -> Vec<Option<u64>> {
    let mut bench = Bench::new();
    bench.desk.result_files = result_files;
    bench.put("req/OQSreq_1.xml", WHOLE);
    let seen = Rc::new(RefCell::new(Vec::new()));
    let (seeing, path) = (Rc::clone(&seen), bench.path("res/OQSres_1.xml"));
    let look = move || seeing.borrow_mut().push(fs::metadata(&path).ok().map(|metadata| metadata.len()));
    kill::watch(look.clone());
    bench.sweep_twice();
    look();
    kill::watch(|| {});
    let mut sizes = seen.borrow().clone();
    sizes.dedup();
    sizes
}

#[test]
fn in_place_a_file_is_empty_at_its_creation_and_whole_after_one_change() {
    assert_eq!(sizes(ResultFiles::InPlace), [None, Some(0), Some(14)]);
    assert_eq!(sizes(ResultFiles::Atomic), [None, Some(14)]);
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
        assert_eq!(bench.sweep(), Swept { taken: 1, outstanding: 1, ..Swept::default() });
        assert_eq!(
            (bench.text(&format!("res/{result}")), bench.names("res").len()),
            ("OQSreq_".to_owned(), 1),
            "no request beside a short .err"
        );
        assert_eq!(bench.sweep(), Swept { delivered: 1, ..Swept::default() });
        assert_eq!((bench.text(&format!("res/{result}")), bench.desk.asked.len()), ("OQSreq_1.xml 1".to_owned(), 1));
        assert_eq!(bench.kept(), [""; 0]);
    }
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
    assert_eq!(bench.sweep(), Swept { outstanding: 2, ..Swept::default() });
    assert_eq!(bench.text("res/OQSres_1.xml"), "OQSreq_");
    assert_eq!(bench.sweep(), Swept { delivered: 2, ..Swept::default() });
    assert_eq!(bench.text("res/OQSres_1.xml"), "OQSreq_1.xml 2");
}
