//! The download of a package. It is resumed after an interruption or a kill, and complete only
//! if length and SHA-256 match. Received bytes are written to disk at once.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use reqwest::header::CONTENT_RANGE;
use reqwest::{Response, StatusCode};
use serde::{Deserialize, Serialize};

use super::client::{Backend, connection_error, etag_of};
use super::protocol::Offer;
use super::request_error::RequestError;
use super::store::unwritable;
use crate::domain::text::Text;
use crate::hex;

/// A download on disk: the bytes so far, and a note that describes the complete package.
pub(super) struct Partial {
    data: PathBuf,
    note: PathBuf,
    offer: Offer,
    sha256: String,
}

/// The description of the complete package; bytes with a different note are discarded.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    size: u64,
    sha256: String,
    etag: Option<String>,
}

/// The bytes so far, with their running hash.
struct DownloadedBytes {
    file: File,
    length: u64,
    hash: Context,
    etag: Option<String>,
}

impl Partial {
    /// Creates the download of an offer whose hash is known.
    pub(super) fn new(dir: &Path, offer: &Offer, sha256: &str) -> Self {
        let stem = format!("{}-{}", offer.component, offer.version);
        Self {
            data: dir.join(format!("{stem}.part")),
            note: dir.join(format!("{stem}.json")),
            offer: offer.clone(),
            sha256: sha256.to_ascii_lowercase(),
        }
    }

    /// Returns the number of bytes on disk.
    pub(super) fn received(&self) -> u64 {
        fs::metadata(&self.data).map_or(0, |data| data.len())
    }

    /// Downloads the missing bytes and verifies the package; calls `progress` with the number
    /// of bytes so far.
    ///
    /// # Errors
    /// [`RequestError::Bad`] if the package does not match the announcement; it has been removed.
    /// After any other error, the next call resumes the download.
    pub(super) async fn fetch(&self, backend: &Backend, mut progress: impl FnMut(u64) + Send) -> Result<(), RequestError> {
        let mut received = self.open().await?;
        progress(received.length);
        if received.length < self.offer.size {
            let response = backend.package(&self.offer.url, received.length, received.etag.as_deref()).await?;
            let checked = self.check_start(&response, &mut received);
            self.discard_if_bad(checked)?;
            let filled = self.receive(response, &mut received, &mut progress).await;
            self.discard_if_bad(filled)?;
        }
        self.discard_if_bad(self.verify(received))
    }

    /// Removes the files: the package was installed, or is invalid.
    pub(super) fn remove(&self) {
        for file in [&self.data, &self.note] {
            // A file that stays is discarded later, since it does not match the next note.
            let _ = fs::remove_file(file);
        }
    }

    fn discard_if_bad<T>(&self, done: Result<T, RequestError>) -> Result<T, RequestError> {
        if matches!(done, Err(RequestError::Bad(_))) {
            self.remove();
        }
        done
    }

    /// Reads and hashes the bytes on disk, on a thread for blocking work.
    async fn open(&self) -> Result<DownloadedBytes, RequestError> {
        let (data, note_file, size) = (self.data.clone(), self.note.clone(), self.offer.size);
        let expected = self.sha256.clone();
        let reading = tokio::task::spawn_blocking(move || reopen(&data, &note_file, size, &expected));
        let read = reading.await.map_err(|error| RequestError::retry_later(error.to_string(), error.to_string()))?;
        read.map_err(|error| self.disk(&error))
    }

    /// Checks that the answer continues the bytes on disk. If the server sends the package from
    /// the beginning, discards them.
    fn check_start(&self, response: &Response, received: &mut DownloadedBytes) -> Result<(), RequestError> {
        let size = self.offer.size;
        match response.status() {
            StatusCode::PARTIAL_CONTENT => {
                let range = response.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
                if !continues_from(range, received.length, size) {
                    return Err(bad_package(
                        &format!("Content-Range が続きではありません（{range}）"),
                        &format!("Content-Range {range:?} does not go on from byte {} of {size}", received.length),
                    ));
                }
            }
            StatusCode::OK => {
                if response.content_length().is_some_and(|length| length != size) {
                    let length = response.content_length().unwrap_or_default();
                    return Err(bad_package(
                        &format!("長さが {length} バイトで、{size} バイトではありません"),
                        &format!("it has {length} bytes, not {size}"),
                    ));
                }
                received.restart().map_err(|error| self.disk(&error))?;
            }
            _ => return Err(bad_package("サーバーのパッケージが告知より短いようです", "the server's package is shorter than announced")),
        }
        let etag = etag_of(response);
        if etag != received.etag {
            received.etag.clone_from(&etag);
            write_note(&self.note, &Note { size, sha256: self.sha256.clone(), etag }).map_err(|error| self.disk(&error))?;
        }
        Ok(())
    }

