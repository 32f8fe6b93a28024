//! The life of a terminal: boot, first poll after one minute, then polls as the server
//! requests; download, install, report, wait for a restart.

use std::time::Duration;

use tokio::time::sleep;

use super::download::Partial;
use super::meter::Meter;
use super::protocol::Offer;
use super::request_error::{RequestError, line};
use super::state::State;
use super::status::{Activity, TransferProgress};
use super::{Terminal, locked};
use crate::domain::terminal::{FIRST_POLL, Power, Report};
use crate::domain::text::Text;

/// The number of bytes between two progress reports of a download.
const PROGRESS_INTERVAL: u64 = 8 * 1024 * 1024;

/// When and how to poll first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wake {
    /// One minute after switching on.
    Rhythm,
    /// At once, since work was in progress.
    Now,
    /// At once, as a manual download (N8).
    Manual,
}

/// Runs until a fatal fault; returns its description. An interruption (a restart, a command)
/// cancels the work in progress, all of which can be resumed.
pub(super) async fn run_life(terminal: &Terminal) -> Text {
    let mut session = terminal.session.subscribe();
    loop {
        session.mark_unchanged();
        locked(&terminal.activity).transfer = None;
        tokio::select! {
            biased;
            changed = session.changed() => {
                if changed.is_err() {
                    return Text::new("終了します。", "The terminal ends.");
                }
            }
            why = run_uninterrupted(terminal) => return why,
        }
    }
}

/// Runs without interruption.
async fn run_uninterrupted(terminal: &Terminal) -> Text {
    if terminal.state().power != Power::On {
        return std::future::pending().await;
    }
    // The reports of a boot are sent at once.
    while let Err(error) = terminal.send_reports().await {
        match wait_after_error(terminal, &error).await {
            Some(why) => return why,
            None => continue,
        }
    }
    if *locked(&terminal.wake) == Wake::Rhythm {
        let wait = locked(&terminal.pace).wait(FIRST_POLL.duration().unsigned_abs());
        sleep(wait).await;
    }
    loop {
        let manual = *locked(&terminal.wake) == Wake::Manual;
        match poll_and_process(terminal, manual).await {
            Ok(poll_after) => {
                *locked(&terminal.wake) = Wake::Rhythm;
                locked(&terminal.activity).trouble = None;
                let wait = {
                    let mut pace = locked(&terminal.pace);
                    pace.record_success();
                    pace.wait(poll_after)
                };
                sleep(wait).await;
            }
            Err(error) => {
                if let Some(why) = wait_after_error(terminal, &error).await {
                    return why;
                }
            }
        }
    }
}

/// Waits after a fault. Returns its description if it is fatal.
async fn wait_after_error(terminal: &Terminal, error: &RequestError) -> Option<Text> {
    if let RequestError::Fatal(why) = error {
        return Some(why.clone());
    }
    let after = if let RequestError::Later { after, .. } = error { *after } else { None };
    let wait = locked(&terminal.pace).back_off(after);
    let known = {
        let mut activity = locked(&terminal.activity);
        activity.transfer = None;
        activity.trouble.replace(error.why().clone())
    };
    // A repeated fault is logged only once as a warning.
    if known.as_ref() == Some(error.why()) {
        tracing::debug!(?wait, "{}", line(error.why()));
    } else {
        tracing::warn!(?wait, "{}", line(error.why()));
    }
    sleep(wait).await;
    None
}

/// Polls once and processes the offers. Returns the time until the next poll.
async fn poll_and_process(terminal: &Terminal, manual: bool) -> Result<Duration, RequestError> {
    terminal.send_reports().await?;
    let poll = terminal.backend.poll(manual).await?;
    let now = (terminal.settings.wall)();
    terminal.update_state(|state| state.last_poll = Some(now))?;
    let offers = poll.update.map(|update| update.packages).unwrap_or_default();
    let window = poll.window.map_or_else(|| "-".to_owned(), |window| window.state);
    tracing::info!(packages = offers.len(), window, "更新を問い合わせました / polled");
    let state = terminal.state();
    // The server offers what is installed, so it has lost the terminal's reports.
    if offers.iter().any(|offer| installed(&state, offer).is_some_and(|order| order.is_eq())) {
        terminal.report_versions().await?;
    }
    locked(&terminal.activity).offered = offers.iter().any(|offer| is_newer(&state, offer));
    for offer in &offers {
        if process_offer(terminal, offer).await? {
            locked(&terminal.pace).record_success();
        }
    }
    locked(&terminal.activity).offered = offers.iter().any(|offer| is_newer(&terminal.state(), offer));
    terminal.send_reports().await?;
    Ok(poll.poll_after.duration().unsigned_abs())
}

/// Compares an offer's version with the installed one.
fn installed(state: &State, offer: &Offer) -> Option<std::cmp::Ordering> {
    state.software.get(&offer.component).map(|versions| offer.version.cmp(&versions.installed))
}

fn is_newer(state: &State, offer: &Offer) -> bool {
    installed(state, offer).is_none_or(std::cmp::Ordering::is_gt)
}

