//! What a server takes at a moment, and whether that grows.

use std::fmt;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
/// What memory, and what files, may grow by over the second half of the time.
const MAX_MEMORY: f64 = (8 * MIB) as f64;
const MAX_FILES: f64 = (4 * MIB) as f64;
/// Tasks that may be more than at the first sample: those of requests that are under way.
const MAX_TASKS: u64 = 200;

/// A server's memory and the files of its store in bytes, its tasks and institutions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) memory: u64,
    pub(super) files: u64,
    pub(super) tasks: u64,
    pub(super) institutions: u64,
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { memory, files, tasks, institutions } = self;
        write!(f, "{} KiB of memory, {} KiB of files, {tasks} tasks, {institutions} institutions", memory / KIB, files / KIB)
    }
}

/// By how much the line grows over them that lies nearest to the values, which were taken evenly.
fn growth(values: impl Iterator<Item = u64> + Clone) -> f64 {
    let number = values.clone().count() as f64;
    let (middle, mean) = ((number - 1.0) / 2.0, values.clone().sum::<u64>() as f64 / number);
    let places = (0..).map(|place| f64::from(place) - middle);
    let (above, below) = places
        .zip(values)
        .fold((0.0, 0.0), |(above, below), (place, value)| (above + place * (value as f64 - mean), below + place * place));
    above / below * (number - 1.0)
}

/// Over the second half nothing grows by more than it may.
#[expect(clippy::print_stdout, reason = "the figures are for the nightly log")]
pub(super) fn assert_flat(samples: &[Sample]) {
    let half = &samples[samples.len() / 2..];
    let (memory, files) = (growth(half.iter().map(|sample| sample.memory)), growth(half.iter().map(|sample| sample.files)));
    println!("over the second half memory grew by {:.0} KiB, files by {:.0} KiB", memory / KIB as f64, files / KIB as f64);
    assert!(memory <= MAX_MEMORY, "memory grew by {memory} bytes");
    assert!(files <= MAX_FILES, "files grew by {files} bytes");
    assert!(half.iter().all(|sample| sample.tasks <= samples[0].tasks + MAX_TASKS), "tasks are left: {half:?}");
}

#[test]
fn the_growth_is_that_of_the_line() {
    assert!((growth([10, 20, 30, 40].into_iter()) - 30.0).abs() < 1e-9);
    assert!(growth([5, 7, 7, 5].into_iter()).abs() < 1e-9);
}
