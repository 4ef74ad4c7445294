//! How the parts of a service wake each other. A wake-up is never the truth: whoever is woken reads the database, and
//! everyone also looks by itself now and then.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Notify, watch};

/// The wake-ups of one process.
#[derive(Default)]
pub(crate) struct Wakeups {
    /// Something was committed that has no position yet; for the sequencer.
    pub committed: Notify,
    /// Something was committed here; for whoever tells the sequencer of another process.
    pub unheard: Notify,
    pub heads: watch::Sender<u64>,
    /// Whether the sequencer of this process is the one that numbers.
    leads: AtomicBool,
}

impl Wakeups {
    /// Wakes the sequencer, wherever it is.
    pub(crate) fn committed(&self) {
        self.committed.notify_one();
        self.unheard.notify_one();
    }

    /// Wakes the readers of this process, unless they know already.
    pub(crate) fn publish(&self, head: u64) {
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

    pub(crate) fn leads(&self) -> bool {
        self.leads.load(Ordering::Relaxed)
    }

    pub(crate) fn set_leads(&self, leads: bool) {
        self.leads.store(leads, Ordering::Relaxed);
    }
}
