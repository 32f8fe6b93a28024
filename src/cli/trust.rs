//! `onshi-mock certs trust`: lets the browsers of this user trust the CA, by the system's own
//! program, and takes the trust back.

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::hex;

/// The program that changes the certificate databases of browsers on Linux.
const NSS_PROGRAM: &str = "certutil";

/// A program with its arguments.
#[derive(Debug)]
struct Step {
    program: &'static str,
    arguments: Vec<String>,
}

/// The CA's certificate.
struct Ca {
    /// The absolute path of its file.
    file: String,
    der: CertificateDer<'static>,
}

/// Returns the command that trusts the CA in a directory.
pub(super) fn trust_command(dir: &Path) -> String {
    let mut command = Step::new("onshi-mock", &["certs", "trust"]);
    if dir != Path::new("certs") {
        command.arguments.extend(["--certs".to_owned(), dir.display().to_string()]);
    }
    command.to_string()
}

/// Trusts the CA in a directory, or takes the trust back.
///
/// # Errors
/// There is no CA, or the system's program is missing or fails.
pub(super) fn trust(dir: &Path, remove: bool) -> anyhow::Result<()> {
    let ca = Ca::read(&dir.join("ca.pem"))?;
    let os = std::env::consts::OS;
    let home = std::env::home_dir().context("ホームディレクトリが分かりません / there is no home directory")?;
    if remove {
        return run(&removing(os, &home, &ca));
    }
    if !matches!(os, "windows" | "macos") {
        make_nss_database(&home)?;
    }
    run(&adding(os, &home, &ca))?;
    outln!("CA を信頼させました。ブラウザーを起動し直してください / The CA is trusted: restart the browser");
    outln!("取り消すには / to undo: {} --remove  ({})", trust_command(dir), removing(os, &home, &ca));
    if !matches!(os, "windows" | "macos") {
        let file = &ca.file;
        outln!("Chromium、Chrome、Edge に効きます。Firefox は「設定」→「証明書を表示」→「認証局証明書」で {file} を読み込んでください。");
        outln!("It counts for Chromium, Chrome and Edge. In Firefox, import {file} by Settings, View Certificates, Authorities.");
    }
    Ok(())
}

impl Ca {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let read = CertificateDer::from_pem_file(path);
        let der = read.with_context(|| {
            format!("{0} を読めません。--certs で CA のディレクトリを指定してください / {0} cannot be read; name the CA's directory with --certs", path.display())
        })?;
        Ok(Self { file: std::path::absolute(path)?.display().to_string(), der })
    }

    fn fingerprint(&self, algorithm: &'static Algorithm) -> String {
        hex::encode(digest(algorithm, &self.der))
    }

    /// Returns its name in a certificate database.
    fn nickname(&self) -> String {
        format!("onshi-mock {}", &self.fingerprint(&SHA256)[..8])
    }
}

/// Returns the step that adds the CA to the user's trusted ones.
fn adding(os: &str, home: &Path, ca: &Ca) -> Step {
    match os {
        "windows" => Step::new("certutil.exe", &["-user", "-addstore", "Root", &ca.file]),
        "macos" => Step::new("security", &["add-trusted-cert", "-r", "trustRoot", "-k", &keychain(home), &ca.file]),
        _ => Step::new(NSS_PROGRAM, &["-d", &nss_database(home), "-A", "-t", "C,,", "-n", &ca.nickname(), "-i", &ca.file]),
    }
}

/// Returns the step that removes it.
fn removing(os: &str, home: &Path, ca: &Ca) -> Step {
    match os {
        "windows" => Step::new("certutil.exe", &["-user", "-delstore", "Root", &ca.fingerprint(&SHA1_FOR_LEGACY_USE_ONLY)]),
        "macos" => Step::new("security", &["delete-certificate", "-Z", &ca.fingerprint(&SHA256), "-t", &keychain(home)]),
        _ => Step::new(NSS_PROGRAM, &["-d", &nss_database(home), "-D", "-n", &ca.nickname()]),
    }
}

