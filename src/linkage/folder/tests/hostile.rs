//! Tests of hostile files in the folder: they neither lead out of it nor stop the service.

use std::io::ErrorKind;
use std::sync::{Arc, Mutex};

use super::*;

/// Returns what is logged while `work` runs.
fn logged(work: impl FnOnce()) -> String {
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);
    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let writer = log.clone();
    tracing::subscriber::with_default(tracing_subscriber::fmt().with_writer(move || writer.clone()).finish(), work);
    String::from_utf8(log.0.lock().unwrap().clone()).unwrap()
}

#[test]
fn a_huge_request_is_not_read() {
    let mut bench = Bench::new();
    let size = 100 * 1024 * 1024;
    fs::File::create(bench.path("req/OQSreq_1.xml")).unwrap().set_len(size).unwrap();
    bench.sweep();
    bench.now += 5000;
    assert_eq!(bench.sweep(), SweepSummary { taken: 1, delivered: 1, ..SweepSummary::default() });
    assert!(bench.handler.asked.is_empty());
    assert_eq!(fs::metadata(bench.path("res/OQSreq_1.xml")).unwrap().len(), size);
    assert_eq!(bench.text("res/OQSreq_1.err"), "104857600 > 16777216");
}

#[test]
fn a_request_of_just_the_longest_size_is_read() {
    for (max_bytes, asked) in [(WHOLE.len() as u64, 1), (WHOLE.len() as u64 - 1, 0)] {
        let mut bench = Bench::with(Rules { max_bytes, ..Rules::default() });
        bench.put("req/OQSreq_1.xml", WHOLE);
        bench.sweep_twice();
        assert_eq!(bench.handler.asked.len(), asked);
        assert!(bench.names("req").is_empty());
    }
}

#[test]
fn a_read_only_request_is_answered_and_taken_away() {
    let mut bench = Bench::new();
    bench.put("req/OQSreq_1.xml", WHOLE);
    let path = bench.path("req/OQSreq_1.xml");
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    assert_eq!(bench.sweep_twice(), SweepSummary { taken: 1, delivered: 1, ..SweepSummary::default() });
    assert!(bench.names("req").is_empty() && bench.names(".onshi-mock").iter().all(|name| !name.contains("OQSreq_1")));
}

#[test]
fn a_directory_is_left_alone() {
    let mut bench = Bench::new();
    fs::create_dir_all(bench.path("req/OQSreq_1.xml/OQSreq_2.xml")).unwrap();
    bench.put("req/OQSreq_3.xml", WHOLE);
    assert_eq!(bench.sweep_twice(), SweepSummary { taken: 1, delivered: 1, ..SweepSummary::default() });
    assert_eq!(bench.names("req"), ["OQSreq_1.xml"]);
}

#[test]
fn strange_files_in_the_own_directory_are_left_alone() {
    let mut bench = Bench::new();
    let strange =
        ["1.claim.", "1.claim", "01.claim.a.xml", "+1.claim.a.xml", "18446744073709551615.claim.a.xml", "1.tmp.a", "1.other.a", "x"];
    // Windows removes a dot at the end of a name, which makes two of these the same.
    let strange: Vec<&str> = strange.into_iter().filter(|name| !cfg!(windows) || !name.ends_with('.')).collect();
    for name in &strange {
        bench.put(&format!(".onshi-mock/{name}"), WHOLE);
    }
    fs::create_dir(bench.path(".onshi-mock/2.claim.OQSreq_1.xml")).unwrap();
    assert_eq!(bench.sweep_twice(), SweepSummary::default());
    assert_eq!(bench.engine_files().len(), strange.len() + 1);
}