/// Downloads and installs a package, if that is possible now. Returns whether it was installed.
async fn process_offer(terminal: &Terminal, offer: &Offer) -> Result<bool, RequestError> {
    let state = terminal.state();
    if !is_newer(&state, offer) {
        return decline(terminal, &state, offer);
    }
    if offer.component.is_of_reader() && !state.reader_powered {
        tracing::info!(version = %offer.version, "カードリーダーの電源が切れているため待ちます / waiting for the card reader's power");
        return Ok(false);
    }
    let Some(sha256) = &offer.sha256 else {
        tracing::info!(component = %offer.component, "サーバーがパッケージのハッシュを計算中です / the server does not know this package's hash yet");
        return Ok(false);
    };
    let partial = Partial::new(&terminal.store.downloads(), offer, sha256);
    match download(terminal, offer, &partial).await {
        Err(RequestError::Bad(why)) => return record_failure(terminal, offer, &why).map(|()| false),
        Err(RequestError::Refused(why)) => {
            tracing::warn!("{}", line(&why));
            return Ok(false);
        }
        done => done?,
    }
    install(terminal, offer, &partial).await.map(|()| true)
}

/// Declines a version older than the installed one, and reports that once.
fn decline(terminal: &Terminal, state: &State, offer: &Offer) -> Result<bool, RequestError> {
    let older = installed(state, offer).is_some_and(std::cmp::Ordering::is_lt);
    if !older || state.declined.get(&offer.component) == Some(&offer.version) {
        return Ok(false);
    }
    let why = Text::new(
        format!("{} {} は、インストール済みのバージョンより古いため取得しません。", offer.component.title().ja, offer.version),
        format!("{} {} is older than what is installed; it is not taken.", offer.component, offer.version),
    );
    terminal.update_state(|state| state.declined.insert(offer.component, offer.version.clone()))?;
    record_failure(terminal, offer, &why).map(|()| false)
}

fn record_failure(terminal: &Terminal, offer: &Offer, why: &Text) -> Result<(), RequestError> {
    tracing::warn!("{}", line(why));
    locked(&terminal.activity).trouble = Some(why.clone());
    let report = Report::Failed { component: offer.component, version: offer.version.clone(), message: line(why) };
    terminal.update_state(|state| state.report(report))
}

async fn download(terminal: &Terminal, offer: &Offer, partial: &Partial) -> Result<(), RequestError> {
    let (component, version) = (offer.component, offer.version.clone());
    let mut from = partial.received();
    terminal.report_progress(offer, from).await;
    let mut meter = Meter::new(offer);
    let (progress_sender, mut progress_receiver) = tokio::sync::watch::channel(from);
    let progress = |received: u64| {
        meter.log(received);
        if received > from {
            from = received;
            // Received bytes count as success, so that a transfer that is interrupted again and
            // again continues.
            locked(&terminal.pace).record_success();
        }
        locked(&terminal.activity).transfer =
            Some(TransferProgress { component, version: offer.version.clone(), received, size: offer.size, installing: false });
        progress_sender.send_if_modified(|last| {
            let due = received >= last.saturating_add(PROGRESS_INTERVAL);
            if due {
                *last = received;
            }
            due
        });
    };
    let progress_reports = async {
        while progress_receiver.changed().await.is_ok() {
            let received = *progress_receiver.borrow_and_update();
            terminal.report_progress(offer, received).await;
        }
        std::future::pending().await
    };
    tokio::select! {
        biased;
        fetched = partial.fetch(&terminal.backend, progress) => fetched?,
        () = progress_reports => {}
    }
    tracing::info!(%component, %version, "ダウンロードしました / downloaded");
    terminal.update_state(|state| state.report(Report::Downloaded { component, version }))?;
    terminal.send_reports().await
}

/// Installs a package atomically: the installed version is one field of the state, saved at the
/// end. After a kill before that, the installation starts again from the existing download.
async fn install(terminal: &Terminal, offer: &Offer, partial: &Partial) -> Result<(), RequestError> {
    let (component, version) = (offer.component, offer.version.clone());
    locked(&terminal.activity).transfer =
        Some(TransferProgress { component, version: version.clone(), received: offer.size, size: offer.size, installing: true });
    terminal.update_state(|state| state.report(Report::Installing { component, version: version.clone() }))?;
    terminal.send_reports().await?;
    let wait = locked(&terminal.pace).wait(terminal.settings.install_time);
    sleep(wait).await;
    terminal.update_state(|state| state.install(component, &version, offer.restart_required))?;
    partial.remove();
    {
        let Activity { transfer, trouble, .. } = &mut *locked(&terminal.activity);
        (*transfer, *trouble) = (None, None);
    }
    if offer.restart_required {
        tracing::info!(%component, %version, "インストールしました。端末の再起動が必要です / installed; the terminal has to be restarted");
    } else {
        tracing::info!(%component, %version, "インストールしました / installed");
    }
    terminal.send_reports().await
}
