//! The linkage folders of a server: one per terminal, or one for a single terminal; swept
//! repeatedly.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::runtime::Handle;

use super::faults;
use super::file::{HandledFile, handle, malformed_file};
use super::folder::{Folder, HandlerReply, OutputFile, RequestHandler, Rules};
use crate::app::access::{Access, RequestContext, RequestOutcome};
use crate::app::caller::Caller;
use crate::app::log_refusal;
use crate::domain::error_catalogue::ErrorId;
use crate::domain::ids::TerminalAddress;
use crate::domain::japan;
use crate::domain::linkage::{LinkageSettings, ResultFiles};
use crate::domain::operation::{Operation, Surface};
use crate::domain::text::Text;
use crate::institutions::Institutions;
use crate::journal::{Exchange, FILE, FaultMark, Message, Note};
use crate::store::StoreError;
use crate::wire::file_name::{deletion_list_name, err_name, is_deletion_list, is_ours};

/// How often the folders are swept.
pub const SCAN_INTERVAL: Duration = Duration::from_millis(250);

/// The location of the linkage folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkageLocation {
    /// `--linkage`: the directory that contains the folders, or is the only one.
    pub dir: PathBuf,
    /// `--linkage-terminal`: the terminal whose folder is the directory itself.
    pub only: Option<TerminalAddress>,
}

/// All linkage folders of a server.
pub(super) struct Folders {
    location: LinkageLocation,
    incomplete_after: Duration,
    open: Mutex<BTreeMap<TerminalAddress, Arc<Mutex<Folder>>>>,
    closed: AtomicBool,
}

impl Folders {
    /// Creates the folders below a directory, without touching the disk. A request that does
    /// not end with its last tag is claimed after `incomplete_after`.
    pub(super) fn new(location: LinkageLocation, incomplete_after: Duration) -> Self {
        Self { location, incomplete_after, open: Mutex::default(), closed: AtomicBool::new(false) }
    }

    /// Sweeps every terminal's folder once; creates the folders of new terminals.
    pub(super) fn sweep(&self, institutions: &Institutions) {
        let addresses = match self.addresses(institutions) {
            Ok(addresses) => addresses,
            // The store logs its own failures, and the next sweep is soon.
            Err(_) => return,
        };
        // The addresses are sorted, so a binary search is enough.
        locked(&self.open).retain(|address, _| addresses.binary_search(address).is_ok());
        for address in addresses.iter() {
            let folder = self.folder(address);
            let Some(settings) = settings(institutions, address) else {
                continue;
            };
            let deletion_list = settings.deletion_list;
            let caller = Caller::terminal(address);
            let access = Access { caller: &caller, operation: Operation::Linkage, surface: Surface::Folder, counted: true };
            let mut handler = InstitutionRequestHandler { institutions, access, closed: &self.closed, deletion_list, late: Duration::ZERO };
            let (latency, stay_time) = (settings.latency.duration().unsigned_abs(), settings.stay_time.duration().unsigned_abs());
            // The folder logs its own failures, once.
            let _ = locked(&folder).sweep(institutions.wall(), latency, Some(stay_time), &mut handler);
        }
    }

    /// Accepts no more requests, so that a long sweep ends soon; claimed ones are answered.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// Returns the folder of a terminal; `None` if only another terminal has one.
    pub(super) fn folder_of(&self, address: &TerminalAddress) -> Option<PathBuf> {
        self.location.only.as_ref().is_none_or(|only| only == address).then(|| self.dir(address))
    }

    /// Creates the folder of a new terminal, so that it exists before the request that creates
    /// the terminal is answered.
    pub(super) fn prepare(&self, address: &TerminalAddress) {
        if self.location.only.is_none() {
            // The folder logs its own failures, and each sweep retries.
            let _ = locked(&self.folder(address)).ready();
        }
    }

    /// Returns the folders that another process serves, among those of the first `looked_at`
    /// terminals.
    pub(super) fn occupied_folders(&self, institutions: &Institutions, looked_at: usize) -> Vec<PathBuf> {
        // The store logs its own failures.
        let addresses = self.addresses(institutions).unwrap_or_default();
        let taken = |address: &TerminalAddress| {
            let folder = self.folder(address);
            let is_taken = locked(&folder).ready().is_err_and(|error| error.kind() == io::ErrorKind::ResourceBusy);
            is_taken.then(|| self.dir(address))
        };
        addresses.iter().take(looked_at).filter_map(taken).collect()
    }

    /// Puts a face result file into a terminal's folder. Returns whether the server has a
    /// folder for that terminal.
    ///
    /// # Errors
    /// The file cannot be stored.
    pub(super) fn deliver_face(&self, address: &TerminalAddress, file: OutputFile, wall: Timestamp) -> io::Result<bool> {
        if self.location.only.as_ref().is_some_and(|only| only != address) {
            return Ok(false);
        }
        locked(&self.folder(address)).deliver_face(file, wall).map(|()| true)
    }

    fn addresses(&self, institutions: &Institutions) -> Result<Arc<Vec<TerminalAddress>>, StoreError> {
        match &self.location.only {
            Some(only) => Ok(Arc::new(vec![only.clone()])),
            None => block_on(institutions.terminals()),
        }
    }

