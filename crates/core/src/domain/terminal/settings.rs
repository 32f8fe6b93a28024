//! The settings of a terminal.

use jiff::civil::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::element_order::ElementOrder;
use crate::domain::encoding::Encoding;
use crate::domain::linkage::{LinkageSettings, ResultFiles};
use crate::domain::period::Period;

/// A terminal's settings; what is left out has its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("examples" = [{"automatic_restart": "07:00", "fast_startup": false}]))]
pub struct Settings {
    /// Who moves it.
    pub driver: Driver,
    /// How far it is with the campaign when it is made.
    pub starts: Starts,
    /// Whether it asks for updates by itself: one minute after a boot, then every `poll_interval`.
    pub polling: bool,
    /// Daily orderly shutdown and power-on, in Japan time.
    pub power_schedule: Option<PowerSchedule>,
    /// Daily restart, in Japan time (N6).
    pub automatic_restart: Option<Time>,
    /// Windows' fast startup: a shutdown keeps the session, so that switching on is no boot (default true, as Windows has it).
    pub fast_startup: bool,
    /// Between polls, at least a minute (default PT1H).
    pub poll_interval: Period,
    /// Bytes received a second, at least 1 (default 2000000; invented).
    pub bandwidth: u64,
    /// How long installing one component takes (default PT1M; invented).
    pub install_time: Period,
    /// From a restart until it answers again (default PT0S).
    pub boot_time: Period,
    /// Whether a boot fails to apply what is installed, so that the error stays (N9).
    pub stuck: bool,
    /// Whether the line's authentication is lost: every check fails, updates cannot be reached, and no restart cures it.
    pub line_down: bool,
    /// Its reader.
    pub reader: ReaderSettings,
    /// The character set of its answers in XML: `utf-8` or `shift_jis`.
    pub encoding: Encoding,
    /// The order of elements in its answers; null: `hash` for files, `specification` for the web API.
    pub element_order: Option<ElementOrder>,
    /// How its result, `.err` and face files come into being: `in_place` (default) or `atomic`.
    pub result_files: ResultFiles,
    /// Its linkage application.
    pub linkage: LinkageSettings,
}

/// Who moves a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Driver {
    /// It lives by itself on the institution's clock.
    Virtual,
    /// It does only what a client reports over the delivery surface.
    External,
}

/// How far a new terminal is with the campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Starts {
    /// Everything installed and running.
    UpToDate,
    /// Everything installed, nothing restarted since.
    Pending,
    /// Nothing downloaded.
    UpdateAvailable,
}

/// When a terminal is on each day: from `on` to `off`, across midnight where `on` is later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PowerSchedule {
    /// Switched on at.
    pub on: Time,
    /// Shut down at.
    pub off: Time,
}

impl PowerSchedule {
    /// Whether the terminal is on at this time of day.
    pub fn is_on(self, time: Time) -> bool {
        if self.on <= self.off { self.on <= time && time < self.off } else { time >= self.on || time < self.off }
    }
}

/// The face-recognition card reader's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReaderSettings {
    /// Whether the terminal has one.
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
