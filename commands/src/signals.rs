//! How the parts of a service wake each other. A signal is never the truth: whoever is woken reads the database, and
//! everyone also looks by itself now and then.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::database::Database;
use crate::event_store::EventStore;

/// The signals of one process.
#[derive(Default)]
pub(crate) struct Signals {
    /// Something was committed that has no position yet; for the sequencer.
    pub committed: Notify,
    /// Something was committed here; for whoever tells the sequencer of another process.
    pub unheard: Notify,
    pub heads: watch::Sender<u64>,
    /// Whether the sequencer of this process is the one that numbers.
    leads: AtomicBool,
}

impl Signals {
    /// Wakes the sequencer, wherever it is.
    pub fn committed(&self) {
        self.committed.notify_one();
        self.unheard.notify_one();
    }

    /// Wakes the readers of this process, unless they know already.
    pub fn publish(&self, head: u64) {
        // Looked at first, because a reader may be holding what it saw while this changes nothing.
        if head <= *self.heads.borrow() {
            return;
        }
        self.heads.send_if_modified(|known| {
            let newer = head > *known;
            *known = head.max(*known);
            newer
        });
    }

    pub fn leads(&self) -> bool {
        self.leads.load(Ordering::Relaxed)
    }

    pub fn set_leads(&self, leads: bool) {
        self.leads.store(leads, Ordering::Relaxed);
    }
}

/// Exchanges signals with the other processes of the service until shutdown. SQLite has no other processes.
pub async fn run(store: EventStore, shutdown: CancellationToken) {
    if let Database::Postgres(postgres) = &store.database {
        shutdown.run_until_cancelled(postgres.exchange_signals(&store.signals)).await;
    }
}
