//! Where the consumers of this process stand that read the log themselves.

use tokio::sync::watch;

/// The position of each consumer.
#[derive(Clone, Default)]
pub struct Positions(Vec<(&'static str, watch::Receiver<u64>)>);

impl Positions {
    /// Adds a consumer that tells where it stands.
    pub(crate) fn add(&mut self, name: &'static str, position: watch::Receiver<u64>) {
        self.0.push((name, position));
    }

    /// The name and position of each consumer.
    pub fn now(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(name, position)| (*name, *position.borrow()))
    }
}
