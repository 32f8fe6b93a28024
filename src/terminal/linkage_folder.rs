//! The linkage folder of a terminal: request files are sent to the backend, and its answers are
//! written to the folder. The folder engine is the same as that of `serve`.

use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::StatusCode;
use tokio::runtime::Handle;

use super::client::FileAnswer;
use super::protocol::ProblemSummary;
use super::request_error::{RequestError, line};
use super::{Terminal, locked};
use crate::domain::linkage::ResultFiles;
use crate::domain::terminal::Power;
use crate::domain::text::Text;
use crate::linkage::SCAN_INTERVAL;
use crate::linkage::folder::{Folder, HandlerReply, OutputFile, RequestHandler, Rules};
use crate::wire::file_name::{err_name, is_ours};

/// How long results stay in the folder.
const STAY_TIME: Duration = Duration::from_secs(24 * 3600);

/// Creates the state of a linkage application that has just started.
pub(super) fn open(dir: &Path) -> Folder {
    Folder::new(dir, Rules::default())
}

/// Sweeps the folder repeatedly; returns only if that cannot continue.
pub(super) async fn serve(terminal: &Arc<Terminal>) -> Text {
    let (Some(dir), Some(folder)) = (&terminal.settings.linkage, &terminal.folder) else {
        return std::future::pending().await;
    };
    loop {
        if terminal.restarting.swap(false, Ordering::Relaxed) {
            *locked(folder) = open(dir);
            tracing::info!("連携アプリケーションを再起動しました / the linkage application was restarted");
        }
        let (terminal, folder) = (Arc::clone(terminal), Arc::clone(folder));
        let looking = tokio::task::spawn_blocking(move || {
            let mut handler = BackendRequestHandler { terminal: &terminal, handle: Handle::current() };
            // The folder logs its own failures, once.
            let _ = locked(&folder).sweep((terminal.settings.wall)(), Duration::ZERO, Some(STAY_TIME), &mut handler);
        });
        if let Err(error) = looking.await {
            return Text::new(format!("連携フォルダーの処理が異常終了しました：{error}"), format!("The linkage folder failed: {error}"));
        }
        tokio::time::sleep(SCAN_INTERVAL).await;
    }
}

/// Writes a face result file to the folder.
///
/// # Errors
/// The name is not a plain file name, or the file cannot be written.
pub(super) async fn deliver_face(folder: &Arc<Mutex<Folder>>, file: OutputFile, wall: Timestamp) -> io::Result<()> {
    let folder = Arc::clone(folder);
    let delivering = tokio::task::spawn_blocking(move || locked(&folder).deliver_face(file, wall));
    delivering.await.map_err(io::Error::other)?
}

/// Answers the folder's requests through the backend, on a thread that may block.
struct BackendRequestHandler<'a> {
    terminal: &'a Terminal,
    handle: Handle,
}

impl RequestHandler for BackendRequestHandler<'_> {
    fn is_open(&mut self) -> bool {
        !self.terminal.closed.load(Ordering::Relaxed) && self.terminal.state().power == Power::On
    }

    fn accepts(&self, name: &str) -> bool {
        name.to_ascii_lowercase().ends_with(".xml")
    }

    fn complete(&self, tail: &[u8]) -> bool {
        tail.trim_ascii_end().ends_with(b"</XmlMsg>")
    }

    fn answer(&mut self, name: &str, bytes: &[u8]) -> HandlerReply {
        let terminal = self.terminal;
        let asked = self.handle.block_on(async {
            // A server that knows of the pending restart refuses the request.
            terminal.settle_pending().await?;
            terminal.backend.file(name, bytes).await
        });
        match asked {
            Ok(answer) => {
                let result_files = terminal.result_files(answer.result_files);
                reply(name, answer, result_files)
            }
            // The server refused the request; the error file informs its author.
            Err(RequestError::Refused(why)) => HandlerReply::Refused(err(name, &why, terminal.result_files(None))),
            Err(error) => {
                tracing::warn!(name, "{}", line(error.why()));
                HandlerReply::NotTaken
            }
        }
    }

    fn too_large(&mut self, name: &str, size: u64, max: u64) -> OutputFile {
        let why = Text::new(
            format!("要求は {size} バイトです。上限は {max} バイトです。"),
            format!("The request has {size} bytes; at most {max} are read."),
        );
        err(name, &why, self.terminal.result_files(None))
    }

    fn is_ours(&self, name: &str) -> bool {
        is_ours(name)
    }
}

fn reply(request: &str, FileAnswer { status, kind, name, bytes, .. }: FileAnswer, result_files: ResultFiles) -> HandlerReply {
    match (kind.as_deref(), name) {
        (Some("result"), Some(name)) => HandlerReply::Answer(OutputFile { name, bytes, result_files }),
        (Some("err"), _) => HandlerReply::Refused(OutputFile { name: err_name(request), bytes, result_files }),
        _ if status == StatusCode::NO_CONTENT => HandlerReply::Silent,
        _ => HandlerReply::Refused(err(request, &ProblemSummary::read(&bytes).with_prefix("", ""), result_files)),
    }
}

fn err(request: &str, why: &Text, result_files: ResultFiles) -> OutputFile {
    let bytes = format!("{request}\r\n{}\r\n{}\r\n", why.ja, why.en).into_bytes();
    OutputFile { name: err_name(request), bytes, result_files }
}
