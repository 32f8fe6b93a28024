//! The delivery results (配信実績) of one terminal as a table: the template `delivered.html`.

use crate::domain::campaign::Component;
use crate::domain::institution::Institution;
use crate::domain::terminal::{Software, Terminal};

/// The installed versions of a terminal, compared with the distributed ones.
pub(super) struct DeliveryComparison {
    /// Whether every component is installed, which is what the real tool shows.
    pub(super) completed: bool,
    /// One row per component.
    pub(super) rows: Vec<ComponentRow>,
}

/// One component.
pub(super) struct ComponentRow {
    pub(super) title: String,
    pub(super) installed: String,
    pub(super) distributed: String,
    pub(super) delivered: bool,
    pub(super) running: String,
    pub(super) pending: bool,
}

impl DeliveryComparison {
    pub(super) fn of(institution: &Institution, terminal: &Terminal) -> Self {
        let row = |(component, software): (Component, &Software)| {
            let package = institution.campaign.package(component);
            ComponentRow {
                title: component.title().ja,
                installed: software.installed.to_string(),
                distributed: package.map_or_else(|| "―".to_owned(), |package| package.version.to_string()),
                delivered: software.is_delivered(package),
                running: software.running.to_string(),
                pending: software.is_pending(),
            }
        };
        let rows: Vec<ComponentRow> = terminal.components().map(row).collect();
        Self { completed: rows.iter().all(|row| row.delivered), rows }
    }
}