#[test]
fn what_others_remove_meanwhile_is_forgotten() {
    let mut bench = Bench::new();
    bench.latency = Duration::from_secs(1);
    bench.put("req/OQSreq_1.xml", WHOLE);
    bench.put("req/OQSreq_2.xml", b"incomplete");
    bench.sweep_twice();
    fs::remove_dir_all(bench.path(".onshi-mock")).unwrap();
    fs::remove_file(bench.path("req/OQSreq_2.xml")).unwrap();
    bench.now += 1000;
    assert_eq!(bench.sweep(), SweepSummary::default());
    fs::remove_dir_all(bench.path("res")).unwrap();
    bench.put("req/OQSreq_3.xml", WHOLE);
    bench.sweep_twice();
    bench.now += 1000;
    assert_eq!(bench.sweep(), SweepSummary { delivered: 1, ..SweepSummary::default() });
}

#[test]
fn a_result_whose_name_leads_out_of_the_folder_is_not_written() {
    struct Escaping(TestHandler);
    impl RequestHandler for Escaping {
        fn is_open(&mut self) -> bool {
            true
        }
        fn accepts(&self, name: &str) -> bool {
            self.0.accepts(name)
        }
        fn complete(&self, tail: &[u8]) -> bool {
            self.0.complete(tail)
        }
        fn answer(&mut self, _: &str, _: &[u8]) -> HandlerReply {
            HandlerReply::Answer(OutputFile { name: "../../out.xml".to_owned(), bytes: vec![], result_files: ResultFiles::Atomic })
        }
        fn too_large(&mut self, name: &str, size: u64, max: u64) -> OutputFile {
            self.0.too_large(name, size, max)
        }
        fn is_ours(&self, name: &str) -> bool {
            self.0.is_ours(name)
        }
    }
    let mut bench = Bench::new();
    bench.put("req/OQSreq_1.xml", WHOLE);
    let mut escaping = Escaping(TestHandler::default());
    for time in 0..3 {
        bench.folder.sweep(at(time), LATENCY, None, &mut escaping).unwrap();
    }
    assert_eq!(bench.engine_files(), ["1.claim.OQSreq_1.xml"]);
}

