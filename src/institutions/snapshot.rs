//! Snapshots: an institution with everything that belongs to it as one JSON document. A
//! document that was edited or is not a snapshot is refused before anything changes.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Tenant;
use super::tenant::{FORMAT, ParseCache};
use crate::domain::clock::can_show;
use crate::domain::ids::InstitutionCode;
use crate::domain::institution::MAX_TERMINALS;
use crate::domain::japan;
use crate::domain::observation::Observations;
use crate::domain::person::{MAX_PERSONS, Person, validate_persons};
use crate::domain::text::Text;
use crate::hex;

/// The value that identifies a snapshot.
const SNAPSHOT_KIND: &str = "onshi-mock institution";
/// The field with the checksum of the others.
const CHECKSUM_FIELD: &str = "sha256";

/// An institution at one point in time.
#[derive(Clone, Debug)]
pub struct Snapshot(Tenant);

/// Why a document cannot be restored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {} / {}", .text.ja, .text.en)]
pub struct SnapshotError {
    /// The JSON pointer of the faulty value.
    pub pointer: &'static str,
    /// What is wrong, and what to do.
    pub text: Text,
}

impl SnapshotError {
    fn new(pointer: &'static str, ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { pointer, text: Text::new(ja, en) }
    }
}

impl Snapshot {
    /// Takes a snapshot at `now`, by the institution's clock.
    pub fn take(tenant: &Tenant, now: Timestamp) -> Self {
        let mut tenant = tenant.clone();
        tenant.institution.settle(now);
        tenant.met.clear();
        tenant.untouched = false;
        Self(tenant)
    }

    /// Returns the document.
    pub fn document(&self) -> Value {
        let institution = &self.0.institution;
        let mut document = json!({
            "snapshot": SNAPSHOT_KIND,
            "format": FORMAT,
            "version": env!("CARGO_PKG_VERSION"),
            "code": institution.code,
            "taken": japan::rfc3339(institution.settled_to()),
            "state": self.0.saved(),
        });
        document[CHECKSUM_FIELD] = json!(checksum(&document));
        document
    }

    /// Parses a document.
    ///
    /// # Errors
    /// The document is not a snapshot, has another format, was changed, or is inconsistent.
    pub fn read(mut document: Value) -> Result<Self, SnapshotError> {
        if document["snapshot"] != SNAPSHOT_KIND {
            let expected_ja = "POST …/snapshot の応答をそのまま送ってください。";
            return Err(SnapshotError::new("/snapshot", expected_ja, "This is no snapshot: send what POST …/snapshot answered, as it is."));
        }
        let format = document["format"].as_u64().unwrap_or(u64::MAX);
        if format != u64::from(FORMAT) {
            return Err(SnapshotError::new(
                "/format",
                format!(
                    "形式 {} は、このバージョンでは読めません（{FORMAT} だけ）。このバージョンの onshi-mock で取り直してください。",
                    document["format"]
                ),
                format!("This program reads format {FORMAT}, not {}. Take it anew with this version of onshi-mock.", document["format"]),
            ));
        }
        let sealed = document.as_object_mut().and_then(|fields| fields.remove(CHECKSUM_FIELD));
        if sealed != Some(json!(checksum(&document))) {
            return Err(SnapshotError::new(
                "/sha256",
                "スナップショットが変更されています。取得したときのまま送ってください（大きな数値を書き換えるツールにも注意してください）。",
                "The snapshot was changed after it was taken. Send it as it was (some tools rewrite large numbers).",
            ));
        }
        let unreadable = |message: String| {
            let ja = format!("状態を読み取れません（{message}）。このバージョンの onshi-mock で取り直してください。");
            SnapshotError::new("/state", ja, format!("The state cannot be read ({message}). Take it anew with this version of onshi-mock."))
        };
        let tenant = Tenant::read(&document["state"].to_string(), &ParseCache::default()).map_err(|error| unreadable(error.to_string()))?;
        let unshowable = WITH_TIMES.into_iter().find(|part| !has_times_of_clocks(&document["state"]["institution"][*part]));
        match validate(&tenant).or(unshowable) {
            None => Ok(Self(tenant)),
            Some(fault) => Err(unreadable(fault.to_owned())),
        }
    }

    /// Creates an institution from the snapshot under `code`, which continues when the
    /// machine's clock shows `wall`. If the old code was also the login, the new code becomes
    /// the login.
    pub(super) fn at(&self, code: &InstitutionCode, generation: String, expires: Option<Timestamp>, wall: Timestamp) -> Tenant {
        let Tenant { mut institution, spec, .. } = self.0.clone();
        let mut spec = Arc::unwrap_or_clone(spec);
        for login in [&mut institution.login, &mut spec.login] {
            if login.user == institution.code.as_str() {
                code.as_str().clone_into(&mut login.user);
            }
        }
        institution.code = code.clone();
        institution.generation = generation.into();
        // Observations belong to the journal, which is cleared.
        institution.observations = Observations::default();
        institution.resume(wall);
        Tenant { institution, spec: Arc::new(spec), expires, met: BTreeSet::new(), untouched: false }
    }
}

/// Computes the checksum of a document; independent of the order of fields and of white space.
fn checksum(document: &Value) -> String {
    let text = document.to_string();
    hex::encode(digest(&SHA256, text.as_bytes()))
}

/// Returns the field that violates an invariant on which other code relies.
fn validate(tenant: &Tenant) -> Option<&'static str> {
    let institution = &tenant.institution;
    let settings = || institution.terminals.values().map(|terminal| &terminal.settings).chain(tenant.spec.terminals.values());
    let checks = [
        (institution.terminals.len() > MAX_TERMINALS, "terminals"),
        (!institution.terminals.contains_key(&institution.default_terminal), "default_terminal"),
        (institution.terminals.iter().any(|(id, terminal)| *id != terminal.id), "terminals"),
        (settings().any(|settings| settings.validate().is_some()), "settings"),
        (institution.campaign.validate().or(tenant.spec.campaign.validate()).is_some(), "campaign"),
        ([&institution.persons, &tenant.spec.persons].into_iter().flatten().any(|persons| exceeds_limits(persons)), "persons"),
        (!institution.clock.is_valid(), "clock"),
        (!institution.events.is_consistent(), "events"),
        (tenant.spec.rehearsal.validate().is_some(), "rehearsal"),
    ];
    checks.into_iter().find(|(wrong, _)| *wrong).map(|(_, what)| what)
}

/// The parts of an institution whose times are computed with.
const WITH_TIMES: [&str; 3] = ["clock", "settled", "terminals"];

/// Whether a clock can show every time in a document, so that no computation with it overflows.
fn has_times_of_clocks(value: &Value) -> bool {
    match value {
        Value::String(text) => text.parse().ok().is_none_or(can_show),
        Value::Array(items) => items.iter().all(has_times_of_clocks),
        Value::Object(members) => members.values().all(has_times_of_clocks),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

/// Whether the persons exceed the limits of `PUT …/persons`: too many, or with too long a
/// history.
fn exceeds_limits(persons: &[Person]) -> bool {
    persons.len() > MAX_PERSONS || !validate_persons(persons).is_empty()
}
