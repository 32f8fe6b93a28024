//! Tests of the request for which a fault fires, independent of other requests.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn code() -> InstitutionCode {
    InstitutionCode::parse("9910000018").unwrap()
}

fn now() -> Timestamp {
    "2026-01-20T00:00:00Z".parse().unwrap()
}

fn faults(definition: &[Value]) -> Faults {
    let mut faults = Faults::default();
    for definition in definition {
        faults.add(serde_json::from_value(definition.clone()).unwrap()).unwrap();
    }
    faults
}

fn error(definition: Value) -> &'static str {
    let definition: FaultDefinition = serde_json::from_value(definition).unwrap();
    Faults::default().add(definition).unwrap_err().pointer
}

/// Sends a request of a terminal. Returns the fault that fired.
fn trigger(faults: &mut Faults, operation: Operation, terminal: &str, seed: u64) -> Option<TriggeredFault> {
    let terminal = TerminalId::parse(terminal).unwrap();
    let request = FaultRequest { operation, surface: Surface::Http, terminal, now: now() };
    faults.trigger(&request, Dice { seed, institution: &code() })
}

/// Returns the numbers of the checks of one terminal for which a fault fired.
fn firings(faults: &mut Faults, seed: u64, checks: u64) -> Vec<u64> {
    (1..=checks).filter(|_| trigger(faults, Operation::Search, "T1", seed).is_some()).collect()
}

#[test]
fn numbers_count_from_when_the_fault_was_added() {
    for (definition, expected) in [
        (json!({"kind": "close"}), vec![1, 2, 3, 4, 5, 6]),
        (json!({"kind": "close", "nth": 3}), vec![3]),
        (json!({"kind": "close", "nth": [5, 2, 2]}), vec![2, 5]),
        (json!({"kind": "close", "from": 4}), vec![4, 5, 6]),
        (json!({"kind": "close", "from": 2, "times": 3}), vec![2, 3, 4]),
        (json!({"kind": "close", "times": 2}), vec![1, 2]),
        (json!({"kind": "close", "probability": 0.0}), vec![]),
        (json!({"kind": "close", "probability": 1}), vec![1, 2, 3, 4, 5, 6]),
        (json!({"kind": "close", "operation": "login"}), vec![]),
        (json!({"kind": "close", "terminal": "T2"}), vec![]),
        (json!({"kind": "close", "expires": "2026-01-20T09:00:00+09:00"}), vec![]),
        (json!({"kind": "wrong_hash"}), vec![]),
    ] {
        assert_eq!(firings(&mut faults(std::slice::from_ref(&definition)), 1, 6), expected, "{definition}");
    }
}

#[test]
fn of_several_the_first_that_fires_does_and_all_count() {
    let mut faults =
        faults(&[json!({"id": "a", "kind": "close", "nth": 2}), json!({"id": "b", "kind": "reset", "nth": [2, 3], "times": 1})]);
    let fired: Vec<_> =
        (0..3).filter_map(|_| trigger(&mut faults, Operation::Search, "T1", 0)).map(|fired| (fired.id.to_string(), fired.number)).collect();
    assert_eq!(fired, [("a".to_owned(), 2), ("b".to_owned(), 3)]);
    let terminal = TerminalId::parse("T1").unwrap();
    assert!(
        !faults.any_counts(&FaultRequest { operation: Operation::Search, surface: Surface::Http, terminal, now: now() }),
        "both are spent, so nothing is counted any more"
    );
}

#[test]
fn fields_that_do_not_fit_together_are_named() {
    for (definition, pointer) in [
        (json!({}), "/kind"),
        (json!({"kind": "wrong_hash", "operation": "search"}), "/operation"),
        (json!({"kind": "processing", "operation": "updates"}), "/operation"),
        (json!({"kind": "expired_token", "operation": "login"}), "/operation"),
        (json!({"kind": "malformed", "operation": "package"}), "/operation"),
        (json!({"kind": "close", "nth": 0}), "/nth"),
        (json!({"kind": "close", "nth": []}), "/nth"),
        (json!({"kind": "close", "nth": 1, "probability": 0.5}), "/nth"),
        (json!({"kind": "close", "from": 1, "probability": 0.5}), "/probability"),
        (json!({"kind": "close", "from": 0}), "/from"),
        (json!({"kind": "close", "times": 0}), "/times"),
        (json!({"kind": "close", "probability": 1.1}), "/probability"),
        (json!({"kind": "close", "probability": -0.1}), "/probability"),
        (json!({"kind": "close", "delay": "PT1S"}), "/delay"),
        (json!({"kind": "reset", "retry_after": "PT1S"}), "/retry_after"),
        (json!({"kind": "delay"}), "/delay"),
        (json!({"kind": "delay", "delay": ["PT3S", "PT1S"]}), "/delay"),
        (json!({"kind": "delay", "delay": ["PT1S", "PT2S", "PT3S"]}), "/delay"),
        (json!({"kind": "delay", "delay": "PT11M"}), "/delay"),
        (json!({"kind": "status"}), "/status"),
        (json!({"kind": "status", "status": 200}), "/status"),
        (json!({"kind": "drip", "bytes": 0}), "/bytes"),
        (json!({"kind": "drip", "every": "P1D"}), "/every"),
        (json!({"kind": "wrong_length"}), "/off_by"),
        (json!({"kind": "wrong_length", "off_by": 0}), "/off_by"),
        (json!({"kind": "clock_skew"}), "/skew"),
    ] {
        assert_eq!(error(definition.clone()), pointer, "{definition}");
    }
    let mut taken = faults(&[json!({"id": "a", "kind": "close"})]);
    assert_eq!(taken.add(serde_json::from_value(json!({"id": "a", "kind": "close"})).unwrap()).unwrap_err().pointer, "/id");
    (taken.iter().count()..MAX_FAULTS)
        .for_each(|_| drop(taken.add(serde_json::from_value(json!({"kind": "close"})).unwrap()).unwrap().clone()));
    assert_eq!(taken.add(serde_json::from_value(json!({"kind": "close"})).unwrap()).unwrap_err().pointer, "");
}

