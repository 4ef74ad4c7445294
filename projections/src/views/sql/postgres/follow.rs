//! Hears how far other processes have folded the log: by NOTIFY, and by looking now and then.

use std::time::Duration;

use anyhow::{Context, Result};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{CHANNEL, PostgresViews};

/// How often to look at the checkpoint without being told.
const POLL: Duration = Duration::from_secs(1);
/// The pause after the server was away.
const PAUSE: Duration = Duration::from_millis(500);

impl PostgresViews {
    /// Tells this process what others fold, until shutdown.
    pub(crate) async fn follow(&self, shutdown: CancellationToken) {
        let work = async { tokio::join!(self.listen(), self.poll()) };
        shutdown.run_until_cancelled(work).await;
    }

    async fn listen(&self) {
        let options = PgConnectOptions::clone(&self.reader.connect_options());
        let connections =
            migrations::postgres::pool(1).idle_timeout(None).max_lifetime(None).connect_lazy_with(options);
        loop {
            if let Err(error) = self.hear(&connections).await {
                warn!(error = format!("{error:#}"), "the views' position is not heard for a moment");
            }
            sleep(PAUSE).await;
        }
    }

    async fn hear(&self, connections: &PgPool) -> Result<()> {
        let mut listener = PgListener::connect_with(connections).await.context("connecting to listen")?;
        listener.listen(CHANNEL).await.context("listening")?;
        // What was told before, or while the connection was lost, is looked up.
        self.publish(self.checkpoint().await?);
        loop {
            match listener.try_recv().await.context("listening")? {
                Some(told) => self.publish(told.payload().parse().unwrap_or(0)),
                None => self.publish(self.checkpoint().await?),
            }
        }
    }

    async fn poll(&self) {
        loop {
            sleep(POLL).await;
            if let Ok(position) = self.checkpoint().await {
                self.publish(position);
            }
        }
    }

    /// Wakes the waiting of this process, unless they know already. Only a rebuild goes back, to the start.
    fn publish(&self, position: u64) {
        self.positions.send_if_modified(|known| {
            let news = position > *known || (position == 0 && *known > 0);
            if news {
                *known = position;
            }
            news
        });
    }
}
