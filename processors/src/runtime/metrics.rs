//! How long the consumers of this process take for events, for a monitoring system.

use std::future::Future;
use std::time::Instant;

use anyhow::Result;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// The attempts at events, by consumer and by how they ended.
#[derive(Clone)]
pub struct Attempts(Family<AttemptLabels, Histogram, fn() -> Histogram>);

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AttemptLabels {
    consumer: &'static str,
    outcome: &'static str,
}

impl Default for Attempts {
    fn default() -> Self {
        // From a millisecond to four minutes.
        Self(Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.001, 4.0, 10))))
    }
}

impl Attempts {
    /// Adds them to what is told.
    pub fn register(&self, registry: &mut Registry) {
        let help = "How long consumers took for an event, each attempt by itself";
        registry.register_with_unit("event_duration", help, Unit::Seconds, self.0.clone());
    }

    /// Counts an attempt at an event.
    pub(crate) async fn measure(
        &self,
        consumer: &'static str,
        attempt: impl Future<Output = Result<()>>,
    ) -> Result<()> {
        let start = Instant::now();
        let ended = attempt.await;
        let outcome = if ended.is_ok() { "handled" } else { "failed" };
        self.0.get_or_create(&AttemptLabels { consumer, outcome }).observe(start.elapsed().as_secs_f64());
        ended
    }
}
