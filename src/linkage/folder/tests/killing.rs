//! Tests of a process that is killed before each change on disk, while a client takes files at
//! any time: each request gets exactly one complete answer, unless the client took the file too
//! early.

use std::cell::RefCell;
use std::rc::Rc;

use proptest::prelude::*;

use super::*;

/// A client that looks into the folder before each change on disk, and takes the files at the
/// looks with the numbers in `takes`.
struct Client {
    root: PathBuf,
    takes: Vec<usize>,
    looks: usize,
    /// Name and content of the taken files.
    taken: Vec<(String, String)>,
}

impl Client {
    fn look(&mut self) {
        let [request, error] = ["OQSreq_2.xml", "OQSreq_2.err"].map(|name| self.root.join("res").join(name));
        if request.exists() && !self.taken.iter().any(|(name, _)| name == "OQSreq_2.err") {
            assert!(is_whole(&fs::read_to_string(error).unwrap()), "the request is there, and its error file is not whole");
        }
        if self.takes.contains(&self.looks) {
            self.take();
        }
        self.looks += 1;
    }

    fn take(&mut self) {
        for dir in ["res", "face"] {
            for entry in fs::read_dir(self.root.join(dir)).unwrap() {
                let path = entry.unwrap().path();
                self.taken.push((path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap()));
                fs::remove_file(path).unwrap();
            }
        }
    }
}

/// Whether an answer is complete: it ends with a number.
fn is_whole(text: &str) -> bool {
    text.rsplit_once(' ').is_some_and(|(_, number)| number.parse::<u32>().is_ok())
}

/// The kinds of requests.
#[derive(Clone, Copy, PartialEq)]
enum Asked {
    Answer,
    Malformed,
    Silent,
    Face,
}

use Asked::{Answer, Face, Malformed, Silent};

/// Returns the request of each kind, and the name of its result.
fn files(asked: Asked) -> (&'static str, &'static [u8], &'static str) {
    match asked {
        Answer => ("OQSreq_1.xml", WHOLE, "OQSres_1.xml"),
        Malformed => ("OQSreq_2.xml", b"bad", "OQSreq_2.err"),
        Silent => ("OQSreq_3.xml", b"<XmlMsg>silent</XmlMsg>", ""),
        Face => ("", b"", "OQSface_1.xml"),
    }
}

/// Kills one process after another at its step, then lets one run to its end. Returns whether
/// the last kill came too late.
fn killed(result_files: ResultFiles, asked: &[Asked], kills: &[usize], takes: &[usize], latency: Duration) -> bool {
    let mut bench = Bench::new();
    bench.latency = latency;
    bench.handler.result_files = result_files;
    bench.handler.number_first = true;
    for (name, content, _) in asked.iter().map(|asked| files(*asked)).filter(|(name, ..)| !name.is_empty()) {
        bench.put(&format!("req/{name}"), content);
    }
    let client = Client { root: bench.dir.path().to_owned(), takes: takes.to_vec(), looks: 0, taken: Vec::new() };
    let client = Rc::new(RefCell::new(client));
    let looking = Rc::clone(&client);
    kill::watch(move || looking.borrow_mut().look());
    let (mut face_asked, mut face_promised) = (!asked.contains(&Face), false);
    let mut lived = true;
    for steps in kills.iter().copied().chain([usize::MAX]) {
        let ended = kill::after(steps, || {
            if !std::mem::replace(&mut face_asked, true) {
                face_promised = bench.face("OQSface_1.xml", b"face 1").is_ok();
            }
            for _ in 0..4 {
                bench.sweep();
                bench.now += 6000;
            }
        });
        lived = if steps == usize::MAX { lived } else { ended };
        bench.restart();
    }
    kill::watch(|| {});
    assert_eq!((bench.names("req"), bench.engine_files()), (vec![], vec![]));
    let mut client = client.borrow_mut();
    let before = client.taken.len();
    client.take();
    for (name, text) in &client.taken[before..] {
        assert!(is_whole(text) || name == "OQSreq_2.xml", "{name} is left short: {text:?}");
    }
    for asked in asked {
        let (request, _, result) = files(*asked);
        let texts: Vec<&str> = client.taken.iter().filter(|(name, _)| name == result).map(|(_, text)| text.as_str()).collect();
        let whole = texts.iter().filter(|text| is_whole(text)).count();
        let longest = texts.iter().max_by_key(|text| text.len()).copied().unwrap_or_default();
        assert!(texts.iter().all(|text| longest.starts_with(text)), "one answer, whole or its beginning: {texts:?}");
        let promised = *asked != Face || face_promised;
        let most = usize::from(*asked != Silent && (promised || !texts.is_empty()));
        let context = format!("{result_files:?} kills {kills:?} takes {takes:?}: {:?}", client.taken);
        assert!(whole <= most, "{whole} whole of {result}; {context}");
        let moved = client.taken.iter().filter(|(name, _)| name == request).count();
        assert_eq!(moved, usize::from(*asked == Malformed), "{request} moved; {context}");
        let took_early = client.taken[..before].iter().any(|(name, text)| name == result && !is_whole(text));
        assert!(whole == 1 || took_early || *asked == Silent || !promised, "{result} was never whole; {context}");
    }
    lived
}

const WAYS: [ResultFiles; 2] = ResultFiles::ALL;
const LONG: Duration = Duration::from_secs(10);

#[test]
fn a_kill_before_any_change_on_the_disk_loses_and_doubles_nothing() {
    for way in WAYS {
        let all = [Answer, Malformed, Silent, Face];
        let steps = (0..).find(|steps| killed(way, &all, &[*steps], &[], LATENCY)).unwrap();
        assert!(steps > 20, "{way:?}: {steps} steps");
        for steps in 0..steps {
            killed(way, &all, &[steps], &[], LONG);
        }
    }
}

#[test]
fn a_client_that_takes_files_at_any_moment_gets_no_second_answer_after_a_kill() {
    for way in WAYS {
        for asked in [Answer, Malformed, Face] {
            let steps = (0..).find(|steps| killed(way, &[asked], &[*steps], &[], LATENCY)).unwrap();
            for kill in 0..=steps {
                for take in 0..=steps + 10 {
                    killed(way, &[asked], &[kill], &[take], LATENCY);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn kills_and_takes_in_any_order_lose_and_double_nothing(
        kills in prop::collection::vec(0_usize..30, 0..8),
        takes in prop::collection::vec(0_usize..150, 0..5),
        (waits, atomic) in any::<(bool, bool)>(),
    ) {
        let way = if atomic { ResultFiles::Atomic } else { ResultFiles::InPlace };
        killed(way, &[Answer, Malformed, Silent, Face], &kills, &takes, if waits { LONG } else { LATENCY });
    }
}
