//! What our exchanges and queues are called.

use std::fmt;

use anyhow::{Result, ensure};

/// The names of our exchanges and queues.
#[derive(Clone)]
pub(super) struct BrokerNames(String);

impl BrokerNames {
    /// Names that begin with a prefix.
    pub fn new(prefix: &str) -> Result<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        ensure!(
            !prefix.is_empty() && prefix.len() <= 100 && prefix.chars().all(plain),
            "'{prefix}' is no prefix of names"
        );
        Ok(Self(prefix.to_owned()))
    }

    pub fn events(&self) -> String {
        self.of("events")
    }

    pub fn refill(&self) -> String {
        self.of("refill")
    }

    pub fn replay(&self) -> String {
        self.of("replay")
    }

    pub fn unrouted(&self) -> String {
        self.of("unrouted")
    }

    /// The exchange of messages that the broker gives up on.
    pub fn dead(&self) -> String {
        self.of("dead")
    }

    /// The queue behind that exchange.
    pub fn dead_letters(&self) -> String {
        self.of("parked")
    }

    /// The queue of a consumer.
    pub fn queue(&self, consumer: &str) -> String {
        self.of(consumer)
    }

    /// The consumer of a queue.
    pub fn consumer<'a>(&self, queue: &'a str) -> Option<&'a str> {
        queue.strip_prefix(&self.0)?.strip_prefix('.')
    }

    fn of(&self, name: &str) -> String {
        format!("{}.{name}", self.0)
    }
}

impl fmt::Display for BrokerNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
