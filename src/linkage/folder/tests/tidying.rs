//! Tests of how long results stay.

use super::*;

/// Creates a file with a given modification time.
fn put_old(bench: &Bench, name: &str, milliseconds: i64) {
    bench.put(name, b"x");
    fs::File::options().write(true).open(bench.path(name)).unwrap().set_modified(at(milliseconds).into()).unwrap();
}

fn sweep(bench: &mut Bench, milliseconds: i64, stay_seconds: u64) -> usize {
    bench.folder.sweep(at(milliseconds), LATENCY, Some(Duration::from_secs(stay_seconds)), &mut bench.handler).unwrap().removed
}

#[test]
fn our_results_are_removed_when_their_time_is_over_and_foreign_files_never() {
    let mut bench = Bench::new();
    for dir in ["res", "face"] {
        put_old(&bench, &format!("{dir}/OQSold.xml"), -100_001);
        put_old(&bench, &format!("{dir}/OQSyoung.xml"), -99_999);
        put_old(&bench, &format!("{dir}/foreign.xml"), -100_001);
        fs::create_dir(bench.path(&format!("{dir}/OQSdir.xml"))).unwrap();
    }
    assert_eq!(sweep(&mut bench, 0, 100), 2);
    for dir in ["res", "face"] {
        assert_eq!(bench.names(dir), ["OQSdir.xml", "OQSyoung.xml", "foreign.xml"]);
    }
}

#[test]
fn it_is_done_at_most_once_a_minute() {
    let mut bench = Bench::new();
    assert_eq!(sweep(&mut bench, 0, 100), 0);
    put_old(&bench, "res/OQSold.xml", -1_000_000);
    assert_eq!(sweep(&mut bench, 59_999, 100), 0);
    assert_eq!(sweep(&mut bench, 60_000, 100), 1);
}

#[test]
fn without_a_time_everything_stays() {
    let mut bench = Bench::new();
    put_old(&bench, "res/OQSold.xml", -1_000_000_000);
    bench.sweep_twice();
    assert_eq!(bench.names("res"), ["OQSold.xml"]);
    assert_eq!(sweep(&mut bench, 0, u64::MAX), 0);
}

#[test]
fn a_malformed_request_stays_its_time_in_res_however_old_it_was() {
    let mut bench = Bench::new();
    put_old(&bench, "req/OQSreq_1.xml", -1_000_000_000);
    bench.sweep();
    bench.now += 5000;
    assert_eq!(bench.sweep().delivered, 1);
    let now = bench.now;
    assert_eq!(sweep(&mut bench, now, 100), 0);
    assert_eq!(bench.names("res"), ["OQSreq_1.err", "OQSreq_1.xml"]);
}

#[test]
fn a_result_stays_its_time_however_long_it_was_kept() {
    for name in ["7.answer.OQSres_1.xml", "7.answer-in-place.OQSres_1.xml"] {
        let mut bench = Bench::new();
        put_old(&bench, &format!(".onshi-mock/{name}"), -1_000_000);
        assert_eq!(sweep(&mut bench, 0, 100), 0);
        assert_eq!(bench.names("res"), ["OQSres_1.xml"]);
    }
}

#[cfg(unix)]
#[test]
fn a_link_is_not_removed() {
    let mut bench = Bench::new();
    put_old(&bench, "OQSoutside.xml", -1_000_000);
    std::os::unix::fs::symlink(bench.path("OQSoutside.xml"), bench.path("res/OQSlink.xml")).unwrap();
    assert_eq!(sweep(&mut bench, 0, 0), 0);
}

#[test]
fn what_is_removed_is_listed_in_order_where_the_handler_wants_that() {
    let mut bench = Bench::new();
    bench.handler.listing = true;
    assert_eq!(sweep(&mut bench, 0, 100), 0);
    assert!(bench.names("res").is_empty(), "nothing removed, nothing listed");
    for name in ["res/OQSb.xml", "face/OQSc.xml", "res/OQSa.xml"] {
        put_old(&bench, name, -100_001);
    }
    assert_eq!(sweep(&mut bench, 60_000, 100), 3);
    assert_eq!(bench.text("res/del1.txt"), "OQSa.xml OQSb.xml OQSc.xml");
}
