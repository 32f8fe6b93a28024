//! The server, the only place that wires the parts together: [`Server::bind`] prepares
//! everything, [`Server::run`] serves until shutdown.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use jiff::Timestamp;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::app::{App, check_fixtures, prepare_packages, stored_fixtures};
use crate::config::Config;
use crate::domain::error_catalogue::Catalogue;
use crate::domain::japan;
use crate::fixtures::{Findings, Fixtures};
use crate::hex;
use crate::http::{Listeners, Parts, Port, interface};
use crate::institutions::{FixtureDifferences, Institutions};
use crate::linkage::LinkageFolders;
use crate::listener::{Addresses, Listener};
use crate::package;
use crate::policy::ClientAuthPolicy;
use crate::push::Push;
use crate::random;
use crate::store::Store;
use crate::tls::{Authority, ClientAuth, CreatedFiles, NewCa, OpenOptions, Readers, write_new};
use crate::token::Tokens;

/// Returns the OpenAPI document of one listener, or of both, at the default addresses.
pub fn describe(listener: Option<Listener>, catalogue: &Catalogue) -> Value {
    interface(&Addresses::default()).document(listener, catalogue)
}

/// A server whose sockets are open.
pub struct Server {
    app: Arc<App>,
    linkage: LinkageFolders,
    listeners: Listeners,
    created_files: CreatedFiles,
    findings: Findings,
    fixture_differences: FixtureDifferences,
    push: Push,
}

impl Server {
    /// Reads the fixtures, opens or creates the certificates, and opens both sockets. `wall`
    /// returns the machine's time.
    ///
    /// # Errors
    /// A fixture, a certificate, the control token or an address cannot be used; the message
    /// says what to do.
    pub async fn bind(config: &Config, wall: fn() -> Timestamp) -> anyhow::Result<Self> {
        let (mut initial_fixtures, findings) = load_fixtures(config, wall())?;
        let push = Push::new(&config.push)?;
        let packages = package::Store::open(config.package_dir.as_deref())?;
        prepare_packages(&packages, &mut initial_fixtures);
        let backend = listen(config.backend_addr, "backend-addr").await?;
        let control = listen(config.control_addr, "control-addr").await?;
        let listening: Vec<IpAddr> = vec![config.backend_addr.ip(), config.control_addr.ip()];
        let options = OpenOptions { dir: &config.certs, extra_names: &config.tls_san, listen: &listening, new_ca: NewCa::default() };
        let authority = Authority::open_or_create(options, wall())?;
        if let Some(path) = &config.ca_out {
            std::fs::write(path, authority.ca_pem())
                .with_context(|| format!("ca-out: {0} に書けません / {0} cannot be written", path.display()))?;
        }
        let client_auth = if config.client_auth == ClientAuthPolicy::Off { ClientAuth::Off } else { ClientAuth::Asked };
        let backend_tls = Arc::new(authority.server_config(client_auth)?);
        let control_tls = Arc::new(authority.server_config(ClientAuth::Off)?);
        let initial_fixtures = Arc::new(initial_fixtures);
        let made = authority.created_files();
        let store = Store::open(&config.store).await?;
        let tokens = Tokens::new(store.note("token-key", &hex::encode(random::bytes::<32>())).await?.as_bytes());
        let put = stored_fixtures(&store, wall()).await?.map(|mut put| {
            prepare_packages(&packages, &mut put);
            Arc::new(put)
        });
        let fixtures = put.unwrap_or_else(|| Arc::clone(&initial_fixtures));
        let incomplete_after = fixtures.invented.linkage.incomplete_after.duration().unsigned_abs();
        let institutions = Institutions::new(fixtures, store, config.bounds, config.push.channels(), wall).await;
        let institutions = institutions.map_err(|error| anyhow!("institutions: {error}"))?;
        let fixture_differences = institutions.fixture_differences().await?;
        let addresses = Addresses { backend: url(backend.local_addr()?), control: url(control.local_addr()?) };
        let control_token = control_token(config)?;
        let app = Arc::new(App {
            institutions,
            packages,
            initial_fixtures,
            fixtures_lock: tokio::sync::Mutex::default(),
            tokens,
            control_token,
            authority,
            login: config.login,
            client_auth: config.client_auth,
            strictness: config.strictness,
        });
        let linkage = LinkageFolders::new(config.linkage.clone(), incomplete_after, app.institutions.clone());
        let listeners = Listeners::new(Parts {
            app: Arc::clone(&app),
            linkage: linkage.clone(),
            backend: Port { socket: backend, tls: backend_tls },
            control: Port { socket: control, tls: control_tls },
            addresses,
            limits: config.limits,
            body: config.body,
            max_streams: config.max_streams,
            collector: config.otlp_url.clone(),
        })?;
        warn_of_unknown_terminal(config, &app.institutions).await?;
        Ok(Self { app, linkage, listeners, created_files: made, findings, fixture_differences, push })
    }

    /// Returns the address of the backend.
    ///
    /// # Errors
    /// The system does not return the socket's address.
    pub fn backend_addr(&self) -> std::io::Result<SocketAddr> {
        self.listeners.socket(Listener::Backend).local_addr()
    }

    /// Returns the address of the control API.
    ///
    /// # Errors
    /// The system does not return the socket's address.
    pub fn control_addr(&self) -> std::io::Result<SocketAddr> {
        self.listeners.socket(Listener::Control).local_addr()
    }

    /// Returns which certificates were created.
    pub fn made(&self) -> CreatedFiles {
        self.created_files
    }

    /// Returns the warnings about the fixtures.
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Returns the institutions that differed from the fixtures at the start.
    pub fn fixture_differences(&self) -> &FixtureDifferences {
        &self.fixture_differences
    }

