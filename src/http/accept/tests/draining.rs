//! Tests of open connections when the server stops.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::{sync::Notify, task::yield_now};

use super::*;

/// A route that signals when it is called, waits for its release, and counts the calls that are
/// still running.
#[derive(Default)]
struct Slow {
    reached: Notify,
    release: Notify,
    inside: AtomicUsize,
}

struct Inside(Arc<Slow>);

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Ordering::SeqCst);
    }
}

fn slow() -> (Arc<Slow>, Router) {
    let slow = Arc::new(Slow::default());
    let inside = Arc::clone(&slow);
    let handler = move || {
        let slow = Arc::clone(&inside);
        async move {
            slow.inside.fetch_add(1, Ordering::SeqCst);
            let _inside = Inside(Arc::clone(&slow));
            slow.reached.notify_one();
            slow.release.notified().await;
            "at last".into_response()
        }
    };
    (slow, Router::new().route("/slow", get(handler)))
}

#[tokio::test]
async fn a_request_under_way_is_finished_while_the_server_stops() {
    let (slow, router) = slow();
    let long = 2 * TIMEOUT;
    let mut server =
        Server::start(router, Limits { handshake_timeout: long, header_timeout: long, grace: long, ..Limits::default() }).await;
    let mut idle = server.connect().await;
    let mut silent = server.connect_bare().await.unwrap();
    let mut open_request = server.connect().await;
    open_request.write_all(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    timeout(TIMEOUT, slow.reached.notified()).await.expect("the request arrives");

    server.stop();
    wait_until_closed(&mut silent).await;
    wait_until_closed(&mut idle).await;
    drop((silent, idle));
    assert!(server.connect_bare().await.is_err(), "the listener is gone");
    slow.release.notify_one();
    let text = text(&mut open_request).await;
    assert!(text.starts_with("HTTP/1.1 200 ") && text.ends_with("at last"), "{text}");
    drop(open_request);
    server.ended().await;
}

#[tokio::test]
async fn a_request_that_never_ends_is_dropped_after_the_grace_period() {
    for alpn in ["h2", "http/1.1"] {
        let (slow, router) = slow();
        let mut server = Server::start(router, Limits { grace: SHORT, ..Limits::default() }).await;
        let client = server.library_client(alpn);
        let open_request = tokio::spawn(client.get(format!("https://localhost:{}/slow", server.address.port())).send());
        timeout(TIMEOUT, slow.reached.notified()).await.expect("the request arrives");

        let stopped = Instant::now();
        server.stop();
        server.ended().await;
        assert!(stopped.elapsed() >= SHORT && stopped.elapsed() < SHORT + Duration::from_secs(2), "{alpn}: {:?}", stopped.elapsed());
        timeout(TIMEOUT, open_request).await.unwrap().unwrap().unwrap_err();
        let left = async {
            while slow.inside.load(Ordering::SeqCst) > 0 {
                yield_now().await
            }
        };
        timeout(TIMEOUT, left).await.expect("the handler is dropped with its connection");
    }
}

#[tokio::test]
async fn a_lingering_close_does_not_outlast_the_grace_period() {
    let mut server = Server::start(hello_router(), Limits { grace: SHORT, ..Limits::default() }).await;
    let mut stream = server.connect().await;
    stream.write_all(request("/").as_bytes()).await.unwrap();
    assert!(text(&mut stream).await.ends_with("hello"));

    // The client keeps its side of the connection open, so the server still lingers.
    let stopped = Instant::now();
    server.stop();
    server.ended().await;
    assert!(stopped.elapsed() < SHORT + Duration::from_secs(1), "{:?}", stopped.elapsed());
    drop(stream);
}
