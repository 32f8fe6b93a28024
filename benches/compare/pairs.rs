//! Measurements side by side: the program and the floor in turn, with the ratio of each round.

use std::fmt;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use super::load::Client;
use super::process::Process;
use super::stage::{self, BenchSetup, request};
use super::{CONNECTIONS, MEASUREMENT_TIME, ROUNDS};

/// A line of the table.
pub(crate) struct Row {
    pub(crate) title: String,
    pub(crate) ours: String,
    pub(crate) floor: String,
    pub(crate) ratio: String,
    pub(crate) target: String,
}

impl Row {
    /// The table's head.
    pub(crate) const HEAD: &str =
        "| what | onshi-mock (median) | floor (median) | ratio: median (min to max) | target |\n|---|---|---|---|---|";
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "| {} | {} | {} | {} | {} |", self.title, self.ours, self.floor, self.ratio, self.target)
    }
}

/// A build of the program that answers checks.
struct Subject {
    title: &'static str,
    /// Kept, so that the processes continue to run.
    _programs: Vec<Process>,
    dir: TempDir,
    client: Client,
    requests: Arc<Vec<Vec<u8>>>,
    /// The first request, in the floor's form.
    for_floor: Vec<u8>,
}

impl Subject {
    fn start(runtime: &Runtime, title: &'static str, build: &str, stage: &BenchSetup, institutions: u32) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let programs: Vec<Process> = (0..stage.processes).map(|_| Process::build(build, dir.path(), &["--store", &stage.store])).collect();
        let ca = std::fs::read(dir.path().join("certs/ca.pem")).unwrap();
        let client = Client::new(programs.iter().map(|program| program.address("backend=")).collect(), &ca, None);
        let control = Client::new(vec![programs[0].address("control=")], &ca, None);
        let codes = runtime.block_on(stage::institutions(&control, institutions));
        let token = runtime.block_on(stage::login(&client));
        let request = |code: &String| stage::check("/oqs-api-pro/MSA01030/ILI01030SV01/search", code, &token);
        let requests = Arc::new(codes.iter().map(request).collect());
        let for_floor = stage::check("/check", &codes[0], &token);
        Self { title, _programs: programs, dir, client, requests, for_floor }
    }

    fn rate(&self, runtime: &Runtime, asked: usize) -> f64 {
        let requests = Arc::new(self.requests[..asked].to_vec());
        runtime.block_on(self.client.rate(CONNECTIONS, MEASUREMENT_TIME, &requests))
    }
}

/// Measures checks per second with this number of institutions. Each title has a row, in which its
/// number of institutions are queried in turn; the baseline has one row.
pub(crate) fn checks(rows: &[(&str, usize, f64)], stage: &BenchSetup, institutions: u32) -> Vec<Row> {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let builds = [("", Some(env!("CARGO_BIN_EXE_onshi-mock"))), (", baseline", stage.baseline.as_deref())];
    let builds = builds.into_iter().filter_map(|(title, build)| Some((title, build?)));
    let subjects: Vec<Subject> = builds.map(|(title, build)| Subject::start(&runtime, title, build, stage, institutions)).collect();
    let ours = &subjects[0];
    let answer = runtime.block_on(ours.client.once(&ours.requests[0]));
    let floor = Process::floor(&ours.dir.path().join("certs"), answer.len(), 0, stage.floor_asks.as_deref());
    let ca = std::fs::read(ours.dir.path().join("certs/ca.pem")).unwrap();
    let theirs = Client::new(vec![floor.address("")], &ca, None);
    let for_floor = Arc::new(vec![ours.for_floor.clone()]);
    let row = |(title, asked, target): &(&str, usize, f64)| {
        let mut measured: Vec<Measured> = subjects.iter().map(|_| Measured::default()).collect();
        for round in 0..=ROUNDS {
            let rates: Vec<f64> = subjects.iter().map(|subject| subject.rate(&runtime, *asked)).collect();
            let floor = runtime.block_on(theirs.rate(CONNECTIONS, MEASUREMENT_TIME, &for_floor));
            if round > 0 {
                measured.iter_mut().zip(rates).for_each(|(measured, rate)| measured.add(rate, floor));
            }
        }
        let named = subjects.iter().zip(measured);
        named.map(|(subject, measured)| measured.row(&format!("{title}{}", subject.title), "/s", *target)).collect::<Vec<Row>>()
    };
    rows.iter().flat_map(row).collect()
}