fn keychain(home: &Path) -> String {
    format!("{}/Library/Keychains/login.keychain-db", home.display())
}

fn nss_directory(home: &Path) -> PathBuf {
    home.join(".pki/nssdb")
}

fn nss_database(home: &Path) -> String {
    format!("sql:{}", nss_directory(home).display())
}

/// Creates the user's certificate database, which the browser otherwise does at its first start.
fn make_nss_database(home: &Path) -> anyhow::Result<()> {
    let dir = nss_directory(home);
    if dir.join("cert9.db").exists() {
        return Ok(());
    }
    std::fs::create_dir_all(&dir).with_context(|| format!("{0} を作成できません / {0} cannot be made", dir.display()))?;
    run(&Step::new(NSS_PROGRAM, &["-d", &nss_database(home), "-N", "--empty-password"]))
}

fn run(step: &Step) -> anyhow::Result<()> {
    outln!("実行します / running: {step}");
    let Step { program, arguments } = step;
    match Command::new(program).args(arguments).status() {
        Ok(status) => {
            ensure!(status.success(), "{program} が失敗しました / {program} failed: {status}");
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::NotFound && *program == NSS_PROGRAM => bail!(
            "{program} がありません。パッケージ libnss3-tools（Debian、Ubuntu）、nss-tools（Fedora、RHEL）、mozilla-nss-tools（openSUSE）、nss（Arch）のいずれかを入れてから、もう一度実行してください\n\
             there is no {program}: install libnss3-tools (Debian, Ubuntu), nss-tools (Fedora, RHEL), mozilla-nss-tools (openSUSE) or nss (Arch), and try again"
        ),
        Err(error) => Err(error).with_context(|| format!("{program} を起動できません / {program} cannot be started")),
    }
}

impl Step {
    fn new(program: &'static str, arguments: &[&str]) -> Self {
        Self { program, arguments: arguments.iter().map(ToString::to_string).collect() }
    }
}

/// As it would be typed.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.program)?;
        self.arguments
            .iter()
            .try_for_each(|argument| if argument.contains(' ') { write!(f, " \"{argument}\"") } else { write!(f, " {argument}") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_has_a_step_for_the_user_and_one_that_undoes_it() {
        let ca = Ca { file: "/certs/ca.pem".to_owned(), der: CertificateDer::from(b"der".to_vec()) };
        let home = Path::new("/home/hana");
        let (sha1, sha256) = (ca.fingerprint(&SHA1_FOR_LEGACY_USE_ONLY), ca.fingerprint(&SHA256));
        assert_eq!((sha1.len(), sha256.len()), (40, 64));
        let keychain = "/home/hana/Library/Keychains/login.keychain-db";
        let (nickname, database) = (format!("onshi-mock {}", &sha256[..8]), home.join(".pki/nssdb").display().to_string());
        for (os, add, remove) in [
            ("windows", "certutil.exe -user -addstore Root /certs/ca.pem".to_owned(), format!("certutil.exe -user -delstore Root {sha1}")),
            (
                "macos",
                format!("security add-trusted-cert -r trustRoot -k {keychain} /certs/ca.pem"),
                format!("security delete-certificate -Z {sha256} -t {keychain}"),
            ),
            (
                "linux",
                format!("certutil -d sql:{database} -A -t C,, -n \"{nickname}\" -i /certs/ca.pem"),
                format!("certutil -d sql:{database} -D -n \"{nickname}\""),
            ),
        ] {
            assert_eq!((adding(os, home, &ca).to_string(), removing(os, home, &ca).to_string()), (add, remove), "{os}");
        }
    }

    #[test]
    fn the_command_names_a_directory_that_is_not_the_default() {
        assert_eq!(trust_command(Path::new("certs")), "onshi-mock certs trust");
        assert_eq!(trust_command(Path::new("/data/certs")), "onshi-mock certs trust --certs /data/certs");
        assert_eq!(trust_command(Path::new("C:/Program Files/certs")), "onshi-mock certs trust --certs \"C:/Program Files/certs\"");
    }
}
