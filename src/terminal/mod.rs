//! A simulated qualification terminal (資格確認端末): a separate process that, like a real one,
//! polls, downloads, installs, reports, waits for its restart, and serves a linkage folder. It
//! uses the server only through the backend's interface.

mod admin;
mod card;
mod client;
mod control;
mod download;
mod life;
mod linkage_folder;
mod meter;
mod pace;
mod protocol;
mod reports;
mod request_error;
mod state;
mod status;
mod store;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use card::{CardInput, CardResult};
pub use client::{Connecting, install_provider};
pub use control::Command;
pub use status::{ComponentStatus, Status, TransferProgress};

use client::Backend;
use life::Wake;
use pace::Pace;
use request_error::RequestError;
use state::State;
use status::Activity;
use store::{Store, unwritable};

use crate::domain::ids::{BootId, TerminalAddress};
use crate::domain::linkage::ResultFiles;
use crate::domain::terminal::Software;
use crate::domain::text::Text;
use crate::hex;
use crate::linkage::folder::Folder;
use crate::random;

/// The settings of a terminal.
#[derive(Clone)]
pub struct Settings {
    /// The terminal's address, from its certificate.
    pub address: TerminalAddress,
    /// The connection to the backend.
    pub connecting: Connecting,
    /// The state directory.
    pub state: PathBuf,
    /// The linkage folder, if the terminal serves one.
    pub linkage: Option<PathBuf>,
    /// The divisor of all waiting times; positive.
    pub speed: f64,
    /// Whether a shutdown only hibernates.
    pub fast_startup: bool,
    /// How long an installation takes, before it is divided by `speed`.
    pub install_time: Duration,
    /// The token that commands require.
    pub token: String,
    /// The machine's clock, for display and for the waiting times of the linkage folder.
    pub wall: fn() -> Timestamp,
}

/// A running terminal.
pub struct Terminal {
    settings: Settings,
    backend: Backend,
    store: Store,
    state: Mutex<State>,
    activity: Mutex<Activity>,
    pace: Mutex<Pace>,
    wake: Mutex<Wake>,
    /// Incremented by each interruption: a restart, a shutdown, a command.
    session: watch::Sender<u64>,
    /// The linkage folder.
    folder: Option<Arc<Mutex<Folder>>>,
    /// How result files are written, as the server last said.
    result_files: Mutex<ResultFiles>,
    /// Held while reports are sent, so that they arrive in order.
    sending: tokio::sync::Mutex<()>,
    /// Whether the server may have lost this terminal's reports, since a request failed or none
    /// was sent yet.
    unsure: AtomicBool,
    /// Whether the program is ending.
    closed: AtomicBool,
    /// Whether the linkage application has to be restarted.
    restarting: AtomicBool,
}

impl Terminal {
    /// Resumes from the state on disk. At the very first start, it waits until the server
    /// answers, and takes the installed software from it.
    ///
    /// # Errors
    /// The state directory cannot be used or belongs to another terminal, the certificates
    /// cannot be used, or the server refuses the terminal.
    pub async fn open(settings: Settings) -> Result<Arc<Self>, Text> {
        let store = Store::open(&settings.state)?;
        let backend = Backend::new(&settings.connecting, &settings.address, settings.wall)?;
        let mut pace = Pace::new(settings.speed, &settings.address);
        let kept = store.load()?;
        let (state, wake) = match kept {
            Some(state) if state.terminal != settings.address.to_string() => return Err(other_terminal_error(&settings, &state.terminal)),
            Some(state) => {
                let unfinished = store.has_partial() || !state.reports.is_empty();
                (state, if unfinished { Wake::Now } else { Wake::Rhythm })
            }
            None => (set_up(&settings, &backend, &mut pace).await?, Wake::Rhythm),
        };
        store.save(&state).map_err(|error| unwritable(&settings.state, &error))?;
        Ok(Arc::new(Self {
            backend,
            store,
            state: Mutex::new(state),
            activity: Mutex::default(),
            pace: Mutex::new(pace),
            wake: Mutex::new(wake),
            session: watch::Sender::new(0),
            folder: settings.linkage.as_deref().map(|dir| Arc::new(Mutex::new(linkage_folder::open(dir)))),
            result_files: Mutex::default(),
            sending: tokio::sync::Mutex::default(),
            unsure: AtomicBool::new(true),
            closed: AtomicBool::new(false),
            restarting: AtomicBool::new(false),
            settings,
        }))
    }

    /// Runs the terminal, its linkage folder and its admin listener until one of them ends;
    /// returns why.
    pub async fn run(self: Arc<Self>, admin: TcpListener) -> Text {
        tokio::select! {
            why = life::run_life(&self) => why,
            why = linkage_folder::serve(&self) => why,
            why = admin::serve(Arc::clone(&self), admin) => why,
        }
    }

    /// Accepts no more requests from the linkage folder, since the program is ending.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// Returns how result files are written: as the server says now, else as it last said.
    fn result_files(&self, from_server: Option<ResultFiles>) -> ResultFiles {
        let mut known = locked(&self.result_files);
        *known = from_server.unwrap_or(*known);
        *known
    }

    /// Returns a copy of the state.
    fn state(&self) -> State {
        locked(&self.state).clone()
    }

    /// Changes the state and saves it.
    fn update_state<T>(&self, change: impl FnOnce(&mut State) -> T) -> Result<T, RequestError> {
        let mut state = locked(&self.state);
        let mut changed = state.clone();
        let done = change(&mut changed);
        if changed != *state {
            self.store.save(&changed).map_err(|error| {
                let Text { ja, en } = unwritable(&self.settings.state, &error);
                RequestError::retry_later(ja, en)
            })?;
            *state = changed;
        }
        Ok(done)
    }
}

/// Returns a random boot id, unique among all terminals.
fn new_boot_id() -> BootId {
    BootId::parse(&format!("boot-{}", hex::encode(random::bytes::<12>()))).expect("letters, digits and a hyphen make a boot id")
}

/// Creates the state at the very first start, with the software that the server has on record.
async fn set_up(settings: &Settings, backend: &Backend, pace: &mut Pace) -> Result<State, Text> {
    let mut last_warning = None;
    loop {
        let (why, after) = match backend.results().await {
            Ok(results) => {
                let software: BTreeMap<_, _> = results
                    .versions()
                    .into_iter()
                    .map(|(component, (installed, running))| {
                        (component, Software { running: running.unwrap_or_else(|| installed.clone()), installed, installation: None })
                    })
                    .collect();
                return Ok(State::new(settings.address.to_string(), software, new_boot_id()));
            }
            Err(RequestError::Later { why, after }) => (why, after),
            Err(error) => return Err(error.why().clone()),
        };
        let wait = pace.back_off(after);
        if last_warning.as_ref() != Some(&why) {
            tracing::warn!(?wait, "{}", request_error::line(&why));
            last_warning = Some(why);
        }
        tokio::time::sleep(wait).await;
    }
}

fn other_terminal_error(settings: &Settings, found: &str) -> Text {
    let (dir, own) = (settings.state.display(), &settings.address);
    Text::new(
        format!("{dir} は端末 {found} の状態です。証明書の端末は {own} です。--state で別のディレクトリを指定してください。"),
        format!("{dir} is the state of terminal {found}, and the certificate says {own}: choose another directory with --state."),
    )
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
