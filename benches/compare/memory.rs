//! The cost of one process: the time until it is ready, and its resident memory after increasing
//! work.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::load::Client;
use super::pairs::{Row, median};
use super::process::Process;
use super::stage;
use super::{CONNECTIONS, INSTITUTIONS};

/// Measures the milliseconds from the start of the process to its ready line.
pub(crate) fn start(title: &str) -> Row {
    let dir = tempfile::tempdir().unwrap();
    drop(Process::program(dir.path(), &[]));
    let mut times: Vec<f64> = (0..21).map(|_| timed(dir.path(), &[])).collect();
    let middle = median(&mut times);
    plain(title, format!("{middle:.0} ms ({:.0} to {:.0})", times[0], times[20]), "under 100 ms")
}

fn timed(dir: &std::path::Path, options: &[&str]) -> f64 {
    let began = Instant::now();
    let process = Process::program(dir, options);
    let took = began.elapsed().as_secs_f64() * 1000.0;
    drop(process);
    took
}

/// Measures the MiB when idle, after 1,000,000 checks and with 230,000 institutions, and the start
/// with those.
pub(crate) fn resident(title: &str) -> Vec<Row> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let program = Process::program(dir.path(), &[]);
    let idle = program.resident();
    let ca = std::fs::read(dir.path().join("certs/ca.pem")).unwrap();
    let backend = Client::new(vec![program.address("backend=")], &ca, None);
    let control = Client::new(vec![program.address("control=")], &ca, None);
    let token = runtime.block_on(stage::login(&backend));
    let request = Arc::new(vec![stage::check("/oqs-api-pro/MSA01030/ILI01030SV01/search", "9910000018", &token)]);
    let (mut checks, time) = (0.0, Duration::from_secs(5));
    while checks < 1_000_000.0 {
        checks += runtime.block_on(backend.rate(CONNECTIONS, time, &request)) * time.as_secs_f64();
    }
    let checked = program.resident();
    let codes = runtime.block_on(stage::institutions(&control, INSTITUTIONS));
    let created = program.resident();
    drop(program);
    let again = timed(dir.path(), &[]);
    let program = Process::program(dir.path(), &[]);
    let backend = Client::new(vec![program.address("backend=")], &ca, None);
    let requests =
        Arc::new(codes.iter().map(|code| stage::check("/oqs-api-pro/MSA01030/ILI01030SV01/search", code, &token)).collect::<Vec<_>>());
    let mut asked = 0.0;
    while asked < 2.0 * f64::from(INSTITUTIONS) {
        asked += runtime.block_on(backend.rate(CONNECTIONS, time, &requests)) * time.as_secs_f64();
    }
    vec![
        plain(&format!("{title}, idle"), format!("{idle:.0} MiB"), "under 25 MiB"),
        plain(&format!("{title}, after {checks:.0} journalled checks"), format!("{checked:.0} MiB"), "under 96 MiB"),
        plain(&format!("{title}, after 230,000 institutions were created"), format!("{created:.0} MiB"), "under 512 MiB"),
        plain(
            &format!("{title}, each of 230,000 institutions checked at least once"),
            format!("{:.0} MiB", program.resident()),
            "under 512 MiB",
        ),
        plain("start to ready with 230,000 institutions", format!("{again:.0} ms"), "under 2 s"),
    ]
}

fn plain(title: &str, ours: String, target: &str) -> Row {
    Row { title: title.to_owned(), ours, floor: "–".to_owned(), ratio: "–".to_owned(), target: target.to_owned() }
}
