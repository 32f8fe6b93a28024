//! `onshi-mock certs`: creates, issues and shows certificates, and lets browsers trust the CA.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::trust::trust;
use crate::config::terminal_address;
use crate::domain::ids::TerminalAddress;
use crate::tls::{Authority, CertificateDescription, KeyKind, NameConstraints, NewCa, OpenOptions, Readers, TlsError, write_new};

/// `certs` and what follows it.
#[derive(Debug, Args)]
pub struct CertsArgs {
    #[command(subcommand)]
    command: CertsCommand,
    /// CA とサーバー証明書のディレクトリ / Directory of the CA's and the server's certificates
    #[arg(long, value_name = "DIR", env = "ONSHI_CERTS", default_value = "certs", global = true)]
    certs: PathBuf,
    /// サーバー証明書に加える DNS 名か IPアドレス。繰り返し可 / A further DNS name or IP address for the server's certificate; repeatable
    #[arg(long, value_name = "NAME", env = "ONSHI_TLS_SAN", value_delimiter = ',', global = true)]
    tls_san: Vec<String>,
}

#[derive(Debug, Subcommand)]
enum CertsCommand {
    /// CA とサーバー証明書を、なければ作成する / Make the CA and the server's certificate, where they are missing
    Init {
        /// すでにある CA を作り直す（すべてのクライアントに信頼させ直す必要がある） / Replace the CA that is there: every client must then trust the new one
        #[arg(long)]
        new_ca: bool,
        /// CA とその下の鍵の種類。ECDSA に対応しないクライアントには rsa / Kind of the CA's key and of those under it; RSA for stacks that take no ECDSA [default: ecdsa]
        #[arg(long, value_name = "KIND")]
        key: Option<KeyKind>,
        /// 名前制約のない CA を作る（名前制約にまったく対応しないクライアント用） / Make a CA that may vouch for any name, for stacks that take no name constraints at all
        #[arg(long)]
        no_name_constraints: bool,
    },
    /// 端末証明書を発行する / Issue a terminal's certificate: ID.pem, ID.key and, for Windows, ID.p12
    Issue {
        /// 医療機関コードと端末（例：9910000026-T1） / Institution code and terminal, e.g. 9910000026-T1
        #[arg(value_name = "INSTITUTION-TERMINAL", value_parser = terminal_address)]
        id: TerminalAddress,
        /// 書き込むディレクトリ / Directory to write to
        #[arg(long, value_name = "DIR", default_value = ".")]
        out: PathBuf,
        /// ファイルがすでにあれば、エラーにせず何もしない / Do nothing where the files are there already, instead of refusing
        #[arg(long)]
        if_missing: bool,
    },
    /// 証明書の内容を表示する / Show what the certificates say
    Show,
    /// このユーザーのブラウザーに CA を信頼させる / Let this user's browsers trust the CA
    Trust {
        /// 信頼を取り消す / Take the trust back
        #[arg(long)]
        remove: bool,
    },
}

/// Runs one of the subcommands at `now`.
///
/// # Errors
/// The certificates' directory or a name is invalid, a file cannot be written, or the program that
/// changes the trust fails.
pub fn run(args: CertsArgs, now: Timestamp) -> anyhow::Result<()> {
    let options = OpenOptions { dir: &args.certs, extra_names: &args.tls_san, listen: &[], new_ca: NewCa::default() };
    match args.command {
        CertsCommand::Init { new_ca: replace, key, no_name_constraints } => {
            let new_ca = NewCa { key: key.unwrap_or_default(), unconstrained: no_name_constraints };
            let authority = init(OpenOptions { new_ca, ..options }, replace, now)?;
            refuse_what_came_too_late(&authority, &args.certs, key, no_name_constraints)
        }
        CertsCommand::Issue { id, out, if_missing } => issue(options, &id, &out, if_missing, now),
        CertsCommand::Show => {
            show(&Authority::open(&args.certs)?);
            Ok(())
        }
        CertsCommand::Trust { remove } => trust(&args.certs, remove),
    }
}

fn init(options: OpenOptions<'_>, new_ca: bool, now: Timestamp) -> anyhow::Result<Authority> {
    let authority = if new_ca { Authority::recreate(options, now)? } else { Authority::open_or_create(options, now)? };
    if authority.created_files().ca {
        print_new_ca_notice(options.dir);
    } else {
        let dir = options.dir.display();
        outln!("{dir} にはすでに CA があります。そのまま使います。");
        outln!("{dir} already holds a CA; it is kept.");
    }
    if new_ca {
        outln!("以前の CA の端末証明書は無効になりました。発行し直してください。");
        outln!("Terminal certificates of an earlier CA no longer count: issue them again.");
    }
    if authority.created_files().server && !authority.created_files().ca {
        outln!("サーバー証明書を作り直しました。クライアント側の作業は不要です。");
        outln!("Made a new server certificate under it; clients need nothing new.");
    }
    if new_ca || authority.created_files().server && !authority.created_files().ca {
        outln!("起動中の模擬サーバーは、再起動するまで以前の証明書を使い続けます。再起動してください。");
        outln!("A server that is running keeps its old certificate until it is restarted: restart it.");
    }
    show(&authority);
    warn_of_constraints(&authority, options.dir);
    Ok(authority)
}

