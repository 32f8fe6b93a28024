//! Bodies that faults change: cut off, sent slowly, followed by silence, or altered. All are
//! streams without a known length, so that the `Content-Length` header is sent as it was set.

use std::io;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};

/// Cuts the body off after this number of bytes.
pub(super) fn cut_after(whole: Body, after: u64) -> Body {
    Body::from_stream(stream::unfold(Some((whole.into_data_stream(), after)), async |state| {
        let (mut rest, left) = state?;
        let Some(slice) = next(&mut rest).await.filter(|_| left > 0) else {
            // Yields once, so that the bytes before the cut are sent.
            tokio::task::yield_now().await;
            return Some((Err(io::Error::other("cut off by a fault")), None));
        };
        let slice = slice.map(|slice| slice.slice(..slice.len().min(usize::try_from(left).unwrap_or(usize::MAX))));
        let left = left.saturating_sub(slice.as_ref().map_or(0, |slice| slice.len() as u64));
        Some((slice, Some((rest, left))))
    }))
}

/// Sends the body in pieces of this number of bytes, with a pause between them.
pub(super) fn drip(whole: Body, bytes: u64, every: Duration) -> Body {
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    let start = (whole.into_data_stream(), Bytes::new(), false);
    Body::from_stream(stream::unfold(start, move |(mut rest, mut slice, begun)| async move {
        if slice.is_empty() {
            match next(&mut rest).await? {
                Ok(more) => slice = more,
                Err(error) => return Some((Err(error), (rest, Bytes::new(), begun))),
            }
        }
        if begun {
            tokio::time::sleep(every).await;
        }
        let drop = slice.split_to(bytes.min(slice.len()));
        Some((Ok(drop), (rest, slice, true)))
    }))
}

/// Keeps the body open for this long after its last byte, without sending more.
pub(super) fn stall_at_end(whole: Body, silence: Duration) -> Body {
    let end = stream::once(async move {
        tokio::time::sleep(silence).await;
        Ok(Bytes::new())
    });
    Body::from_stream(whole.into_data_stream().chain(end))
}

/// Changes the first byte of the body. In a multipart body this is the first byte after the header
/// lines of the first part.
pub(super) fn alter(whole: Body, has_parts: bool) -> Body {
    let at = usize::from(has_parts);
    let slices = whole.into_data_stream().enumerate();
    Body::from_stream(slices.map(move |(i, slice)| if i == at { slice.map(other) } else { slice }))
}

/// Returns the next slice that is not empty.
async fn next(rest: &mut BodyDataStream) -> Option<io::Result<Bytes>> {
    loop {
        match rest.next().await?.map_err(io::Error::other) {
            Ok(slice) if slice.is_empty() => {}
            slice => return Some(slice),
        }
    }
}

fn other(slice: Bytes) -> Bytes {
    let mut slice = BytesMut::from(slice);
    if let Some(first) = slice.first_mut() {
        *first ^= 0xff;
    }
    slice.freeze()
}