    async fn receive(
        &self,
        mut response: Response,
        received: &mut DownloadedBytes,
        progress: &mut (impl FnMut(u64) + Send),
    ) -> Result<(), RequestError> {
        let size = self.offer.size;
        while let Some(chunk) = response.chunk().await.map_err(|error| connection_error(&error))? {
            if received.length + chunk.len() as u64 > size {
                return Err(bad_package(&format!("{size} バイトより長いです"), &format!("it has more than {size} bytes")));
            }
            received.add(&chunk).map_err(|error| self.disk(&error))?;
            progress(received.length);
        }
        if received.length < size {
            let got = received.length;
            return Err(RequestError::retry_later(
                format!("{size} バイトのうち {got} バイトで途切れました。"),
                format!("It was cut after {got} of {size} bytes."),
            ));
        }
        Ok(())
    }

    fn verify(&self, received: DownloadedBytes) -> Result<(), RequestError> {
        let digest = received.hash.finish();
        let found = hex::encode(digest);
        if found == self.sha256 {
            return Ok(());
        }
        Err(bad_package(&format!("SHA-256 が違います（{found}）"), &format!("its SHA-256 is {found}, not {}", self.sha256)))
    }

    fn disk(&self, error: &io::Error) -> RequestError {
        let Text { ja, en } = unwritable(&self.data, error);
        RequestError::retry_later(ja, en)
    }
}

impl DownloadedBytes {
    fn add(&mut self, chunk: &[u8]) -> io::Result<()> {
        self.file.write_all(chunk)?;
        self.hash.update(chunk);
        self.length += chunk.len() as u64;
        Ok(())
    }

    fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.length = 0;
        self.hash = Context::new(&SHA256);
        Ok(())
    }
}

fn bad_package(ja: &str, en: &str) -> RequestError {
    RequestError::Bad(Text::new(format!("パッケージが告知と違います：{ja}。"), format!("The package is not what was announced: {en}.")))
}

/// Whether a `Content-Range` goes from the offset `from` to the end of the package.
fn continues_from(range: &str, from: u64, size: u64) -> bool {
    let parsed = range.strip_prefix("bytes ").and_then(|rest| rest.split_once('/'));
    parsed.is_some_and(|(range, total)| range == format!("{from}-{}", size - 1) && (total == "*" || total == size.to_string()))
}

fn reopen(data: &Path, note_file: &Path, size: u64, sha256: &str) -> io::Result<DownloadedBytes> {
    let note: Option<Note> = fs::read(note_file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let note = note.filter(|note| note.size == size && note.sha256 == sha256);
    let usable = note.is_some() && fs::metadata(data).is_ok_and(|data| data.len() <= size);
    if !usable {
        remove_if_there(data)?;
        write_note(note_file, &Note { size, sha256: sha256.to_owned(), etag: None })?;
    }
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(data)?;
    let (mut hash, mut length) = (Context::new(&SHA256), 0);
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => {
                hash.update(&buffer[..read]);
                length += read as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(DownloadedBytes { file, length, hash, etag: note.filter(|_| usable).and_then(|note| note.etag) })
}

fn remove_if_there(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Writes a note to a new file and renames it, so that a kill leaves the new note or the former
/// one.
fn write_note(file: &Path, note: &Note) -> io::Result<()> {
    let beside = file.with_extension("new");
    fs::write(&beside, serde_json::to_vec(note)?)?;
    fs::rename(&beside, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_range_has_to_go_on_where_we_are() {
        for (range, right) in [
            ("bytes 10-99/100", true),
            ("bytes 10-99/*", true),
            ("bytes 0-99/100", false),
            ("bytes 10-98/100", false),
            ("bytes 10-99/101", false),
            ("", false),
        ] {
            assert_eq!(continues_from(range, 10, 100), right, "{range}");
        }
    }
}