#[test]
fn every_kind_is_written_as_it_was_read() {
    for definition in [
        json!({"kind": "delay", "delay": "PT3S"}),
        json!({"kind": "delay", "delay": ["PT1S", "PT3S"], "nth": 2}),
        json!({"kind": "status", "status": 503, "nth": [1, 2]}),
        json!({"kind": "status", "status": 429, "retry_after": "PT30S", "from": 3, "times": 1}),
        json!({"kind": "reset", "terminal": "T1"}),
        json!({"kind": "close", "expires": "2026-01-20T09:00:00+09:00"}),
        json!({"kind": "black_hole"}),
        json!({"kind": "cut"}),
        json!({"kind": "cut", "after": 10}),
        json!({"kind": "drip", "bytes": 5, "every": "PT1S"}),
        json!({"kind": "wrong_length", "off_by": -10}),
        json!({"kind": "malformed"}),
        json!({"kind": "wrong_encoding"}),
        json!({"kind": "wrong_hash"}),
        json!({"kind": "stale_etag"}),
        json!({"kind": "expired_token"}),
        json!({"kind": "processing", "probability": 0.25}),
        json!({"kind": "clock_skew", "skew": "-PT5M"}),
    ] {
        let mut written = definition.clone();
        (written["id"], written["operation"]) = (json!("a"), json!("any"));
        let fault: Fault = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(serde_json::to_value(&fault).unwrap(), written);
        assert!(Requests::ALL[1..].iter().any(|requests| fault.kind.applies_to(*requests)));
    }
}

/// Generates a fault with a probability or a range.
fn random_fault() -> impl Strategy<Value = Value> {
    (1..=9u32, any::<bool>()).prop_map(|(tenths, ranged)| {
        let mut definition = json!({"kind": "delay", "delay": if ranged { json!(["PT0S", "PT10S"]) } else { json!("PT1S") }});
        definition["probability"] = json!(f64::from(tenths) / 10.0);
        definition
    })
}

proptest! {
    #[test]
    fn what_fires_for_a_terminal_does_not_depend_on_what_happens_beside_it(
        definition in proptest::collection::vec(random_fault(), 1..4), seed: u64, order in proptest::collection::vec((0..3usize, any::<bool>()), 0..200),
    ) {
        let names = ["T1", "T2", "T3"];
        let operation = |search: bool| if search { Operation::Search } else { Operation::Updates };
        let mut mixed = faults(&definition);
        let mut seen: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (terminal, search) in &order {
            let fired = trigger(&mut mixed, operation(*search), names[*terminal], seed);
            seen.entry((*terminal, *search)).or_default().push(fired.map(|fired| (fired.id, fired.kind)));
        }
        for ((terminal, search), seen) in seen {
            let mut alone = faults(&definition);
            let expected = seen.iter().map(|_| trigger(&mut alone, operation(search), names[terminal], seed).map(|fired| (fired.id, fired.kind)));
            prop_assert_eq!(&expected.collect::<Vec<_>>(), &seen);
        }
    }

    #[test]
    fn a_set_that_is_stored_and_read_goes_on_as_before(definition in proptest::collection::vec(random_fault(), 1..4), seed: u64, before in 0..50u64) {
        let mut faults = faults(&definition);
        firings(&mut faults, seed, before);
        let mut read: Faults = serde_json::from_value(serde_json::to_value(&faults).unwrap()).unwrap();
        prop_assert_eq!(&read, &faults);
        prop_assert_eq!(firings(&mut read, seed, 50), firings(&mut faults, seed, 50));
    }
}

#[test]
fn about_as_many_fire_as_the_probability_says() {
    for seed in 0..20 {
        let fired = firings(&mut faults(&[json!({"kind": "close", "probability": 0.25})]), seed, 2000).len();
        assert!((400..600).contains(&fired), "{seed}: {fired}");
    }
}

#[test]
fn chance_and_faults_know_a_request_by_its_name_and_a_file_in_a_folder_by_folder() {
    let request = |operation, surface| FaultRequest { operation, surface, terminal: TerminalId::parse("T1").unwrap(), now: now() };
    for operation in Operation::ALL {
        let over_http = request(operation, Surface::Http);
        assert_eq!(over_http.name(), operation.name());
        assert_eq!(over_http.requests().is_none(), operation == Operation::Unknown);
    }
    assert_eq!(request(Operation::Linkage, Surface::Folder).name(), "folder");
}
