//! The cache seam: what may be lost at any moment without losing anything.

mod redis;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use bytes::Bytes;
use url::Url;

use redis::Redis;

/// The size of everything in the memory of one process.
const MAX_BYTES: u64 = 64 << 20;
/// What an entry costs beside its key and value, roughly.
const OVERHEAD_BYTES: usize = 128;

/// Where short-lived values are kept.
#[derive(Clone)]
pub enum Cache {
    /// In the memory of this process.
    Memory(Memory),
    /// In Redis, shared by several processes.
    Redis(Redis),
}

/// Values in the memory of this process; the least useful go when there is no room.
type Memory = moka::future::Cache<String, CacheEntry>;

/// A value with its time to live.
#[derive(Clone)]
pub struct CacheEntry {
    value: Bytes,
    ttl: Duration,
}

impl Cache {
    /// Opens the cache that a URL names: `memory:` or `redis://host:6379/0`. Redis need not be there.
    ///
    /// # Errors
    /// When the scheme is not supported.
    pub fn open(url: &Url) -> Result<Self> {
        match url.scheme() {
            "memory" => Ok(Self::Memory(memory())),
            "redis" | "rediss" => Ok(Self::Redis(Redis::open(url)?)),
            other => bail!("the cache URL begins with '{other}:'; supported are memory: and redis:"),
        }
    }

    /// The value of a key, while it lives.
    pub async fn get(&self, key: &str) -> Option<Bytes> {
        match self {
            Self::Memory(memory) => memory.get(key).await.map(|entry| entry.value),
            Self::Redis(redis) => redis.get(key).await,
        }
    }

    /// Gives a key a value for some time.
    pub async fn put(&self, key: impl Into<String>, value: Bytes, ttl: Duration) {
        match self {
            Self::Memory(memory) => memory.insert(key.into(), CacheEntry { value, ttl }).await,
            Self::Redis(redis) => redis.put(&key.into(), &value, ttl).await,
        }
    }

    /// Ends the life of a key's value.
    pub async fn remove(&self, key: &str) {
        match self {
            Self::Memory(memory) => memory.invalidate(key).await,
            Self::Redis(redis) => redis.remove(key).await,
        }
    }

    /// Whether the cache can be reached. Without it everything goes on, only slower.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn check(&self) -> Result<()> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Redis(redis) => redis.check().await,
        }
    }
}

fn memory() -> Memory {
    moka::future::Cache::builder()
        .max_capacity(MAX_BYTES)
        .weigher(|key: &String, entry: &CacheEntry| {
            u32::try_from(key.len() + entry.value.len() + OVERHEAD_BYTES).unwrap_or(u32::MAX)
        })
        .expire_after(TimeToLive)
        .build()
}

/// Each entry brings its own time to live.
struct TimeToLive;

impl moka::Expiry<String, CacheEntry> for TimeToLive {
    fn expire_after_create(&self, _: &String, entry: &CacheEntry, _: Instant) -> Option<Duration> {
        Some(entry.ttl)
    }

    fn expire_after_update(&self, _: &String, entry: &CacheEntry, _: Instant, _: Option<Duration>) -> Option<Duration> {
        Some(entry.ttl)
    }
}

#[cfg(test)]
mod tests {
    use migrations::testing::{fresh_name, server_url};

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn the_memory_is_a_cache() {
        conforms(&Cache::open(&"memory:".parse().unwrap()).unwrap()).await;
    }

    #[tokio::test]
    async fn redis_is_a_cache() {
        let mut url = server_url("DATACORE_CACHE_URL", "redis");
        url.query_pairs_mut().append_pair("prefix", &fresh_name());
        let cache = Cache::open(&url).unwrap();
        cache.check().await.unwrap();
        conforms(&cache).await;
    }

    #[tokio::test]
    async fn a_redis_that_is_away_is_an_empty_cache_that_keeps_nobody_waiting() {
        let cache = Cache::open(&"redis://127.0.0.1:1/0".parse().unwrap()).unwrap();
        let start = Instant::now();
        for _ in 0..1_000 {
            cache.put("a", Bytes::from_static(b"1"), LONG).await;
            assert_eq!(cache.get("a").await, None);
        }
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
        assert!(cache.check().await.is_err());
    }

    #[test]
    fn says_what_is_supported() {
        let error = Cache::open(&"memcached://host".parse().unwrap()).err().unwrap();
        assert!(error.to_string().contains("supported are memory: and redis:"));
    }

    #[tokio::test]
    async fn the_memory_has_an_end() {
        let cache = Cache::open(&"memory:".parse().unwrap()).unwrap();
        let value = Bytes::from(vec![0; 8 << 20]);
        for key in 0..16 {
            cache.put(key.to_string(), value.clone(), LONG).await;
        }
        let Cache::Memory(memory) = &cache else { panic!("it is the memory") };
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
