//! What open consoles cost the checks of a receipt computer.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::support::{Browser, Mock, template};

const CONSOLES: usize = 100;
const CHECKS_A_SECOND: u32 = 50;
const PAIRS: usize = 5;
const SECONDS: u32 = 5;

/// Opens the streams of a rehearsal's page, and reads them to their end.
async fn open(browsers: &[Browser], code: &str) -> JoinSet<usize> {
    let mut consoles = JoinSet::new();
    for console in 0..CONSOLES {
        let browser = &browsers[console % browsers.len()];
        let mut stream = browser.fetch(&format!("/console/institutions/{code}/live")).send().await.unwrap();
        assert_eq!(stream.status(), StatusCode::OK);
        consoles.spawn(async move {
            let mut bytes = 0;
            while let Ok(Some(part)) = stream.chunk().await {
                bytes += part.len();
            }
            bytes
        });
    }
    consoles
}

/// The 99th percentile of the time that checks take, at a steady rate.
async fn p99(mock: &Mock, code: &str) -> Duration {
    let computer = mock.receipt_computer();
    let mut ticks = interval(Duration::from_secs(1) / CHECKS_A_SECOND);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut times = Vec::new();
    for _ in 0..CHECKS_A_SECOND * SECONDS {
        ticks.tick().await;
        let began = Instant::now();
        computer.check(code).await.expect_error("MOCK0501E");
        times.push(began.elapsed());
    }
    times.sort_unstable();
    times[times.len() * 99 / 100]
}

/// 100 consoles look at one institution while 50 checks a second arrive, in pairs with and without
/// consoles, so that what else the machine does meets both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "nightly: a minute, in a build with optimisation"]
#[expect(clippy::print_stdout, reason = "the figures are for the nightly log")]
async fn a_hundred_consoles_do_not_slow_down_the_checks_of_their_institution() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, "2026-01-20T08:55:00+09:00").await;
    let code = clinic.to_string();
    let mut browsers = Vec::new();
    for _ in 0..4 {
        browsers.push(mock.console().await);
    }
    let mut ratios = Vec::new();
    for _ in 0..PAIRS {
        let alone = p99(&mock, &code).await;
        let mut consoles = open(&browsers, &code).await;
        let beside = p99(&mock, &code).await;
        assert!(consoles.try_join_next().is_none(), "a console's stream ended");
        consoles.shutdown().await;
        println!("p99 alone {alone:?}, beside {CONSOLES} consoles {beside:?}");
        ratios.push(beside.as_secs_f64() / alone.as_secs_f64());
    }
    ratios.sort_unstable_by(f64::total_cmp);
    println!("ratios {ratios:.2?}");
    assert!(ratios[PAIRS / 2] <= 1.3, "the median of {ratios:.2?} is above 1.3");
}
