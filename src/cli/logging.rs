//! Logs on standard error, for people or as JSON, with times in the machine's time zone.

use std::fmt;
use std::io::IsTerminal;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use crate::config::LogFormat;

/// The machine's local time with the offset, so that it can be compared with other logs of the
/// machine.
struct LocalTime {
    wall: fn() -> Timestamp,
    zone: TimeZone,
}

impl FormatTime for LocalTime {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        let now = (self.wall)().to_zoned(self.zone.clone());
        write!(writer, "{}", now.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z"))
    }
}

/// Whether standard error is a terminal that shows colours. On Windows they have to be switched
/// on first; a console that cannot do that would show their escape sequences.
fn shows_colours() -> bool {
    std::io::stderr().is_terminal() && anstyle_query::windows::enable_ansi_colors().unwrap_or(true)
}

/// Starts logging; `wall` returns the machine's time.
pub(super) fn start_logging(format: LogFormat, wall: fn() -> Timestamp) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("onshi_mock=info"));
    let time = LocalTime { wall, zone: TimeZone::system() };
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(shows_colours()).with_timer(time);
    // A log that cannot be written, as on a full disk, is lost. To say so on standard error,
    // which is the log, would panic.
    let logs = logs.with_writer(std::io::stderr).log_internal_errors(false);
    match format {
        LogFormat::Text => logs.init(),
        LogFormat::Json => logs.json().init(),
    }
}
