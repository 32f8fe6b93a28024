//! `onshi-mock certs`: make, issue and show certificates.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use crate::config::terminal_address;
use crate::domain::ids::TerminalAddress;
use crate::tls::{Authority, CertificateDescription, OpenOptions, Readers, TlsError, write_new};

/// `certs` and what follows it.
#[derive(Debug, Args)]
pub struct CertsArgs {
    #[command(subcommand)]
    command: CertsCommand,
    /// Directory of the CA's and the server's certificates
    #[arg(long, value_name = "DIR", env = "ONSHI_CERTS", default_value = "certs", global = true)]
    certs: PathBuf,
    /// A further DNS name or IP address for the server's certificate; repeatable
    #[arg(long, value_name = "NAME", env = "ONSHI_TLS_SAN", value_delimiter = ',', global = true)]
    tls_san: Vec<String>,
}

#[derive(Debug, Subcommand)]
enum CertsCommand {
    /// Make the CA and the server's certificate, where they are missing
    Init {
        /// Replace the CA that is there: every client must then trust the new one
        #[arg(long)]
        new_ca: bool,
    },
    /// Issue a terminal's certificate: ID.pem, ID.key and, for Windows, ID.p12
    Issue {
        /// Institution code and terminal, e.g. 9910000026-T1
        #[arg(value_name = "INSTITUTION-TERMINAL", value_parser = terminal_address)]
        id: TerminalAddress,
        /// Directory to write to
        #[arg(long, value_name = "DIR", default_value = ".")]
        out: PathBuf,
        /// Do nothing where the files are there already, instead of refusing
        #[arg(long)]
        if_missing: bool,
    },
    /// Show what the certificates say
    Show,
}

/// Runs one of the subcommands at `now`.
///
/// # Errors
/// What is wrong with the certificates' directory, the names, or the files to be written.
pub fn run(args: CertsArgs, now: Timestamp) -> anyhow::Result<()> {
    let options = OpenOptions { dir: &args.certs, extra_names: &args.tls_san, listen: &[] };
    match args.command {
        CertsCommand::Init { new_ca } => init(options, new_ca, now),
        CertsCommand::Issue { id, out, if_missing } => issue(options, &id, &out, if_missing, now),
        CertsCommand::Show => {
            show(&Authority::open(&args.certs)?);
            Ok(())
        }
    }
}

#[expect(clippy::print_stdout, reason = "what was made is the command's output")]
fn init(options: OpenOptions<'_>, new_ca: bool, now: Timestamp) -> anyhow::Result<()> {
    let authority = if new_ca { Authority::create_anew(options, now)? } else { Authority::open_or_create(options, now)? };
    if authority.made().ca {
        tell_new_ca(options.dir);
    } else {
        let dir = options.dir.display();
        println!("{dir} already holds a CA; it is kept.");
        println!("{dir} には既にCAがあります。そのまま使います。");
    }
    if new_ca {
        println!("Terminal certificates of an earlier CA no longer count: issue them again.");
        println!("以前のCAの端末証明書は無効になりました。発行し直してください。");
    }
    if authority.made().server && !authority.made().ca {
        println!("Made a new server certificate under it; clients need nothing new.");
        println!("サーバー証明書を作り直しました。クライアント側の作業は不要です。");
    }
    show(&authority);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the password is told here and nowhere else")]
fn issue(options: OpenOptions<'_>, id: &TerminalAddress, out: &Path, if_missing: bool, now: Timestamp) -> anyhow::Result<()> {
    let (certificate, key, pkcs12) = (out.join(format!("{id}.pem")), out.join(format!("{id}.key")), out.join(format!("{id}.p12")));
    // The certificate is written last: where it is, the others are.
    if if_missing && certificate.try_exists()? {
        println!("{} exists already and is kept / 既にあるため、そのまま使います", certificate.display());
        return Ok(());
    }
    for file in [&certificate, &key, &pkcs12] {
        if file.try_exists()? {
            let file = file.display();
            bail!(
                "{file} exists already and is not overwritten: move it away, or choose another directory with --out.\n\
                 {file} は既にあるため、上書きしません。移動するか、--out で別のディレクトリを指定してください。"
            );
        }
    }
    let authority = Authority::open_or_create(options, now)?;
    if authority.made().ca {
        tell_new_ca(options.dir);
    }
    let issued = authority.issue_terminal(id, now)?;
    std::fs::create_dir_all(out).map_err(|cause| TlsError::Write { file: out.to_owned(), cause })?;
    write_new(&key, issued.private_key_pem.as_bytes(), Readers::Owner)?;
    write_new(&pkcs12, &issued.pkcs12, Readers::Owner)?;
    write_new(&certificate, issued.certificate_pem.as_bytes(), Readers::Anyone)?;
    println!("certificate      {}", certificate.display());
    println!("private key      {}", key.display());
    println!("PKCS#12          {}", pkcs12.display());
    println!("PKCS#12 password {}", issued.pkcs12_password);
    println!("valid until      {}", issued.not_after);
    println!("The password is not stored anywhere: note it now.");
    println!("パスワードはどこにも保存されません。今、控えてください。");
    Ok(())
}

#[expect(clippy::print_stdout, reason = "clients must be told, so the user must know")]
fn tell_new_ca(dir: &Path) {
    let dir = dir.display();
    println!("Made a new CA. Clients must trust ca.pem in {dir}.");
    println!("新しいCAを作りました。クライアントで {dir} のca.pemを信頼してください。");
}

#[expect(clippy::print_stdout, reason = "showing is the command's purpose")]
fn show(authority: &Authority) {
    for (title, certificate) in [("CA", authority.ca()), ("Server", authority.server())] {
        let CertificateDescription { subject, names, not_before, not_after, sha256 } = certificate;
        println!("\n{title}");
        println!("  subject  {subject}");
        println!("  names    {}", names.join(", "));
        println!("  valid    {not_before} to {not_after}");
        println!("  SHA-256  {sha256}");
    }
}
