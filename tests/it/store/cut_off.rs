//! Operations that are cut off at any point: no later change of the same connection is lost.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use onshi_mock::store::{Record, RowLookup, Store, Target};

use crate::store::postgres::Cluster;

/// Polls a future at most so many times, then drops it. Returns whether it was cut off.
async fn cut_off(future: impl Future, polls: u32) -> bool {
    let (mut future, mut polled) = (pin!(future), 0);
    std::future::poll_fn(|context| {
        polled += 1;
        match future.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(false),
            Poll::Pending if polled == polls => Poll::Ready(true),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

async fn no_change_after_one_that_was_cut_off_is_lost(store: &Store, other: &Store) {
    let record = Record { body: Some("kept".to_owned()), expires: None, login: "user".to_owned(), terminals: "T1".to_owned() };
    let mut cuts = 0;
    for round in 0..10 {
        for polls in 1.. {
            let cut = format!("cut {round} {polls}");
            // With a new generation, the change is a transaction of several statements.
            if !cut_off(store.save(&cut, None, 1, &record, true, &[]), polls).await {
                break;
            }
            cuts += 1;
            // Several, so that the connection of the one that was cut off is among theirs.
            for number in 1..=4 {
                let code = format!("kept {round} {polls} {number}");
                assert!(store.save(&code, None, 1, &record, false, &[]).await.unwrap());
                let found = other.find(&code, None).await.unwrap();
                assert!(matches!(found, RowLookup::Other(_)), "acknowledged, and lost, after one cut off at poll {polls}");
            }
        }
    }
    assert!(cuts > 0, "nothing was cut off");
}

#[cfg_attr(windows, ignore = "the cluster is made from Debian's packages")]
#[tokio::test]
async fn on_postgresql() {
    let cluster = Cluster::start().await;
    let target = Target::Postgres(cluster.database("cut").await);
    let (store, other) = (Store::open(&target).await.unwrap(), Store::open(&target).await.unwrap());
    no_change_after_one_that_was_cut_off_is_lost(&store, &other).await;
}

#[tokio::test]
async fn on_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    let target = Target::Sqlite(dir.path().join("cut.db"));
    let store = Store::open(&target).await.unwrap();
    no_change_after_one_that_was_cut_off_is_lost(&store, &store).await;
    store.close().await;
    drop(store);
    let again = Store::open(&target).await.unwrap();
    let found = again.find("kept 0 1 1", None).await.unwrap();
    assert!(matches!(found, RowLookup::Other(_)), "after another start");
}
