//! The cache seam: what may be lost at any moment without losing anything.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use bytes::Bytes;
use url::Url;

/// The size of everything in the memory of one process.
const MAX_BYTES: u64 = 64 << 20;
/// What an entry costs beside its key and value, roughly.
const OVERHEAD_BYTES: usize = 128;

/// Where short-lived values are kept.
#[derive(Clone)]
pub enum Cache {
    /// In the memory of this process.
    Memory(Memory),
}

/// Values in the memory of this process; the least useful go when there is no room.
type Memory = moka::future::Cache<String, Entry>;

/// A value with its time to live.
#[derive(Clone)]
pub struct Entry {
    value: Bytes,
    ttl: Duration,
}

impl Cache {
    /// Opens the cache that a URL names: `memory:`.
    ///
    /// # Errors
    /// When the scheme is not supported.
    pub fn open(url: &Url) -> Result<Self> {
        match url.scheme() {
            "memory" => Ok(Self::Memory(memory())),
            other => bail!("the cache URL begins with '{other}:'; supported is memory:"),
        }
    }

    /// The value of a key, while it lives.
    pub async fn get(&self, key: &str) -> Option<Bytes> {
        let Self::Memory(memory) = self;
        memory.get(key).await.map(|entry| entry.value)
    }

    /// Gives a key a value for some time.
    pub async fn put(&self, key: impl Into<String>, value: Bytes, ttl: Duration) {
        let Self::Memory(memory) = self;
        memory.insert(key.into(), Entry { value, ttl }).await;
    }

    /// Ends the life of a key's value.
    pub async fn remove(&self, key: &str) {
        let Self::Memory(memory) = self;
        memory.invalidate(key).await;
    }
}

fn memory() -> Memory {
    moka::future::Cache::builder()
        .max_capacity(MAX_BYTES)
        .weigher(|key: &String, entry: &Entry| {
            u32::try_from(key.len() + entry.value.len() + OVERHEAD_BYTES).unwrap_or(u32::MAX)
        })
        .expire_after(TimeToLive)
        .build()
}

/// Each entry brings its own time to live.
struct TimeToLive;

impl moka::Expiry<String, Entry> for TimeToLive {
    fn expire_after_create(&self, _: &String, entry: &Entry, _: Instant) -> Option<Duration> {
        Some(entry.ttl)
    }

    fn expire_after_update(&self, _: &String, entry: &Entry, _: Instant, _: Option<Duration>) -> Option<Duration> {
        Some(entry.ttl)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn the_memory_is_a_cache() {
        conforms(&Cache::open(&"memory:".parse().unwrap()).unwrap()).await;
    }

    #[test]
    fn says_what_is_supported() {
        let error = Cache::open(&"memcached://host".parse().unwrap()).err().unwrap();
        assert!(error.to_string().contains("supported is memory:"));
    }

    #[tokio::test]
    async fn the_memory_has_an_end() {
        let cache = Cache::open(&"memory:".parse().unwrap()).unwrap();
        let value = Bytes::from(vec![0; 8 << 20]);
        for key in 0..16 {
            cache.put(key.to_string(), value.clone(), LONG).await;
        }
        let Cache::Memory(memory) = &cache;
        memory.run_pending_tasks().await;
        assert!(memory.weighted_size() <= MAX_BYTES);
    }

    /// What every cache does.
    async fn conforms(cache: &Cache) {
        assert_eq!(cache.get("a").await, None);

        cache.put("a", Bytes::from_static(b"1"), LONG).await;
        cache.put("b", Bytes::from_static(b"2"), LONG).await;
        assert_eq!(cache.get("a").await.as_deref(), Some(&b"1"[..]));

        cache.put("a", Bytes::from_static(b"3"), LONG).await;
        assert_eq!(cache.get("a").await.as_deref(), Some(&b"3"[..]));

        cache.remove("a").await;
        assert_eq!(cache.get("a").await, None);
        assert_eq!(cache.get("b").await.as_deref(), Some(&b"2"[..]));

        cache.put("b", Bytes::from_static(b"4"), Duration::ZERO).await;
        assert_eq!(cache.get("b").await, None, "a value ends with its time to live");
    }
}
