//! How the processes on one server wake each other. A lost signal costs time, never an event: everyone also looks
//! by itself now and then.

use std::time::Duration;

use anyhow::{Context, Result};
use sqlx::postgres::{PgListener, PgPool};
use tokio::time::sleep;
use tracing::warn;

use super::Engine;
use crate::signals::Signals;

/// Tells the newest position. Sent with the positions themselves: only the leader does, so nobody waits for another.
pub(super) const HEADS: &str = "datacore_heads";
/// Tells the leader that events were committed.
const COMMITTED: &str = "datacore_committed";
/// How often to look at the head by oneself.
const POLL: Duration = Duration::from_secs(1);
/// The pause after the server was away.
const PAUSE: Duration = Duration::from_millis(500);

impl Engine {
    /// Brings signals from and to the other processes. Never ends.
    pub async fn exchange_signals(&self, signals: &Signals) {
        let connections =
            migrations::postgres::pool(2).idle_timeout(None).max_lifetime(None).connect_lazy_with(self.volatile());
        tokio::join!(self.listen(&connections, signals), ring(&connections, signals), self.poll(signals));
    }

    async fn listen(&self, connections: &PgPool, signals: &Signals) {
        loop {
            if let Err(error) = self.hear(connections, signals).await {
                warn!(error = format!("{error:#}"), "signals of other processes are not heard for a moment");
            }
            sleep(PAUSE).await;
        }
    }

    async fn hear(&self, connections: &PgPool, signals: &Signals) -> Result<()> {
        let mut listener = PgListener::connect_with(connections).await.context("connecting to listen")?;
        listener.listen_all([HEADS, COMMITTED]).await.context("listening")?;
        // What was told before, or while the connection was lost, is looked up.
        signals.publish(self.head().await?);
        loop {
            match listener.try_recv().await.context("listening")? {
                Some(told) if told.channel() == HEADS => signals.publish(told.payload().parse().unwrap_or(0)),
                Some(_) => signals.committed.notify_one(),
                None => signals.publish(self.head().await?),
            }
        }
    }

    async fn poll(&self, signals: &Signals) {
        loop {
            sleep(POLL).await;
            if let Ok(head) = self.head().await {
                signals.publish(head);
            }
        }
    }
}

/// Tells the leader of another process about commits, once for all that happened since it was last told. NOTIFY in the
/// transaction of each command would be simpler, and let only one of them commit at a time.
async fn ring(connections: &PgPool, signals: &Signals) {
    loop {
        signals.unheard.notified().await;
        if signals.leads() {
            continue;
        }
        let notify = sqlx::query("SELECT pg_notify($1, '')").bind(COMMITTED);
        if notify.execute(connections).await.is_err() {
            sleep(PAUSE).await;
        }
    }
}
