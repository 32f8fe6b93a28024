//! Bodies that are not complete, and responses that nobody reads, up to the limit of an address.

use super::*;

/// The size of a response that a client's and the server's buffers cannot hold.
const UNREAD: usize = 16 * 1024 * 1024;

/// Sends the length of each piece of a body as it arrives, then responds with the whole length.
fn reading_router(read: mpsc::UnboundedSender<usize>) -> Router {
    let length = move |body: Body| {
        let read = read.clone();
        async move {
            let (mut body, mut held) = (body.into_data_stream(), Vec::new());
            while let Some(Ok(bytes)) = body.next().await {
                read.send(bytes.len()).unwrap();
                held.push(bytes);
            }
            held.concat().len().to_string()
        }
    };
    Router::new().route("/", post(length))
}

async fn begin(server: &Server, announced: usize, sent: usize) -> TlsStream<TcpStream> {
    let mut stream = server.connect().await;
    let head = format!("POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {announced}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![b'x'; sent]).await.unwrap();
    stream.flush().await.unwrap();
    stream
}

#[tokio::test]
async fn a_body_waits_until_incomplete_ones_are_gone_and_a_small_one_does_not() {
    let (read, mut reads) = mpsc::unbounded_channel();
    let limits = Limits { max_body_bytes_per_address: 64 * 1024, ..Limits::default() };
    let server = Server::start(reading_router(read), limits).await;
    let incomplete = begin(&server, 100_000, 60_000).await;
    let mut length = 0;
    while length < 60_000 {
        length += timeout(TIMEOUT, reads.recv()).await.unwrap().unwrap();
    }
    let mut waiting = begin(&server, 60_000, 60_000).await;
    let mut small = begin(&server, 1_000, 1_000).await;
    assert!(text(&mut small).await.ends_with("1000"));
    timeout(SHORT, waiting.read_u8()).await.expect_err("there is no room for it yet");
    drop(incomplete);
    assert!(text(&mut waiting).await.ends_with("60000"));
}

#[tokio::test]
async fn with_unread_responses_up_to_the_limit_a_large_one_is_refused_and_a_small_one_is_not() {
    let large = Router::new().route("/large", get(|| async { "x".repeat(UNREAD) })).route("/", get(|| async { "hello" }));
    for limits in [
        Limits { max_body_bytes_per_address: UNREAD * 3 / 2, ..Limits::default() },
        Limits { max_body_bytes: UNREAD * 3 / 2, ..Limits::default() },
    ] {
        let server = Server::start(large.clone(), limits).await;
        let mut unread = server.connect().await;
        unread.write_all(request("/large").as_bytes()).await.unwrap();
        unread.read_u8().await.unwrap();
        let refused = server.ask("/large").await;
        assert!(refused.starts_with("HTTP/1.1 503 ") && refused.to_lowercase().contains("\r\nretry-after: 1\r\n"), "{refused}");
        assert!(refused.contains("読み取られていない応答") && refused.contains("unread"), "{refused}");
        assert!(server.ask("/").await.ends_with("hello"));
        assert!(text(&mut unread).await.ends_with('x'));
        let served = async { while !server.ask("/large").await.starts_with("HTTP/1.1 200 ") {} };
        timeout(TIMEOUT, served).await.expect("there is room again");
    }
}