    /// Returns the linkage folders that another process serves, among those of the first 64
    /// terminals.
    pub async fn occupied_folders(&self) -> Vec<PathBuf> {
        self.linkage.occupied_folders().await
    }

    /// Returns the application layer, which both transports use.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Serves until `shutdown` completes, then lets open requests finish within the grace
    /// period.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let (running, stopping) = watch::channel(());
        let stop = |mut stopping: watch::Receiver<()>| async move {
            // Nothing is ever sent: dropping the sender is the signal.
            let _ = stopping.changed().await;
        };
        let listeners = Box::pin(self.listeners.run(stop(stopping.clone())));
        let linkage = self.linkage.run(stop(stopping.clone()));
        let maintenance = run_store_maintenance(self.app.institutions.clone(), stop(stopping.clone()));
        let (surfaces_running, surfaces_done) = watch::channel(());
        let journals = self.app.institutions.run_journal_writer(stop(surfaces_done.clone()));
        let listening = Box::pin(self.app.institutions.listen(stop(surfaces_done.clone())));
        let following = Box::pin(sync_fixtures(Arc::clone(&self.app), stop(surfaces_done.clone())));
        let notifying = Box::pin(self.app.institutions.notify_when_due(stop(surfaces_done.clone())));
        let pushing = Box::pin(self.push.run(&self.app.institutions, stop(surfaces_done)));
        let surfaces = async move {
            tokio::join!(listeners, linkage, maintenance, async move {
                shutdown.await;
                drop(running);
            });
            // All requests have recorded their journal entries by now.
            drop(surfaces_running);
        };
        tokio::join!(surfaces, journals, listening, following, notifying, pushing);
        self.app.institutions.shut_down().await;
    }
}

/// Maintains the store until `stop` completes.
async fn run_store_maintenance(institutions: Institutions, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    let mut interval = tokio::time::interval(STORE_PROBE_INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => return,
            _ = interval.tick() => {}
        }
        if institutions.maintain().await {
            interval.reset_immediately();
        }
    }
}

/// Activates fixtures that another process stored, until `stop` completes.
async fn sync_fixtures(app: Arc<App>, stop: impl Future<Output = ()>) {
    let following = async {
        loop {
            app.institutions.fixtures_changed().await;
            // The store logs its own failures.
            while app.sync_fixtures().await.is_err() {
                tokio::time::sleep(STORE_PROBE_INTERVAL).await;
            }
        }
    };
    tokio::select! {
        () = following => {}
        () = stop => {}
    }
}

/// How often the store is maintained.
const STORE_PROBE_INTERVAL: Duration = Duration::from_secs(1);

fn load_fixtures(config: &Config, wall: Timestamp) -> anyhow::Result<(Fixtures, Findings)> {
    let today = japan::civil(wall).date();
    let (fixtures, findings) = check_fixtures(match &config.fixtures {
        None => Fixtures::compiled_in(today),
        Some(dir) => Fixtures::from_dir(dir, today),
    });
    match fixtures {
        Some(fixtures) => Ok((fixtures, findings)),
        None => {
            let errors: Vec<String> = findings.errors.iter().map(ToString::to_string).collect();
            bail!("フィクスチャが正しくありません / the fixtures are wrong:\n{}", errors.join("\n"))
        }
    }
}

/// Warns if the only linkage folder is for a terminal that does not exist: the folder is not
/// read until someone creates it, so the id is probably mistyped.
async fn warn_of_unknown_terminal(config: &Config, institutions: &Institutions) -> anyhow::Result<()> {
    let Some(only) = config.linkage.as_ref().and_then(|location| location.only.as_ref()) else {
        return Ok(());
    };
    let there = institutions.read(&only.institution, |tenant, _| tenant.institution.terminals.contains_key(&only.terminal)).await?;
    if there != Some(true) {
        tracing::warn!(
            "--linkage-terminal {only}: この端末はまだありません。管理APIで作るまで、フォルダーは処理されません / there is no such terminal yet; the folder is left alone until the control API creates it"
        );
    }
    Ok(())
}

async fn listen(addr: SocketAddr, option: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(addr).await.with_context(|| {
        format!(
            "{addr} で待ち受けできません。使用中なら --{option} で別のポートを指定してください（0 で自動）\n\
             cannot listen on {addr}; where it is in use, choose another port with --{option} (0 picks a free one)"
        )
    })
}

/// Returns the URL of a listener on this machine.
fn url(addr: SocketAddr) -> String {
    let ip = match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("https://{}", SocketAddr::new(ip, addr.port()))
}

/// Returns the configured token, or the one in the certificates' directory, which is created if
/// it does not exist.
fn control_token(config: &Config) -> anyhow::Result<String> {
    if let Some(token) = &config.control_token {
        return Ok(token.clone());
    }
    let path = config.certs.join("control-token");
    if !path.exists() {
        make_token_file(&path, &hex::encode(random::bytes::<32>()))?;
    }
    let token = std::fs::read_to_string(&path).with_context(|| {
        format!("管理トークンのファイル {0} を読めません / the control token's file {0} cannot be read", path.display())
    })?;
    let token = token.trim().to_owned();
    if token.len() < 16 {
        bail!(
            "管理トークンのファイル {0} の内容が短すぎます。削除して起動し直してください / the token in the file {0} is too short: delete the file and start again",
            path.display()
        );
    }
    Ok(token)
}

/// Creates the token's file. If another start created it first, that token is kept.
fn make_token_file(path: &Path, token: &str) -> anyhow::Result<()> {
    match write_new(path, token.as_bytes(), Readers::Owner) {
        Err(_) if path.exists() => Ok(()),
        done => Ok(done?),
    }
}
