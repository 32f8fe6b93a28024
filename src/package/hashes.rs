//! The computation of undeclared hashes, one after another on a thread of its own; results are
//! cached.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::Content;

/// The length of the queue. A package that does not fit is queued when its hash is next asked
/// for.
const QUEUE_LENGTH: usize = 256;

/// The maximum number of cached hashes.
const MAX_CACHED: usize = 10_000;

/// The state of a package's SHA-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hash {
    /// 64 lower-case hexadecimal digits.
    Known(String),
    /// The computation has not finished.
    Computing,
    /// The file could not be read; with the system's message.
    Failed(String),
}

/// The hashes, by the name of their content.
#[derive(Debug)]
pub(super) struct Hashes {
    known: Arc<Mutex<BTreeMap<String, Hash>>>,
    /// `None` once the thread is told to end.
    jobs: Option<SyncSender<(String, Content)>>,
    thread: Option<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
}

impl Hashes {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system cannot start a thread.
    pub(super) fn spawn() -> std::io::Result<Self> {
        let (jobs, waiting) = sync_channel(QUEUE_LENGTH);
        let (known, stop) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let (of_thread, stops) = (Arc::clone(&known), Arc::clone(&stop));
        let thread = thread::Builder::new().name("package-hashes".to_owned()).spawn(move || run_worker(&waiting, &of_thread, &stops))?;
        Ok(Self { known, jobs: Some(jobs), thread: Some(thread), stop })
    }

    /// Returns the state of the hash; queues the computation if it has not begun.
    pub(super) fn get_or_queue(&self, name: String, content: impl FnOnce() -> Content) -> Hash {
        let mut known = lock(&self.known);
        if let Some(hash) = known.get(&name) {
            return hash.clone();
        }
        if self.jobs.as_ref().is_some_and(|jobs| jobs.try_send((name.clone(), content())).is_ok()) {
            known.insert(name, Hash::Computing);
        }
        Hash::Computing
    }
}

impl Drop for Hashes {
    /// Ends the thread: at once if it is idle, else after the current slice.
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(self.jobs.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("パッケージのハッシュの計算中に内部エラーが起きました / the thread that hashes packages panicked");
        }
    }
}

fn run_worker(waiting: &Receiver<(String, Content)>, known: &Mutex<BTreeMap<String, Hash>>, stop: &AtomicBool) {
    while let Ok((name, content)) = waiting.recv() {
        let hash = match content.sha256(stop) {
            Ok(sha256) => Hash::Known(sha256),
            Err(_) if stop.load(Ordering::Relaxed) => return,
            Err(error) => {
                tracing::error!(package = name, %error, "パッケージの SHA-256 を計算できませんでした / the package's SHA-256 was not computed");
                Hash::Failed(error.to_string())
            }
        };
        let mut known = lock(known);
        if known.len() >= MAX_CACHED {
            known.retain(|_, hash| *hash == Hash::Computing);
        }
        known.insert(name, hash);
    }
}

fn lock(known: &Mutex<BTreeMap<String, Hash>>) -> MutexGuard<'_, BTreeMap<String, Hash>> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}
