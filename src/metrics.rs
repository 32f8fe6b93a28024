//! The counters of a server's work, for Prometheus. Label values come from fixed lists, never
//! from clients. Counters that every request increments are reached by index, without a look-up
//! by label.

use prometheus_client::encoding::{EncodeMetric, prometheus_text};
use prometheus_client::metrics::TypedMetric;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::domain::error_catalogue::ErrorId;
use crate::domain::fault::KindName;
use crate::domain::handshake::Cause;
use crate::domain::operation::{Operation, OutcomeName};
use crate::domain::terminal::Phase;
use crate::journal::{Exchange, Outcome};
use crate::store::JournalCounters;

/// The media type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// The upper bounds of the histogram buckets, in seconds.
const DURATION_BUCKETS: [f64; 16] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The counters of one server, and the registry that encodes them.
pub struct Metrics {
    registry: Registry,
    /// By operation.
    operations: [OfOperation; Operation::ALL.len()],
    /// By error.
    refusals: Vec<Counter>,
    /// By kind.
    faults: Vec<Counter>,
    /// By cause.
    handshakes: Vec<Counter>,
    gauges: Gauges,
}

/// The counters of one operation.
struct OfOperation {
    /// By outcome.
    requests: [Counter; OutcomeName::ALL.len()],
    seconds: Histogram,
}

/// A label's name and value.
type Label = (&'static str, &'static str);

/// Values that are set when the metrics are read.
struct Gauges {
    stored: Gauge,
    in_memory: Gauge,
    /// By phase.
    terminals: Vec<Gauge>,
    waiting_entries: Gauge,
    waiting_bytes: Gauge,
    store_bytes: Gauge,
    streams: Gauge,
    max_streams: Gauge,
    tasks: Gauge,
}

/// The current values of the gauges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Present {
    /// The number of institutions in the store.
    pub stored: u64,
    /// The number of institutions in memory.
    pub in_memory: u64,
    /// The number of their terminals in each phase, in the order of [`Phase::IN_ORDER`].
    pub terminals: [u64; Phase::IN_ORDER.len()],
    /// The number of journal entries that wait to be written.
    pub waiting_entries: u64,
    /// Their approximate size in bytes.
    pub waiting_bytes: u64,
    /// The size of the store in bytes; `None` if it cannot be read.
    pub store_bytes: Option<u64>,
    /// The number of open event streams, and its maximum.
    pub streams: (usize, usize),
    /// The number of tasks that are alive.
    pub tasks: u64,
}

impl Metrics {
    /// Creates the counters at zero; `tally` holds the store's own counters.
    pub fn new(tally: &JournalCounters) -> Self {
        let mut registry = Registry::with_prefix("onshi_mock");
        registry.register("build", "動いているバージョン。 The version that runs", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        let operations = operations(&mut registry);
        let errors = ErrorId::ALL.iter().map(|error| error.name());
        let help = "拒否した要求（エラー別）。 Requests that were refused, by error";
        let refusals = register_by_label(&mut registry, "refusals", help, "error", errors);
        let kinds = KindName::ALL.iter().map(|kind| kind.name());
        let faults = register_by_label(&mut registry, "faults_fired", "起きた障害（種類別）。 Faults that fired, by kind", "kind", kinds);
        let causes = Cause::ALL.iter().map(|cause| cause.name());
        let help = "失敗した TLS 接続（原因別）。 TLS handshakes that failed, by cause";
        let handshakes = register_by_label(&mut registry, "tls_handshakes_failed", help, "cause", causes);
        let JournalCounters { entries, bytes, evicted } = tally.clone();
        registry.register("journal_entries", "保存先に書いたエントリーの件数。 Journal entries that were written to the store", entries);
        registry.register("journal_bytes", "保存先に書いたエントリーのバイト数。 Bytes of the journal entries that were written", bytes);
        let help = "上限または DELETE …/journal により消えたエントリーの件数。 Journal entries that a journal's bound or DELETE …/journal took away";
        registry.register("journal_evicted_entries", help, evicted);
        let gauges = Gauges::new(&mut registry);
        Self { registry, operations, refusals, faults, handshakes, gauges }
    }

    /// Counts a request that was answered, refused, or left unanswered by a fault.
    pub fn count(&self, exchange: &Exchange) {
        let Some(took) = exchange.took else {
            return;
        };
        let operation = &self.operations[exchange.operation as usize];
        operation.seconds.observe(took.as_secs_f64());
        operation.requests[exchange.outcome.name() as usize].inc();
        if let Outcome::Refused { error, .. } = &exchange.outcome {
            self.refusals[error.id as usize].inc();
        }
        if let Some(fault) = &exchange.fault {
            self.faults[fault.kind as usize].inc();
        }
    }

    /// Counts a failed TLS handshake.
    pub fn count_failed_handshake(&self, cause: Cause) {
        self.handshakes[cause as usize].inc();
    }

    /// Returns all metrics as text, with the current values of the gauges.
    pub fn text(&self, present: &Present) -> String {
        self.gauges.set(present);
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.registry).expect("a String takes every text");
        text
    }
}

