//! The sequencer: gives committed events their positions. Ordering happens after the commit, so that
//! commands never wait for one another's place in the log.

use std::time::Duration;

use anyhow::Result;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use super::EventStore;
use super::wakeups::Wakeups;
use crate::sql::database::{Database, on_engine};
use crate::sql::postgres::leader::Leader;
use crate::sql::rows::NumberingRound;
use crate::sql::sqlite::engine::Sqlite;

/// Events that get their positions in one transaction.
const BATCH: u32 = 1_000;
/// The pause after some were numbered, so that what is committed meanwhile gets its positions together: a round costs
/// about the same for one event and for a hundred.
const GATHER: Duration = Duration::from_millis(2);
/// How long to trust that a commit wakes the sequencer, before it looks by itself.
const POLL: Duration = Duration::from_millis(500);
/// The first pause while an older transaction holds events back. Most end within a millisecond.
const HELD_BACK: Duration = Duration::from_millis(1);
/// It is doubled up to this, should the transaction stay open.
const HELD_BACK_LONG: Duration = Duration::from_millis(16);
/// The pause after a failure.
const PAUSE: Duration = Duration::from_millis(500);

/// Who numbers: the only process on a file, or the one that leads on a server.
enum Sequencer {
    Alone(Sqlite),
    Leading(Leader),
}

/// Runs until shutdown; on a server it stands by while the sequencer of another process numbers. A failure is logged
/// and tried again: positions are given in whole transactions, so there is nothing to repair.
pub async fn run(store: EventStore, shutdown: CancellationToken) {
    let work = async {
        loop {
            if let Err(error) = lead(&store).await {
                error!(error = format!("{error:#}"), "events could not be numbered");
            }
            store.wakeups.set_leads(false);
            sleep(PAUSE).await;
        }
    };
    shutdown.run_until_cancelled(work).await;
    store.wakeups.set_leads(false);
}

/// Gives positions to all committed events that have none and says to how many; they are readable then. Waits while an
/// older transaction holds them back.
///
/// # Errors
/// When the database fails or an event cannot be read; those before it have their positions then.
pub async fn number(store: &EventStore) -> Result<usize> {
    let mut count = 0;
    loop {
        let round = on_engine!(&store.database, engine => engine.number(BATCH).await?);
        store.wakeups.publish(round.head + round.numbered);
        count += round.numbered as usize;
        if round.held_back {
            sleep(HELD_BACK).await;
        } else if round.numbered == 0 {
            return Ok(count);
        }
    }
}

async fn lead(store: &EventStore) -> Result<()> {
    let mut sequencer = match &store.database {
        Database::Sqlite(sqlite) => Sequencer::Alone(sqlite.clone()),
        Database::Postgres(postgres) => Sequencer::Leading(postgres.lead().await?),
    };
    store.wakeups.set_leads(true);
    info!("this process numbers the events");
    sequencer.follow(&store.wakeups).await
}

impl Sequencer {
    /// Numbers whatever is committed, as it is committed.
    async fn follow(&mut self, wakeups: &Wakeups) -> Result<()> {
        let mut pause = HELD_BACK;
        loop {
            let round = self.number().await?;
            wakeups.publish(round.head + round.numbered);
            if round.held_back {
                // Further commits change nothing about it.
                sleep(pause).await;
                pause = (pause * 2).min(HELD_BACK_LONG);
                continue;
            }
            pause = HELD_BACK;
            match round.numbered {
                0 => drop(timeout(POLL, wakeups.committed.notified()).await),
                all if all == u64::from(BATCH) => {}
                _ => sleep(GATHER).await,
            }
        }
    }

    async fn number(&mut self) -> Result<NumberingRound> {
        match self {
            Self::Alone(sqlite) => sqlite.number(BATCH).await,
            Self::Leading(leader) => leader.number(BATCH).await,
        }
    }
}
