//! Downloads as people watch them: a bar on a terminal, lines otherwise.

use indicatif::{ProgressBar, ProgressStyle};

use super::protocol::Offer;

/// One download.
pub(super) enum Meter {
    /// A bar on standard error.
    Bar(ProgressBar),
    /// A line each time that another tenth is there.
    Lines { title: String, size: u64, told: u64 },
}

impl Meter {
    pub(super) fn new(offer: &Offer, bar: bool) -> Self {
        let title = format!("{} {}", offer.component.title().ja, offer.version);
        if !bar {
            return Self::Lines { title, size: offer.size, told: 0 };
        }
        let style = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}");
        let bar = ProgressBar::new(offer.size).with_message(title);
        Self::Bar(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
    }

    /// So many bytes are there.
    pub(super) fn at(&mut self, received: u64) {
        match self {
            Self::Bar(bar) => bar.set_position(received),
            Self::Lines { title, size, told } => {
                let tenth = received.saturating_mul(10) / (*size).max(1);
                if tenth > *told {
                    *told = tenth;
                    tracing::info!("{title}: {}% ({received}/{size})", tenth * 10);
                }
            }
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}
