//! A PostgreSQL that hangs, that is killed, and that takes no more connections.

use sqlx::{Connection, PgConnection};

use super::running::Running;
use crate::store::postgres::Cluster;

#[ignore = "nightly: waits for time-outs"]
#[tokio::test]
async fn a_postgresql_that_hangs() {
    let (dir, cluster) = (tempfile::tempdir().unwrap(), Cluster::start().await);
    let store = cluster.database("hanging").await;
    let options = ["--store", &*store];
    let mut running = Running::start(dir.path(), &[], &options);
    running.change().await.unwrap();
    for round in 1..=3 {
        cluster.signal("STOP");
        let reason = running.is_not_ready().await;
        assert!(reason.contains("データベース"), "{reason}");
        assert_eq!(running.change_until_refused().await, 0, "at once");
        assert_eq!(running.check().await, "MOCK0009E");
        cluster.signal("CONT");
        running.is_ready().await;
        running.has_all(&format!("round {round}")).await;
        running.change().await.unwrap();
        assert_eq!(running.check().await, "1");
    }
    let running = running.kill_and_start(dir.path(), &[], &options);
    running.has_all("after a SIGKILL").await;
}

#[ignore = "nightly: ten recoveries of PostgreSQL"]
#[tokio::test]
async fn a_postgresql_that_is_killed() {
    let (dir, mut cluster) = (tempfile::tempdir().unwrap(), Cluster::start().await);
    let store = cluster.database("killed").await;
    let mut running = Running::start(dir.path(), &[], &["--store", &store]);
    for round in 1..=10 {
        let before = running.changes();
        while running.changes() < before + 20 {
            running.change().await.unwrap();
        }
        cluster.kill();
        assert_eq!(running.change_until_refused().await, 0, "at once");
        running.is_not_ready().await;
        assert_eq!(running.check().await, "MOCK0009E");
        cluster.start_again().await;
        running.is_ready().await;
        running.has_all(&format!("round {round}")).await;
    }
}

#[ignore = "nightly: waits for time-outs"]
#[tokio::test]
async fn a_postgresql_without_free_connections() {
    let (dir, cluster) = (tempfile::tempdir().unwrap(), Cluster::start().await);
    let store = cluster.database("exhausted").await;
    let mut running = Running::start(dir.path(), &[], &["--store", &store]);
    running.change().await.unwrap();
    let mut held = Vec::new();
    let mut own = PgConnection::connect(&store).await.unwrap();
    // Others take all, also those that the server had.
    loop {
        while let Ok(connection) = PgConnection::connect(&store).await {
            held.push(connection);
        }
        let left = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                    WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND client_port <> ALL($1)";
        let mut ports = Vec::new();
        for connection in &mut held {
            ports.push(sqlx::query_scalar::<_, i32>("SELECT inet_client_port()").fetch_one(connection).await.unwrap());
        }
        if sqlx::query_scalar::<_, i64>(left).bind(&ports).fetch_one(&mut own).await.unwrap() == 0 {
            break;
        }
    }
    let reason = running.is_not_ready().await;
    assert!(reason.contains("データベース"), "{reason}");
    assert_eq!(running.change_until_refused().await, 0, "at once");
    assert_eq!(running.check().await, "MOCK0009E");
    for connection in held {
        connection.close().await.unwrap();
    }
    running.is_ready().await;
    running.change().await.unwrap();
    running.has_all("when there are connections again").await;
}