/// Measures the MiB per second of a package download.
pub(crate) fn packages(title: &str, target: f64) -> Row {
    const SIZE: usize = 64 * 1024 * 1024;
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let program = Process::program(dir.path(), &["--store", "memory"]);
    let ca = std::fs::read(dir.path().join("certs/ca.pem")).unwrap();
    let ours = Client::new(vec![program.address("backend=")], &ca, None);
    let control = Client::new(vec![program.address("control=")], &ca, None);
    let path = runtime.block_on(stage::package(&control, &ours, SIZE));
    let floor = Process::floor(&dir.path().join("certs"), 0, SIZE, None);
    let theirs = Client::new(vec![floor.address("")], &ca, None);
    let (for_ours, for_floor) = (request("GET", &path, "", b""), request("GET", "/package", "", b""));
    let mut measured = Measured::default();
    for round in 0..=ROUNDS {
        let ours = runtime.block_on(ours.throughput(MEASUREMENT_TIME, &for_ours));
        let theirs = runtime.block_on(theirs.throughput(MEASUREMENT_TIME, &for_floor));
        eprintln!("{title}: round {round}: {ours:.0} and {theirs:.0} MiB/s");
        if round > 0 {
            measured.add(ours, theirs);
        }
    }
    measured.row(title, " MiB/s", target)
}

/// Measures handshakes per second.
pub(crate) fn handshakes(title: &str, target: f64) -> Row {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let program = Process::program(dir.path(), &["--store", "memory"]);
    let ca = std::fs::read(dir.path().join("certs/ca.pem")).unwrap();
    let control = Client::new(vec![program.address("control=")], &ca, None);
    let (certificate, key) = runtime.block_on(stage::certificate(&control));
    let own = Some((certificate.as_bytes(), key.as_bytes()));
    let floor = Process::floor(&dir.path().join("certs"), 0, 0, None);
    let ours = Client::new(vec![program.address("backend=")], &ca, own);
    let theirs = Client::new(vec![floor.address("")], &ca, own);
    let mut measured = Measured::default();
    for round in 0..=ROUNDS {
        let ours = runtime.block_on(ours.handshakes(CONNECTIONS, MEASUREMENT_TIME));
        let theirs = runtime.block_on(theirs.handshakes(CONNECTIONS, MEASUREMENT_TIME));
        if round > 0 {
            measured.add(ours, theirs);
        }
    }
    measured.row(title, "/s", target)
}

#[derive(Default)]
struct Measured {
    ours: Vec<f64>,
    floor: Vec<f64>,
    ratios: Vec<f64>,
}

impl Measured {
    fn add(&mut self, ours: f64, floor: f64) {
        self.ours.push(ours);
        self.floor.push(floor);
        self.ratios.push(ours / floor);
    }

    fn row(mut self, title: &str, unit: &str, target: f64) -> Row {
        let (ours, floor, ratio) = (median(&mut self.ours), median(&mut self.floor), median(&mut self.ratios));
        let (least, most) = (self.ratios[0], self.ratios[self.ratios.len() - 1]);
        Row {
            title: title.to_owned(),
            ours: format!("{ours:.0}{unit}"),
            floor: format!("{floor:.0}{unit}"),
            ratio: format!("{ratio:.2} ({least:.2} to {most:.2})"),
            target: if target > 0.0 { format!("at least {target}") } else { "none".to_owned() },
        }
    }
}

/// Sorts the values and returns the median.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
