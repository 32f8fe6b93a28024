//! The clock of the machine, the only place that reads it.

use jiff::Timestamp;

/// Returns the machine's time. All other code gets the time as an argument, or reads an
/// institution's clock.
#[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
pub fn wall() -> Timestamp {
    Timestamp::now()
}