/// Refuses `--key` and `--no-name-constraints` for an existing CA: they only apply when a CA is
/// created.
fn refuse_what_came_too_late(authority: &Authority, dir: &Path, key: Option<KeyKind>, no_name_constraints: bool) -> anyhow::Result<()> {
    let constrained = authority.name_constraints() != NameConstraints::None;
    if key.is_some_and(|key| key != authority.key_kind()) || no_name_constraints && constrained {
        let dir = dir.display();
        bail!(
            "{dir} の CA はすでに作成されているため、--key と --no-name-constraints は反映されません。--new-ca を加えて作り直してください（すべてのクライアントで新しい ca.pem を信頼し直し、端末証明書を発行し直す必要があります）。\n\
             The CA in {dir} was made before, and --key and --no-name-constraints only count when one is made. Add --new-ca to replace it; every client must then trust the new ca.pem, and terminal certificates must be issued again."
        );
    }
    Ok(())
}

/// Prints what a CA's name constraints, or their absence, mean for its users. Prints nothing
/// for the default kind.
pub(super) fn warn_of_constraints(authority: &Authority, dir: &Path) {
    match authority.name_constraints() {
        NameConstraints::DnsNames => {}
        NameConstraints::DnsNamesAndAddresses => {
            let command = authority.new_ca_command(dir);
            errln!(
                "注意：この CA は以前のバージョンで作られ、IPアドレスにも名前制約があります。OpenSSL 1.0.2 を使うクライアント（Delphi の Indy など）は検証に失敗します（unsupported name constraint type）。"
            );
            errln!(
                "      該当するクライアントがあれば `{command}` で新しい CA を作り、すべてのクライアントで新しい ca.pem を信頼し直し、端末証明書を発行し直してください。"
            );
            errln!(
                "Note: An earlier version made this CA, with name constraints on IP addresses, too. Clients on OpenSSL 1.0.2 (Indy for Delphi, for one) cannot verify it (unsupported name constraint type)."
            );
            errln!(
                "      If you have any, make a new CA with `{command}`; every client must then trust the new ca.pem, and terminal certificates must be issued again."
            );
        }
        NameConstraints::None => {
            errln!(
                "警告：この CA には名前制約がありません。ca.key を持つ人は、実在するサイトの証明書も作れます。テスト専用のマシンとプログラムだけで信頼し、テストが終わったら信頼を取り消してください。"
            );
            errln!(
                "Warning: This CA has no name constraints. Whoever has ca.key can make certificates for real sites, too: trust it on machines and in programs for tests only, and take the trust back after the tests."
            );
        }
    }
}

fn issue(options: OpenOptions<'_>, id: &TerminalAddress, out: &Path, if_missing: bool, now: Timestamp) -> anyhow::Result<()> {
    let (certificate, key, pkcs12) = (out.join(format!("{id}.pem")), out.join(format!("{id}.key")), out.join(format!("{id}.p12")));
    // The certificate is written last: if it exists, so do the others.
    if if_missing && certificate.try_exists()? {
        outln!("{} はすでにあるため、そのまま使います / exists already and is kept", certificate.display());
        return Ok(());
    }
    for file in [&certificate, &key, &pkcs12] {
        if file.try_exists()? {
            let file = file.display();
            bail!(
                "{file} はすでにあるため、上書きしません。移動するか、--out で別のディレクトリを指定してください。\n\
                 {file} exists already and is not overwritten: move it away, or choose another directory with --out."
            );
        }
    }
    let authority = Authority::open_or_create(options, now)?;
    if authority.created_files().ca {
        print_new_ca_notice(options.dir);
    }
    let issued = authority.issue_terminal(id, now)?;
    std::fs::create_dir_all(out).map_err(|cause| TlsError::Write { file: out.to_owned(), cause })?;
    write_new(&key, issued.private_key_pem.as_bytes(), Readers::Owner)?;
    write_new(&pkcs12, &issued.pkcs12, Readers::Owner)?;
    write_new(&certificate, issued.certificate_pem.as_bytes(), Readers::Anyone)?;
    outln!("certificate      {}", certificate.display());
    outln!("private key      {}", key.display());
    outln!("PKCS#12          {}", pkcs12.display());
    outln!("PKCS#12 password {}", issued.pkcs12_password);
    outln!("valid until      {}", issued.not_after);
    outln!("パスワードはどこにも保存されません。今、控えてください。");
    outln!("The password is not stored anywhere: note it now.");
    Ok(())
}

fn print_new_ca_notice(dir: &Path) {
    let dir = dir.display();
    outln!("新しい CA を作りました。クライアントに {dir} の ca.pem を信頼させてください。");
    outln!("Made a new CA. Clients must trust ca.pem in {dir}.");
}

fn show(authority: &Authority) {
    for (title, certificate) in [("CA", authority.ca()), ("Server", authority.server())] {
        let CertificateDescription { subject, names, not_before, not_after, sha256 } = certificate;
        outln!("\n{title}");
        outln!("  subject  {subject}");
        outln!("  names    {}", names.join(", "));
        outln!("  valid    {not_before} to {not_after}");
        outln!("  SHA-256  {sha256}");
    }
}
