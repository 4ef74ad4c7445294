//! How the processes on one server wake each other. A lost wake-up costs time, never an event: everyone also looks
//! by itself now and then.

use std::time::Duration;

use anyhow::{Context, Result};
use sqlx::postgres::{PgListener, PgPool};
use tokio::time::sleep;
use tracing::warn;

use super::engine::Postgres;
use crate::event_store::wakeups::Wakeups;

/// Tells the newest position. Sent with the positions themselves: only the leader does, so nobody waits for another.
pub(super) const HEADS: &str = "datacore_heads";
/// Tells the leader that events were committed.
const COMMITTED: &str = "datacore_committed";
/// How often to look at the head by oneself.
const POLL: Duration = Duration::from_secs(1);
/// The pause after the server was away.
const PAUSE: Duration = Duration::from_millis(500);

impl Postgres {
    /// Brings wake-ups from and to the other processes. Never ends.
    pub(crate) async fn exchange_wakeups(&self, wakeups: &Wakeups) {
        let connections =
            migrations::postgres::pool(2).idle_timeout(None).max_lifetime(None).connect_lazy_with(self.volatile());
        tokio::join!(self.listen(&connections, wakeups), ring(&connections, wakeups), self.poll(wakeups));
    }

    async fn listen(&self, connections: &PgPool, wakeups: &Wakeups) {
        loop {
            if let Err(error) = self.hear(connections, wakeups).await {
                warn!(error = format!("{error:#}"), "wake-ups of other processes are not heard for a moment");
            }
            sleep(PAUSE).await;
        }
    }

    async fn hear(&self, connections: &PgPool, wakeups: &Wakeups) -> Result<()> {
        let mut listener = PgListener::connect_with(connections).await.context("connecting to listen")?;
        listener.listen_all([HEADS, COMMITTED]).await.context("listening")?;
        // What was told before, or while the connection was lost, is looked up.
        wakeups.publish(self.head().await?);
        loop {
            match listener.try_recv().await.context("listening")? {
                Some(told) if told.channel() == HEADS => wakeups.publish(told.payload().parse().unwrap_or(0)),
                Some(_) => wakeups.committed.notify_one(),
                None => wakeups.publish(self.head().await?),
            }
        }
    }

    async fn poll(&self, wakeups: &Wakeups) {
        loop {
            sleep(POLL).await;
            if let Ok(head) = self.head().await {
                wakeups.publish(head);
            }
        }
    }
}

/// Tells the leader of another process about commits, once for all that happened since it was last told. NOTIFY in the
/// transaction of each command would be simpler, and let only one of them commit at a time.
async fn ring(connections: &PgPool, wakeups: &Wakeups) {
    loop {
        wakeups.unheard.notified().await;
        if wakeups.leads() {
            continue;
        }
        let notify = sqlx::query("SELECT pg_notify($1, '')").bind(COMMITTED);
        if notify.execute(connections).await.is_err() {
            sleep(PAUSE).await;
        }
    }
}
