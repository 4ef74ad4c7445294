//! The cache in Redis, which several processes share. Redis may be away at any moment: the cache is empty then, which
//! is logged once, and Redis is asked again after a pause. Nothing fails and nothing waits for it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, FromRedisValue, RedisError, cmd};
use tracing::{info, warn};
use url::Url;

/// How long to wait for an answer; what is cached can be had elsewhere in less.
const WITHIN: Duration = Duration::from_millis(250);
/// How long Redis is left alone after it failed.
const PAUSE: Duration = Duration::from_secs(1);
/// Begins every key, unless the URL says `?prefix=`.
const PREFIX: &str = "datacore";

/// A Redis server.
#[derive(Clone)]
pub struct Redis {
    connection: ConnectionManager,
    prefix: Arc<str>,
    outage: Arc<Outage>,
}

impl Redis {
    /// Names a server, without connecting to it.
    pub(super) fn open(url: &Url) -> Result<Self> {
        let given = url.query_pairs().find(|(key, _)| key == "prefix").map(|(_, value)| value.into_owned());
        let mut server = url.clone();
        let others = url.query_pairs().filter(|(key, _)| key != "prefix");
        server.query_pairs_mut().clear().extend_pairs(others);
        let client = Client::open(server).context("reading the cache URL")?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(WITHIN))
            .set_response_timeout(Some(WITHIN))
            .set_number_of_retries(0);
        Ok(Self {
            connection: ConnectionManager::new_lazy_with_config(client, config)?,
            prefix: given.unwrap_or_else(|| PREFIX.into()).into(),
            outage: Arc::default(),
        })
    }

    pub(super) async fn get(&self, key: &str) -> Option<Bytes> {
        let value: Option<Vec<u8>> = self.ask(cmd("GET").arg(self.key(key))).await?;
        value.map(Bytes::from)
    }

    pub(super) async fn put(&self, key: &str, value: &Bytes, ttl: Duration) {
        let Ok(ttl @ 1..) = u64::try_from(ttl.as_millis()) else { return self.remove(key).await };
        self.ask::<()>(cmd("SET").arg(self.key(key)).arg(&value[..]).arg("PX").arg(ttl)).await;
    }

    pub(super) async fn remove(&self, key: &str) {
        self.ask::<()>(cmd("DEL").arg(self.key(key))).await;
    }

    pub(super) async fn check(&self) -> Result<()> {
        let answer = cmd("PING").query_async::<()>(&mut self.connection.clone()).await;
        self.outage.note(&answer);
        answer.context("Redis does not answer")
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Option<T> {
        if !self.outage.may_ask() {
            return None;
        }
        let answer = command.query_async(&mut self.connection.clone()).await;
        self.outage.note(&answer);
        answer.ok()
    }

    fn key(&self, key: &str) -> String {
        format!("{}/{key}", self.prefix)
    }
}

/// Since when Redis is away, in the form of when to ask it again.
#[derive(Default)]
struct Outage(Mutex<Option<Instant>>);

impl Outage {
    /// Whether to ask; during an outage only one request in a pause finds out whether it is over.
    fn may_ask(&self) -> bool {
        let mut ask_again = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *ask_again {
            Some(at) if Instant::now() < at => false,
            Some(_) => {
                *ask_again = Some(Instant::now() + PAUSE);
                true
            }
            None => true,
        }
    }

    /// Learns from an answer; only the first failure and the first success after it are logged.
    fn note<T>(&self, answer: &Result<T, RedisError>) {
        let mut ask_again = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let was_away = ask_again.is_some();
        *ask_again = answer.is_err().then(|| Instant::now() + PAUSE);
        match answer {
            Ok(_) if was_away => info!("Redis answers again; answers are cached"),
            Err(error) if !was_away => warn!(%error, "Redis does not answer; the service goes on without a cache"),
            _ => {}
        }
    }
}