impl Gauges {
    fn new(registry: &mut Registry) -> Self {
        let mut gauge = |name, help| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let stored = gauge("institutions_stored", "保存先にある医療機関の数。 Institutions in the store, as far as this server knows");
        let in_memory = gauge("institutions_in_memory", "メモリにある医療機関の数。 Institutions that this server holds in memory");
        let waiting_entries = gauge("journal_waiting_entries", "書き込み待ちのエントリーの件数。 Journal entries that wait to be written");
        let waiting_bytes = gauge("journal_waiting_bytes", "書き込み待ちのエントリーのバイト数（概算）。 About how many bytes those are");
        let store_bytes = gauge("store_bytes", "保存先のバイト数。 Bytes of the store, when it last told");
        let streams = gauge("streams", "開いているイベントのストリームの数。 Event streams that are open");
        let max_streams = gauge("streams_max", "同時に開けるイベントのストリームの数。 Event streams that may be open at once");
        let tasks = gauge(
            "tasks",
            "動いているタスクの数（接続、ストリーム、サーバー自身）。 Tasks that are alive: of connections, streams and the server itself",
        );
        let help = "メモリにある医療機関の端末の数（状態別、最後に動いたときの状態）。 \
                    Terminals of the institutions in memory, by phase, as of when each institution was last settled";
        let phases = Phase::IN_ORDER.iter().map(|phase| phase.name());
        let terminals = register_by_label(registry, "terminals", help, "phase", phases);
        Self { stored, in_memory, terminals, waiting_entries, waiting_bytes, store_bytes, streams, max_streams, tasks }
    }

    fn set(&self, present: &Present) {
        let set = |gauge: &Gauge, value: u64| {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        set(&self.stored, present.stored);
        set(&self.in_memory, present.in_memory);
        self.terminals.iter().zip(present.terminals).for_each(|(gauge, terminals)| set(gauge, terminals));
        set(&self.waiting_entries, present.waiting_entries);
        set(&self.waiting_bytes, present.waiting_bytes);
        set(&self.streams, present.streams.0 as u64);
        set(&self.max_streams, present.streams.1 as u64);
        set(&self.tasks, present.tasks);
        present.store_bytes.into_iter().for_each(|bytes| set(&self.store_bytes, bytes));
    }
}

fn operations(registry: &mut Registry) -> [OfOperation; Operation::ALL.len()] {
    let requests = Family::<[Label; 2], Counter>::default();
    let help = "backend と連携フォルダーの要求（操作と結果別）。 Requests to the backend and in linkage folders, by operation and outcome";
    registry.register("requests", help, requests.clone());
    let seconds = Family::<[Label; 1], Histogram>::new_with_constructor(|| Histogram::new(DURATION_BUCKETS));
    let help = "要求のヘッダーから応答までの秒数（操作別）。障害による遅れは含まない。 \
                Seconds from a request's header to its answer, by operation, without what a fault delays";
    registry.register("request_duration_seconds", help, seconds.clone());
    Operation::ALL.map(|operation| {
        let operation = ("operation", operation.name());
        OfOperation {
            requests: OutcomeName::ALL.map(|outcome| requests.get_or_create_owned(&[operation, ("outcome", outcome.name())])),
            seconds: seconds.get_or_create_owned(&[operation]),
        }
    })
}

/// Registers a metric with a member for each value of a label.
fn register_by_label<M>(
    registry: &mut Registry,
    name: &str,
    help: &str,
    label: &'static str,
    values: impl Iterator<Item = &'static str>,
) -> Vec<M>
where
    M: EncodeMetric + TypedMetric + Clone + Default + std::fmt::Debug + Send + Sync + 'static,
{
    let family = Family::<[Label; 1], M>::default();
    registry.register(name, help, family.clone());
    values.map(|value| family.get_or_create_owned(&[(label, value)])).collect()
}