    fn folder(&self, address: &TerminalAddress) -> Arc<Mutex<Folder>> {
        let rules = Rules { incomplete_after: self.incomplete_after, ..Rules::default() };
        let make = || Arc::new(Mutex::new(Folder::new(self.dir(address), rules)));
        Arc::clone(locked(&self.open).entry(address.clone()).or_insert_with(make))
    }

    fn dir(&self, address: &TerminalAddress) -> PathBuf {
        match self.location.only {
            Some(_) => self.location.dir.clone(),
            None => self.location.dir.join(address.to_string()),
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for an operation of the store, on a thread that may block.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    Handle::current().block_on(work)
}

/// Returns the settings of a terminal's linkage application; `None` if there is no such
/// terminal, or the store does not work.
fn settings(institutions: &Institutions, address: &TerminalAddress) -> Option<LinkageSettings> {
    let found = institutions.read(&address.institution, |tenant, _| {
        tenant.institution.terminals.get(&address.terminal).map(|terminal| terminal.settings.linkage.clone())
    });
    block_on(found).ok().flatten().flatten()
}

/// Answers the requests of one terminal's folder, and records each in the journal.
struct InstitutionRequestHandler<'a> {
    institutions: &'a Institutions,
    access: Access<'a>,
    closed: &'a AtomicBool,
    /// Whether removed files are listed.
    deletion_list: bool,
    /// How much later than usual the last answer is delivered.
    late: Duration,
}

impl InstitutionRequestHandler<'_> {
    /// Records a request and returns its reply; `None` if it is not accepted, since the
    /// terminal is off or the store does not work.
    fn record_request(
        &mut self,
        name: &str,
        request: Option<Message>,
        request_outcome: RequestOutcome<HandledFile>,
        began: Instant,
    ) -> Option<HandlerReply> {
        let RequestOutcome { result, request_context: RequestContext { institution, terminal, terminal_condition: found, fault } } =
            request_outcome;
        let HandledFile { reply, outcome, why, mut notes, patient } = result.ok()?;
        log_refusal(Operation::Linkage, institution.as_ref(), &outcome, &why);
        self.late = fault.as_ref().map(faults::delay).unwrap_or_default();
        notes.extend(fault.as_ref().map(|triggered_fault| Note::Text(triggered_fault.note())));
        let exchange = Exchange {
            terminal,
            result_files: reply.file().map(|file| file.result_files),
            notes,
            found,
            inquiry: patient.map(Box::new),
            request,
            answer: reply.file().map(|file| Message::file(&file.bytes)),
            fault: fault.as_ref().map(FaultMark::of),
            took: Some(began.elapsed()),
            ..Exchange::new(Operation::Linkage, FILE, name.to_owned(), outcome, why)
        };
        self.institutions.record(institution.as_ref(), exchange);
        Some(reply)
    }
}

impl RequestHandler for InstitutionRequestHandler<'_> {
    fn is_open(&mut self) -> bool {
        let Caller { institution, terminal, .. } = self.access.caller;
        let running = self.institutions.read(institution, |tenant, moment| {
            let terminal = terminal.as_ref().and_then(|id| tenant.institution.terminals.get(id));
            terminal.is_some_and(|terminal| terminal.is_ready(moment.now))
        });
        block_on(running).ok().flatten().unwrap_or(false) && !self.closed.load(Ordering::Relaxed)
    }

    fn accepts(&self, name: &str) -> bool {
        // Other names with this ending are accepted too, so that an error file says what is
        // wrong; a client's temporary names are not touched.
        name.to_ascii_lowercase().ends_with(".xml")
    }

    fn complete(&self, tail: &[u8]) -> bool {
        tail.trim_ascii_end().ends_with(b"</XmlMsg>")
    }

    fn answer(&mut self, name: &str, bytes: &[u8]) -> HandlerReply {
        let began = Instant::now();
        let handled = block_on(handle(self.institutions, &self.access, (name, bytes)));
        // If the store does not work, the request stays until it does.
        self.record_request(name, Some(Message::file(bytes)), handled, began).unwrap_or(HandlerReply::NotTaken)
    }

    fn too_large(&mut self, name: &str, _size: u64, max: u64) -> OutputFile {
        let began = Instant::now();
        let detail = Text::new(format!("上限は {max} バイトです。"), format!("At most {max} bytes are read."));
        let access = Access { counted: false, ..self.access };
        let handled = block_on(malformed_file(self.institutions, &access, (name, ErrorId::BodyTooLarge, &detail)));
        match self.record_request(name, None, handled, began) {
            Some(HandlerReply::Refused(err)) => err,
            _ => OutputFile { name: err_name(name), bytes: Vec::new(), result_files: ResultFiles::default() },
        }
    }

    fn extra_latency(&self) -> Duration {
        self.late
    }

    fn deletion_list(&self, removed: &[String]) -> Option<OutputFile> {
        let names: Vec<&str> = removed.iter().map(String::as_str).filter(|name| !is_deletion_list(name)).collect();
        if !self.deletion_list || names.is_empty() {
            return None;
        }
        let bytes = names.iter().flat_map(|name| [name, "\r\n"]).collect::<String>().into_bytes();
        let name = deletion_list_name(japan::civil(self.institutions.wall()));
        Some(OutputFile { name, bytes, result_files: ResultFiles::InPlace })
    }

    fn is_ours(&self, name: &str) -> bool {
        is_ours(name) || is_deletion_list(name)
    }
}
