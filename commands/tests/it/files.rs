//! What every place for files promises.

use std::convert::Infallible;
use std::future::pending;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use commands::{Files, ReceiveError, Received};
use domain::CustomerId;
use futures::{FutureExt, Stream, StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub const CUSTOMER: CustomerId = CustomerId(Uuid::from_u128(7));
const MIB: usize = 1 << 20;

/// What was received is given back, to threads and to streams.
pub async fn gives_back_what_it_received(files: &Files) {
    let content: Vec<u8> = (0..3 * MIB + 17).map(|index| (index % 251) as u8).collect();
    let received = receive(files, chunks(&content, 70_001)).await.unwrap();
    assert_eq!(received.sha256, <[u8; 32]>::from(Sha256::digest(&content)));
    assert_eq!(received.size_bytes, content.len() as u64);
    assert!(read(files, &received.location) == content);
    let (size_bytes, bytes) = files.stream(&received.location).await.unwrap();
    let streamed = bytes.try_fold(vec![], |all: Vec<u8>, chunk| async move { Ok([&all[..], &chunk[..]].concat()) });
    assert_eq!(size_bytes, content.len() as u64);
    assert!(streamed.await.unwrap() == content);
}

/// The same content twice at the same moment makes two files of their own.
pub async fn the_same_content_twice_makes_two_files(files: &Files) {
    let (one, other) = tokio::join!(receive(files, chunks(b"a,b\n", 1)), receive(files, chunks(b"a,b\n", 3)));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.sha256, other.sha256);
    assert_ne!(one.location, other.location);
    files.delete(&one.location).await.unwrap();
    files.delete(&one.location).await.unwrap();
    assert!(files.reader(&one.location).is_err());
    assert!(files.stream(&one.location).await.is_err());
    assert_eq!(read(files, &other.location), b"a,b\n");
}

/// An empty, too long or broken stream is refused.
pub async fn refuses_what_is_empty_too_long_or_broken(files: &Files) {
    assert!(matches!(receive(files, chunks(b"", 1)).await, Err(ReceiveError::Empty)));
    let limited = |max| files.receive(CUSTOMER, chunks(b"12345", 2), max);
    assert_eq!(limited(5).await.unwrap().size_bytes, 5);
    assert!(matches!(limited(4).await, Err(ReceiveError::TooLarge { max: 4 })));
    let broken = stream::iter([Ok(Bytes::from_static(b"123")), Err("hung up")]);
    assert!(matches!(files.receive(CUSTOMER, broken, 100).await, Err(ReceiveError::Source("hung up"))));
}

/// An upload whose sender goes away stops where it is.
pub async fn stops_when_it_is_cancelled(files: &Files) {
    let sent =
        stream::iter([Ok::<_, Infallible>(Bytes::from(vec![1; 2 * MIB]))]).chain(stream::once(pending()).boxed());
    let mut receiving = Box::pin(files.receive(CUSTOMER, sent, u64::MAX));
    let second = std::time::Duration::from_secs(1);
    assert!(tokio::time::timeout(second / 10, &mut receiving).await.is_err());
    assert!(receiving.now_or_never().is_none());
}

/// However long the stream is, at most a few of its chunks are alive.
pub async fn holds_only_a_few_chunks(files: &Files) {
    let alive = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let chunks = (0..100).map({
        let most = most.clone();
        move |_| {
            most.fetch_max(alive.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            Ok::<_, Infallible>(Bytes::from_owner(Chunk { bytes: vec![7; MIB], alive: alive.clone() }))
        }
    });
    let received = files.receive(CUSTOMER, stream::iter(chunks), u64::MAX).await.unwrap();
    assert_eq!(received.size_bytes, 100 * MIB as u64);
    assert!(most.load(Ordering::SeqCst) <= 2, "{most:?} chunks were alive at once");
}

/// Nothing but the location of a file is taken as one.
pub async fn no_location_leads_out(files: &Files) {
    let received = receive(files, chunks(b"a,b\n", 9)).await.unwrap();
    let outside = format!("{CUSTOMER}/../{}", received.location);
    for location in ["", "/etc/passwd", "../events.sqlite", "incoming/x", &outside, &received.location[1..]] {
        assert!(files.reader(location).is_err(), "{location}");
        assert!(files.stream(location).await.is_err(), "{location}");
        assert!(files.delete(location).await.is_err(), "{location}");
    }
}

struct Chunk {
    bytes: Vec<u8>,
    alive: Arc<AtomicUsize>,
}

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

pub fn chunks(content: &[u8], size: usize) -> impl Stream<Item = Result<Bytes, Infallible>> + Unpin + use<> {
    stream::iter(content.chunks(size).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect::<Vec<_>>())
}

pub async fn receive(
    files: &Files,
    bytes: impl Stream<Item = Result<Bytes, Infallible>> + Unpin,
) -> Result<Received, ReceiveError<Infallible>> {
    files.receive(CUSTOMER, bytes, u64::MAX).await
}

fn read(files: &Files, location: &str) -> Vec<u8> {
    let mut content = vec![];
    files.reader(location).unwrap().read_to_end(&mut content).unwrap();
    content
}
