//! The settings of a terminal.

use jiff::civil::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::element_order::ElementOrder;
use crate::domain::encoding::Encoding;
use crate::domain::linkage::{LinkageSettings, ResultFiles};
use crate::domain::period::Period;

/// The settings of a terminal. Omitted fields have their default values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("examples" = [{"automatic_restart": "07:00", "fast_startup": false}]))]
pub struct Settings {
    /// What controls the terminal's state.
    pub driver: Driver,
    /// The progress of the terminal in the campaign when it is created.
    pub starts: Starts,
    /// Whether the terminal polls for updates automatically: one minute after a boot, then every
    /// `poll_interval`.
    pub polling: bool,
    /// The times of the daily orderly shutdown and power-on, in Japan time.
    pub power_schedule: Option<PowerSchedule>,
    /// The time of the daily restart, in Japan time (N6).
    pub automatic_restart: Option<Time>,
    /// Windows fast startup: a shutdown saves the session, so that switching on is not a boot
    /// (default true, as in Windows).
    pub fast_startup: bool,
    /// The interval between polls: at least one minute (default PT1H).
    pub poll_interval: Period,
    /// The download speed in bytes per second: at least 1 (default 2000000; invented).
    pub bandwidth: u64,
    /// The installation time of one component (default PT1M; invented).
    pub install_time: Period,
    /// The time from a restart until the terminal responds again (default PT0S).
    pub boot_time: Period,
    /// Whether a boot fails to apply the installed versions, so that the error remains (N9).
    pub stuck: bool,
    /// Whether the line's authentication is lost: every check fails, updates are unreachable, and a
    /// restart does not resolve it.
    pub line_down: bool,
    /// The settings of the card reader.
    pub reader: ReaderSettings,
    /// The character set of XML responses: `utf-8` or `shift_jis`.
    pub encoding: Encoding,
    /// The order of elements in responses; null means `hash` for files and `specification` for the
    /// web API.
    pub element_order: Option<ElementOrder>,
    /// How result, `.err` and face result files are created: `in_place` (default) or `atomic`.
    pub result_files: ResultFiles,
    /// The settings of the linkage application.
    pub linkage: LinkageSettings,
}

/// What controls the terminal's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Driver {
    /// The terminal is simulated and follows the institution's clock.
    Virtual,
    /// The terminal's state changes only through a client's reports to the delivery routes.
    External,
}

/// The progress of a new terminal in the campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Starts {
    /// Everything is installed and running.
    UpToDate,
    /// Everything is installed, but the terminal has not been restarted since.
    Pending,
    /// Nothing is downloaded.
    UpdateAvailable,
}

/// The daily period during which a terminal is on: from `on` to `off`, across midnight if `on` is
/// later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PowerSchedule {
    /// The time of switching on.
    pub on: Time,
    /// The time of the shutdown.
    pub off: Time,
}

impl PowerSchedule {
    /// Whether the terminal is on at this time of day.
    pub fn is_on(self, time: Time) -> bool {
        if self.on <= self.off { self.on <= time && time < self.off } else { time >= self.on || time < self.off }
    }
}

/// The settings of the face-recognition card reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReaderSettings {
    /// Whether the terminal has a card reader.
    pub attached: bool,
}

impl Default for ReaderSettings {
    fn default() -> Self {
        Self { attached: true }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            driver: Driver::Virtual,
            starts: Starts::UpdateAvailable,
            polling: true,
            power_schedule: None,
            automatic_restart: None,
            fast_startup: true,
            poll_interval: Period::from_secs(3600),
            bandwidth: 2_000_000,
            install_time: Period::from_secs(60),
            boot_time: Period::from_secs(0),
            stuck: false,
            line_down: false,
            reader: ReaderSettings::default(),
            encoding: Encoding::default(),
            element_order: None,
            result_files: ResultFiles::default(),
            linkage: LinkageSettings::default(),
        }
    }
}

impl Settings {
    /// Returns the order of elements in files: those in the folder and those over the linkage
    /// route.
    pub fn order_in_files(&self) -> ElementOrder {
        self.element_order.unwrap_or(ElementOrder::Hash)
    }

    /// Returns the order of elements in responses of the web API.
    pub fn order_over_web(&self) -> ElementOrder {
        self.element_order.unwrap_or(ElementOrder::Specification)
    }

    /// Returns the field that is out of range, as a JSON pointer, and its range.
    pub fn validate(&self) -> Option<(&'static str, &'static str)> {
        if self.poll_interval < Period::from_secs(60) {
            return Some(("/poll_interval", "at least PT1M"));
        }
        if self.bandwidth == 0 {
            return Some(("/bandwidth", "at least 1 (bytes a second)"));
        }
        if let Some(fault) = self.linkage.validate() {
            return Some(fault);
        }
        let schedule = self.power_schedule?;
        (schedule.on == schedule.off).then_some(("/power_schedule", "`on` and `off` at different times"))
    }
}