#[test]
fn a_trouble_is_logged_once_until_it_has_been_away() {
    let mut bench = Bench::new();
    fs::remove_dir(bench.path("req")).unwrap();
    bench.put("req", b"a file");
    let fail = |bench: &mut Bench, sweeps: usize| {
        for _ in 0..sweeps {
            bench.now += 250;
            let error = bench.folder.sweep(at(bench.now), LATENCY, None, &mut bench.handler).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotADirectory);
        }
    };
    let log = logged(|| fail(&mut bench, 1000));
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains("WARN") && log.contains("req is not a directory"), "{log}");
    bench.now += 60_000;
    assert_eq!(logged(|| fail(&mut bench, 10)).lines().count(), 1);
    fs::remove_file(bench.path("req")).unwrap();
    assert_eq!(bench.sweep(), SweepSummary::default());
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_and_pipes_are_never_opened() {
        let mut bench = Bench::new();
        bench.put("secret", WHOLE);
        symlink(bench.path("secret"), bench.path("req/OQSreq_1.xml")).unwrap();
        symlink(bench.path("nowhere"), bench.path("req/OQSreq_2.xml")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(bench.path("req/OQSreq_3.xml")).status().unwrap().success());
        let _socket = std::os::unix::net::UnixListener::bind(bench.path("req/OQSreq_4.xml")).unwrap();
        bench.sweep();
        bench.now += 10_000;
        assert_eq!(bench.sweep(), SweepSummary::default());
        assert_eq!(bench.names("req").len(), 4);
    }

    #[test]
    fn a_request_that_is_replaced_by_a_link_at_the_last_moment_is_not_followed() {
        let mut bench = Bench::new();
        bench.put("secret", WHOLE);
        bench.put("req/OQSreq_1.xml", WHOLE);
        bench.sweep();
        let (secret, request) = (bench.path("secret"), bench.path("req/OQSreq_1.xml"));
        let mut calls = 0;
        bench.handler.before_claim = Some(Box::new(move || {
            calls += 1;
            if calls == 2 {
                fs::remove_file(&request).unwrap();
                symlink(&secret, &request).unwrap();
            }
        }));
        assert_eq!(bench.sweep(), SweepSummary { taken: 1, given_back: 1, ..SweepSummary::default() });
        assert!(bench.path("req/OQSreq_1.xml").is_symlink());
        assert_eq!(bench.sweep_twice(), SweepSummary::default());
        assert!(bench.handler.asked.is_empty());
    }

    #[test]
    fn opening_refuses_links_and_does_not_wait_for_pipes() {
        let bench = Bench::new();
        bench.put("secret", WHOLE);
        symlink(bench.path("secret"), bench.path("link")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(bench.path("pipe")).status().unwrap().success());
        for name in ["link", "pipe"] {
            crate::linkage::folder::disk::read(&bench.path(name), 100).unwrap_err();
            crate::linkage::folder::disk::tail(&bench.path(name)).unwrap_err();
        }
    }

    #[test]
    fn a_directory_that_is_a_link_stops_the_sweep() {
        for name in ["req", "res", "face", ".onshi-mock"] {
            let mut bench = Bench::new();
            bench.put("req/OQSreq_1.xml", WHOLE);
            bench.sweep();
            fs::rename(bench.path(name), bench.path("elsewhere")).unwrap();
            symlink(bench.path("elsewhere"), bench.path(name)).unwrap();
            let error = bench.folder.sweep(at(1000), LATENCY, None, &mut bench.handler).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotADirectory, "{name}");
            assert!(bench.path("req/OQSreq_1.xml").exists());
            fs::remove_file(bench.path(name)).unwrap();
            fs::rename(bench.path("elsewhere"), bench.path(name)).unwrap();
            bench.sweep_twice();
            assert_eq!(bench.names("res"), ["OQSres_1.xml"], "it goes on when {name} is a directory again");
        }
    }

    #[test]
    fn links_in_the_own_directory_are_neither_read_nor_written_through() {
        let mut bench = Bench::new();
        bench.put("secret", WHOLE);
        symlink(bench.path("secret"), bench.path(".onshi-mock/5.claim.OQSreq_5.xml")).unwrap();
        symlink(bench.path("secret"), bench.path(".onshi-mock/1.tmp")).unwrap();
        bench.put("req/OQSreq_1.xml", WHOLE);
        assert_eq!(bench.sweep_twice(), SweepSummary { taken: 1, delivered: 1, ..SweepSummary::default() });
        assert_eq!(fs::read(bench.path("secret")).unwrap(), WHOLE);
        assert!(!bench.path("res/OQSres_1.xml").is_symlink());
    }

    #[test]
    fn a_link_in_a_results_place_is_replaced_and_not_written_through() {
        let mut bench = Bench::new();
        bench.put("secret", b"secret");
        symlink(bench.path("secret"), bench.path("res/OQSres_1.xml")).unwrap();
        bench.put("req/OQSreq_1.xml", WHOLE);
        bench.sweep_twice();
        assert_eq!(bench.text("secret"), "secret");
        assert_eq!(bench.text("res/OQSres_1.xml"), "OQSreq_1.xml 1");
    }

    #[test]
    fn names_that_not_every_system_can_use_are_left_alone() {
        let mut bench = Bench::new();
        let long = format!("{}.xml", "x".repeat(117));
        for name in [&b"a\xff.xml"[..], b"a\n.xml", b"a:b.xml", b"..\\a.xml", long.as_bytes()] {
            // If the system itself refuses the name, there is nothing to test.
            let _ = fs::write(bench.path("req").join(OsStr::from_bytes(name)), WHOLE);
        }
        let longest = format!("{}.xml", "x".repeat(116));
        bench.put(&format!("req/{longest}"), WHOLE);
        assert_eq!(bench.sweep_twice(), SweepSummary { taken: 1, delivered: 1, ..SweepSummary::default() });
        assert_eq!(bench.handler.asked, [longest]);
    }
}
