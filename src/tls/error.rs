//! The errors of the certificates, for the programmer who starts the mock: one or two sentences
//! in Japanese, a newline, and the same in English.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::file_remedy::{Expected, Remedy};
use super::name::{InvalidName, Name};

/// Why certificates could not be created, opened or issued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The value of `--tls-san` is neither a DNS name nor an IP address.
    #[error(
        "--tls-san {name:?} は証明書に入れられません：{}。\n\
         --tls-san {name:?} cannot go into a certificate: {}.",
        fault.japanese(),
        fault.english()
    )]
    Name {
        /// The value as given.
        name: String,
        /// What is wrong with it.
        fault: InvalidName,
    },
    /// The CA's name constraints do not permit a name: clients would refuse the certificate.
    #[error(
        "{ca} の CA は {} を許可していません。これを入れたサーバー証明書は、クライアントに拒否されます。`{command}` で新しい CA を作ってください。その後、すべてのクライアントで新しい ca.pem を信頼し直し、端末証明書を発行し直す必要があります。\n\
         The CA in {ca} does not permit {}: a server certificate with it would be refused by clients. Make a new CA with `{command}`; every client must then trust the new ca.pem, and terminal certificates must be issued again.",
        names.join("、"),
        names.join(", ")
    )]
    OutsideConstraints {
        /// The file of the CA's certificate.
        ca: PathBuf,
        /// The names that are not permitted.
        names: Vec<String>,
        /// The command that creates a CA that permits them and everything that was permitted
        /// before.
        command: String,
    },
    /// A file or directory could not be read.
    #[error("{file} を読めません：{cause}。\n{file} cannot be read: {cause}.")]
    Read {
        /// The path.
        file: PathBuf,
        /// The error of the operating system.
        cause: io::Error,
    },
    /// A file or directory could not be written.
    #[error("{file} に書き込めません：{cause}。\n{file} cannot be written: {cause}.")]
    Write {
        /// The path.
        file: PathBuf,
        /// The error of the operating system.
        cause: io::Error,
    },
    /// A file exists without the one that belongs to it.
    #[error(
        "{beside} はありますが、{file} がありません。{}\n\
         {file} is missing, though {beside} is there. {}",
        remedy.japanese(),
        remedy.english()
    )]
    Missing {
        /// The missing file.
        file: PathBuf,
        /// The existing file that belongs to it.
        beside: PathBuf,
        /// What to do.
        remedy: Remedy,
    },
    /// The content of a file is not what is expected.
    #[error(
        "{file} の内容が正しくありません：{}のはずですが、{detail}。{}\n\
         {file} is not what it should be: expected {}, but {detail}. {}",
        expected.japanese(),
        remedy.japanese(),
        expected.english(),
        remedy.english()
    )]
    Malformed {
        /// The path.
        file: PathBuf,
        /// The expected content.
        expected: Expected,
        /// What was found, in English, mostly from the parsers.
        detail: String,
        /// What to do.
        remedy: Remedy,
    },
    /// A private key does not match a certificate.
    #[error(
        "{key} の鍵と {certificate} の証明書が対応していません（公開鍵が異なります）。{}\n\
         The key in {key} does not fit the certificate in {certificate}: their public keys differ. {}",
        remedy.japanese(),
        remedy.english()
    )]
    KeyMismatch {
        /// The private key's file.
        key: PathBuf,
        /// The certificate's file.
        certificate: PathBuf,
        /// What to do.
        remedy: Remedy,
    },
    /// The CA is not valid at the time of opening.
    #[error(
        "{ca} の CA の有効期間は {not_before} から {not_after} まで、現在は {now} です。このマシンの時計が正しければ、`{command}` で新しい CA を作ってください。その後、すべてのクライアントで新しい ca.pem を信頼し直す必要があります。\n\
         The CA in {ca} is valid from {not_before} to {not_after}, and it is {now}. If this machine's clock is right, make a new CA with `{command}`; every client must then trust the new ca.pem."
    )]
    CaNotValid {
        /// The file of the CA's certificate.
        ca: PathBuf,
        /// The first moment of validity.
        not_before: Timestamp,
        /// The last moment of validity.
        not_after: Timestamp,
        /// The time of opening.
        now: Timestamp,
        /// The command that creates a new CA.
        command: String,
    },
    /// The directory has no certificates to show.
    #[error(
        "{dir} に証明書がありません（{file} がありません）。`{command}` で作ってください。\n\
         There are no certificates in {dir}: {file} is missing. Make them with `{command}`."
    )]
    NothingThere {
        /// The certificates' directory.
        dir: PathBuf,
        /// The first missing file.
        file: PathBuf,
        /// The command that creates them.
        command: String,
    },
    /// A key or a certificate could not be created.
    #[error("証明書を作れませんでした：{0}。\nA certificate could not be made: {0}.")]
    Issue(rcgen::Error),
    /// The PKCS#12 file could not be created.
    #[error("PKCS#12 ファイルを作れませんでした：{0}。\nThe PKCS#12 file could not be made: {0}.")]
    Pkcs12(aws_lc_rs::error::Unspecified),
    /// rustls did not accept the certificates.
    #[error("TLS を準備できませんでした：{0}。\nTLS could not be set up: {0}.")]
    Rustls(rustls::Error),
}

/// Returns the command that creates the certificates in `dir` for `names`; with `new_ca` it
/// replaces existing ones.
pub(super) fn init_command(dir: &Path, new_ca: bool, names: &[Name]) -> String {
    let dir = dir.display().to_string();
    let dir = if dir.contains(char::is_whitespace) { format!("\"{dir}\"") } else { dir };
    let new_ca = if new_ca { " --new-ca" } else { "" };
    let mut seen_messages = BTreeSet::new();
    let options = names.iter().map(|name| format!(" --tls-san {name}"));
    let names: String = options.filter(|option| seen_messages.insert(option.clone())).collect();
    format!("onshi-mock certs init{new_ca} --certs {dir}{names}")
}
