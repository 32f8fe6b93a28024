//! Hours of ordinary use in minutes: all that clients do, at 80 % of what the server can, and no
//! growth of memory, files and tasks.
#![cfg(target_os = "linux")]

mod lives;
mod samples;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use lives::Soaked;
use samples::{Sample, assert_flat};

/// Lives of institutions that are lived at once.
const WORKERS: u32 = 16;
/// How long it is measured what the server can.
const AT_FULL_SPEED: Duration = Duration::from_secs(20);
/// The share of it that is then used.
const SHARE: f64 = 0.8;
const SAMPLES: u32 = 60;

/// Lives one life after another, of which each begins at its time, until the time is over; how many
/// there were.
async fn live(soaked: &Soaked, time: Duration, pace: Duration) -> u32 {
    let (began, begun) = (Instant::now(), AtomicU32::new(0));
    let worker = || async {
        let client = soaked.client();
        while began.elapsed() < time {
            let number = begun.fetch_add(1, Ordering::Relaxed);
            // The pace at which they come.
            tokio::time::sleep((pace * number).saturating_sub(began.elapsed())).await;
            soaked.one_life(&client, number).await;
        }
    };
    join_all((0..WORKERS).map(|_| worker())).await;
    begun.load(Ordering::Relaxed)
}

/// So many samples, evenly.
#[expect(clippy::print_stdout, reason = "the figures are for the nightly log")]
async fn sample(soaked: &Soaked, time: Duration) -> Vec<Sample> {
    let (began, mut samples) = (Instant::now(), Vec::new());
    for _ in 0..SAMPLES {
        tokio::time::sleep(time / SAMPLES).await;
        let sample = soaked.sample().await;
        println!("{:>5.0?} {sample}", began.elapsed());
        samples.push(sample);
    }
    samples
}

#[expect(clippy::print_stdout, reason = "the figures are for the nightly log")]
async fn soak(time: Duration) {
    let soaked = Soaked::start().await;
    let idle = soaked.sample().await;
    let lives = live(&soaked, AT_FULL_SPEED, Duration::ZERO).await;
    let pace = AT_FULL_SPEED.div_f64(f64::from(lives) * SHARE);
    println!("it can {lives} lives of institutions in {AT_FULL_SPEED:?}; one every {pace:?} from now on");
    let (lives, samples) = tokio::join!(live(&soaked, time, pace), sample(&soaked, time));
    let wanted = time.div_duration_f64(pace);
    println!("{lives} of {wanted:.0} lives in {time:?}");
    assert!(f64::from(lives) >= wanted * 0.9, "the server did not keep up");
    soaked.comes_back_to(&idle).await;
    assert_flat(&samples);
}

#[ignore = "five minutes: ./test --nightly"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_minutes_leave_memory_files_and_tasks_as_they_were() {
    soak(Duration::from_secs(5 * 60)).await;
}

#[ignore = "half an hour: ./test --nightly"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_an_hour_leaves_memory_files_and_tasks_as_they_were() {
    soak(Duration::from_secs(30 * 60)).await;
}
