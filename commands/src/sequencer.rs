//! The sequencer: gives committed events their positions. Ordering happens after the commit, so that
//! commands never wait for one another's place in the log.

use std::time::Duration;

use anyhow::Result;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::database::Database;
use crate::event_store::EventStore;
use crate::leaf::{Leaf, StoredEvent};

/// Events that get their positions in one transaction.
const BATCH: u32 = 500;
/// How long to trust that a commit wakes the sequencer, before it looks by itself.
const POLL: Duration = Duration::from_millis(500);

/// Runs until shutdown. A failure is logged and tried again: positions are given in whole transactions,
/// so there is nothing to repair.
pub async fn run(store: EventStore, shutdown: CancellationToken) {
    let work = async {
        loop {
            match number(&store).await {
                Ok(count) if count == BATCH as usize => continue,
                Ok(_) => {}
                Err(error) => error!(error = format!("{error:#}"), "events could not be numbered"),
            }
            let _ = tokio::time::timeout(POLL, store.signals.committed.notified()).await;
        }
    };
    shutdown.run_until_cancelled(work).await;
}

/// Gives positions to the next committed events and says to how many; they are readable then.
///
/// # Errors
/// When the database fails or an event cannot be read; no position is given then.
pub async fn number(store: &EventStore) -> Result<usize> {
    let Database::Sqlite(sqlite) = &store.database;
    // The head is read first: should another sequencer come between, the append finds it moved.
    let head = sqlite.head().await?;
    // Hashed before the transaction, because commands wait for that one.
    let leaves = leaves(sqlite.unnumbered(BATCH).await?)?;
    if leaves.is_empty() {
        publish(store, head);
        return Ok(0);
    }
    if !sqlite.append(head, &leaves).await? {
        return Ok(0);
    }
    publish(store, head + leaves.len() as u64);
    Ok(leaves.len())
}

fn leaves(events: Vec<(i64, StoredEvent)>) -> Result<Vec<(i64, Leaf)>> {
    events.into_iter().map(|(id, event)| Ok((id, event.leaf()?))).collect()
}

/// Wakes the readers of this process, unless they know already.
fn publish(store: &EventStore, head: u64) {
    store.signals.heads.send_if_modified(|known| {
        let newer = head > *known;
        *known = head.max(*known);
        newer
    });
}
