//! Tests of face results.

use super::*;

#[test]
fn a_face_result_is_put_whole_and_replaces_another() {
    for way in ResultFiles::ALL {
        let mut bench = Bench::new();
        bench.handler.result_files = way;
        for bytes in [&b"first"[..], b"the second", b"third"] {
            bench.face("OQSface_1.xml", bytes).unwrap();
            assert_eq!(bench.text("face/OQSface_1.xml").as_bytes(), bytes);
        }
        assert_eq!((bench.names("face").len(), bench.engine_files().len()), (1, 0));
        for name in ["", "..", "../x", "a/b", "a\\b", "C:x", "a\nb", &"x".repeat(201)] {
            bench.face(name, b"x").unwrap_err();
        }
        assert_eq!(bench.engine_files(), [""; 0], "what is not kept leaves nothing");
    }
}

#[test]
fn one_that_cannot_be_put_yet_is_put_by_a_later_sweep_or_the_next_process() {
    for (way, restarts) in
        [(ResultFiles::InPlace, false), (ResultFiles::InPlace, true), (ResultFiles::Atomic, false), (ResultFiles::Atomic, true)]
    {
        let mut bench = Bench::new();
        bench.handler.result_files = way;
        fs::create_dir_all(bench.path("face/OQSface_1.xml/x")).unwrap();
        bench.face("OQSface_1.xml", b"face 1").unwrap();
        assert_eq!(bench.sweep(), SweepSummary { outstanding: 1, ..SweepSummary::default() });
        fs::remove_dir_all(bench.path("face/OQSface_1.xml")).unwrap();
        if restarts {
            bench.restart();
        }
        assert_eq!(bench.sweep(), SweepSummary { delivered: 1, ..SweepSummary::default() });
        assert_eq!((bench.text("face/OQSface_1.xml"), bench.engine_files()), ("face 1".to_owned(), vec![]));
    }
}

#[test]
fn they_are_bounded_and_a_full_disk_is_an_error_that_leaves_nothing() {
    let mut bench = Bench::with(Rules { most: 3, ..Rules::default() });
    kill::fill_disk_at(0);
    assert_eq!(bench.face("OQSface_0.xml", b"face 0").unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert_eq!((bench.engine_files(), bench.names("face")), (vec![], vec![]));
    for number in 0..3 {
        fs::create_dir(bench.path(&format!("face/OQSface_{number}.xml"))).unwrap();
        bench.face(&format!("OQSface_{number}.xml"), b"face").unwrap();
    }
    bench.face("OQSface_3.xml", b"face").unwrap_err();
    assert_eq!(bench.engine_files().len(), 3);
}
