//! The one place that asks the machine for the time.

use jiff::Timestamp;

/// The machine's time. Everything else gets it as an argument, or reads an institution's clock.
#[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
pub fn wall() -> Timestamp {
    Timestamp::now()
}
