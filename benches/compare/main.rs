//! Compares the program with a minimal server (the floor), side by side in one run, and prints a
//! table.
//!
//! `cargo bench --profile dist --bench compare` runs all parts, `cargo bench --profile dist --bench
//! compare -- check package` those two. Servers are pinned to the first processor and the load to
//! the second, so that only the server is measured. `ONSHI_BENCH_BASELINE=PATH` names another build
//! of the program: the parts on SQLite measure it in the same rounds.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench talks, and ends where it meets what it did not expect"
)]

mod floor;
mod load;
mod memory;
mod pairs;
mod process;
mod stage;

use std::time::Duration;

use pairs::Row;

/// The number of rounds of each pair. Each round measures both once.
const ROUNDS: usize = 7;
/// The duration of one measurement.
const MEASUREMENT_TIME: Duration = Duration::from_secs(3);
/// The number of connections of the load.
const CONNECTIONS: usize = 16;
/// About the number of all medical institutions in Japan.
const INSTITUTIONS: u32 = 230_000;

const SECTIONS: [(&str, &str); 8] = [
    ("check", "(a) check over TLS keep-alive, SQLite, 1 institution"),
    ("check-many", "(a) check over TLS keep-alive, SQLite, one of 230,000 institutions"),
    ("package", "(b) package download, 64 MiB"),
    ("handshake", "(c) full handshakes with client certificates"),
    ("start", "(d) start to ready, certificates present"),
    ("memory", "(e) resident memory"),
    ("postgres", "(f) check, PostgreSQL, one process"),
    ("postgres-two", "(f) check, PostgreSQL, two processes (no target)"),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "floor") {
        floor::serve(&arguments[1..]);
        return;
    }
    if !arguments.iter().any(|argument| argument == "--bench") {
        // `cargo test --all-targets` starts benches too; there is nothing to test here.
        return;
    }
    let wanted: Vec<&str> = arguments.iter().map(String::as_str).filter(|argument| !argument.starts_with("--")).collect();
    if let Some(unknown) = wanted.iter().find(|wanted| SECTIONS.iter().all(|(name, _)| name != *wanted)) {
        eprintln!("there is no part {unknown}; there are: {}", SECTIONS.map(|(name, _)| name).join(", "));
        std::process::exit(2);
    }
    process::pin_load();
    println!("{}\n\n{}", process::machine(), Row::HEAD);
    for (name, title) in SECTIONS.iter().filter(|(name, _)| wanted.is_empty() || wanted.contains(name)) {
        for row in measure(name, title) {
            println!("{row}");
        }
    }
}

fn measure(name: &str, title: &str) -> Vec<Row> {
    match name {
        "check" => pairs::checks(&[(title, 1, 0.55)], &stage::sqlite(), 1),
        "check-many" => {
            let in_turn = "(a) check over TLS keep-alive, SQLite, all of 230,000 institutions in turn";
            pairs::checks(&[(title, 1, 0.55), (in_turn, INSTITUTIONS as usize, 0.2)], &stage::sqlite(), INSTITUTIONS)
        }
        "package" => vec![pairs::packages(title, 0.9)],
        "handshake" => vec![pairs::handshakes(title, 0.9)],
        "start" => vec![memory::start(title)],
        "memory" => memory::resident(title),
        "postgres" => pairs::checks(&[(title, 1, 0.6)], &stage::postgres(1), 1),
        _ => pairs::checks(&[(title, 1, 0.0)], &stage::postgres(2), 1),
    }
}
