//! The control API for authors of tests: manages institutions with their clocks, campaigns and
//! terminals, and shows the requests that were received.

mod actions;
mod campaign;
mod card;
mod clock;
mod console_link;
mod events;
mod faults;
mod fixtures;
mod handshakes;
mod input;
mod institutions;
mod journal;
mod journal_query;
mod metrics;
mod observations;
mod open;
mod output;
mod patch;
mod persons;
mod rehearsal;
mod scenario;
mod snapshot;
mod terminals;
mod verdict;
mod view;

pub use actions::{certificate, download, install, power, reader_power, restart, restart_linkage, shutdown};
pub use campaign::{read_campaign, set_campaign};
pub use card::present_card;
pub use clock::{advance_clock, read_clock, set_clock};
pub use console_link::create_console_link;
pub use events::{describe_events, read_events, too_many_streams};
pub use faults::{add_fault, delete_fault, delete_faults, describe_added_fault, list_faults, read_fault};
pub use fixtures::{delete_fixtures, put_fixtures, read_fixtures};
pub use handshakes::failed_handshakes;
pub use input::{Input, InstitutionPath, TerminalPath, method_not_allowed, no_institution, no_terminal, require_token, unknown_route};
pub use institutions::{create_institution, delete_institution, list_institutions, patch_institution, read_institution, reset_institution};
pub use journal::{clear_journal, clear_strays, institution_entry, institution_journal, stray_entry, stray_journal};
pub use metrics::metrics;
pub use observations::{observe, read_observations};
pub use open::{ca_pem, healthz, openapi, readyz};
pub use persons::{delete_persons, read_persons, set_persons};
pub use scenario::{list_scenarios, read_scenario, set_scenario};
pub use snapshot::{restore_snapshot, take_snapshot};
pub use terminals::{add_terminal, delete_terminal, list_terminals, patch_terminal, read_terminal};
pub use verdict::{describe_verdict, verdict};
