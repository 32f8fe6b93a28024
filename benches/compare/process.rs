//! The processes under measurement: pinned to a processor, awaited until ready, inspected through
//! /proc.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A running server.
pub(crate) struct Process {
    child: Child,
    /// Its ready line.
    pub(crate) ready: String,
}

impl Process {
    /// Starts the program in a directory, with these options of `serve`.
    pub(crate) fn program(dir: &Path, options: &[&str]) -> Self {
        Self::build(env!("CARGO_BIN_EXE_onshi-mock"), dir, options)
    }

    /// Starts a build of the program in a directory, with these options of `serve`.
    pub(crate) fn build(path: &str, dir: &Path, options: &[&str]) -> Self {
        let mut command = pinned(path);
        command.arg("serve").args(["--backend-addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0", "--control-token", TOKEN]);
        Self::start(command.args(options).current_dir(dir))
    }

    /// Starts the floor with the certificates of a directory.
    pub(crate) fn floor(certs: &Path, answer: usize, package: usize, postgres: Option<&str>) -> Self {
        let mut command = pinned(std::env::current_exe().unwrap().to_str().unwrap());
        let sizes = [answer.to_string(), package.to_string()];
        Self::start(command.arg("floor").arg(certs).args(sizes).arg(postgres.unwrap_or("-")))
    }

    fn start(command: &mut Command) -> Self {
        let mut child = command.env("RUST_LOG", "warn").stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let ready = BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
        Self { child, ready }
    }

    /// Returns the address after a word of the ready line.
    pub(crate) fn address(&self, word: &str) -> String {
        let found = self.ready.split(' ').find_map(|part| part.strip_prefix(word)?.strip_prefix("https://").map(str::to_owned));
        found.unwrap_or_else(|| panic!("no {word} in {}", self.ready))
    }

    /// Returns the resident memory in MiB.
    pub(crate) fn resident(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The bench has ended, with or without a result.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The control token of all servers here.
pub(crate) const TOKEN: &str = "a-control-token-for-benches";

fn pinned(program: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", "0", program]);
    command
}

/// Keeps this process, which produces the load, off the servers' processor.
pub(crate) fn pin_load() {
    let pinned = Command::new("taskset").args(["--all-tasks", "--cpu-list", "--pid", "1", &std::process::id().to_string()]).output();
    assert!(pinned.is_ok_and(|output| output.status.success()), "taskset (util-linux) and two processors are needed");
}

/// Returns a description of the machine.
pub(crate) fn machine() -> String {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown").trim_start_matches(['\t', ':', ' ']);
    let count = cpuinfo.lines().filter(|line| line.starts_with("processor")).count();
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{count} × {model}, Linux {}", release.trim())
}
