//! Waiting for what comes in its own time: until it is so, and no longer than any healthy run
//! takes.

use std::fmt::Debug;
use std::time::{Duration, Instant};

const TIMEOUT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Looks again and again until something is there, and gives it. Until then a look says what there
/// is instead, which is told if it never comes.
pub(crate) async fn eventually<T, S: Debug>(what: &str, look: impl AsyncFn() -> Result<T, S>) -> T {
    let began = Instant::now();
    loop {
        match look().await {
            Ok(there) => return there,
            Err(instead) => assert!(began.elapsed() < TIMEOUT, "it never came: {what}\ninstead: {instead:?}"),
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// Waits until a condition holds.
pub(crate) async fn wait_until(what: &str, condition: impl Fn() -> bool) {
    eventually(what, async || if condition() { Ok(()) } else { Err("it does not hold") }).await;
}
