//! A PostgreSQL cluster of a test's own: from the machine's packages, of an unprivileged user, on a
//! free port, gone with the test.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

use crate::support::eventually::eventually;

/// A cluster that runs.
pub(crate) struct Cluster {
    dir: TempDir,
    port: u16,
    server: Option<Child>,
}

impl Cluster {
    /// Makes one and starts it.
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        if is_root() {
            let owned = Command::new("chown").args(["postgres:postgres", dir.path().to_str().unwrap()]).status().unwrap();
            assert!(owned.success(), "a user postgres is needed, as Debian's package makes it");
        }
        let made = program("initdb")
            .args(["--username=onshi", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", "--pgdata"])
            .arg(dir.path().join("data"))
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut cluster = Self { port: free.local_addr().unwrap().port(), dir, server: None };
        drop(free);
        cluster.start_again().await;
        cluster
    }

    /// Starts it where it was stopped, and waits until it answers.
    pub(crate) async fn start_again(&mut self) {
        let data = self.dir.path().join("data");
        let settings = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off"];
        let mut server = program("postgres");
        server.arg("-D").arg(data).args(["-p", &self.port.to_string()]).args(settings);
        self.server = Some(server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        eventually("an answer of PostgreSQL", async || PgConnection::connect(&self.url("postgres")).await.map(drop)).await;
    }

    /// Stops it at once: every connection breaks.
    pub(crate) fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            // SIGQUIT: the server's own word for an immediate shutdown.
            let told = Command::new("kill").args(["-QUIT", &server.id().to_string()]).status().unwrap();
            assert!(told.success());
            server.wait().unwrap();
        }
    }

    /// Kills all its processes: nothing is written or said any more.
    #[cfg(unix)]
    pub(crate) fn kill(&mut self) {
        self.signal("KILL");
        self.server.take().unwrap().wait().unwrap();
    }

    /// Sends a signal to all its processes, the first of them first.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let server = self.server.as_ref().unwrap().id().to_string();
        let children = Command::new("pgrep").args(["--parent", &server]).output().unwrap();
        let children = String::from_utf8(children.stdout).unwrap();
        for process in std::iter::once(&*server).chain(children.lines()) {
            // A connection may have ended meanwhile.
            let sent = Command::new("kill").args([&format!("-{name}"), process]).stderr(Stdio::null()).status().unwrap();
            assert!(sent.success() || process != server);
        }
    }

    /// A new database, and its address.
    pub(crate) async fn database(&self, name: &str) -> String {
        let mut connection = PgConnection::connect(&self.url("postgres")).await.unwrap();
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::query(create).execute(&mut connection).await.unwrap();
        self.url(name)
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://onshi@127.0.0.1:{}/{database}", self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
    }
}

/// One of PostgreSQL's programs, of the newest version there is; it refuses to run as root.
fn program(name: &str) -> Command {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = versions.map(|version| version.path().join("bin").join(name)).filter(|path| path.exists()).max();
    let path = found.unwrap_or_else(|| PathBuf::from(name));
    if !is_root() {
        return Command::new(path);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(path).current_dir("/");
    command
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    output.stdout.trim_ascii() == b"0"
}
