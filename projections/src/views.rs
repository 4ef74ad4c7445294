//! The views seam: what the log says, folded into rows that answer questions. A view is never changed by anything
//! but an event, and its checkpoint moves in the same transaction as its rows.

mod fold;
pub(crate) mod page;
mod registry;
pub(crate) mod rows;
pub(crate) mod sql;
pub(crate) mod view;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod rebuild_property;
#[cfg(test)]
mod test_log;

use anyhow::{Result, ensure};
use domain::Recorded;

use registry::VIEWS;
use sql::Views;
use view::Fact;

impl Views {
    /// Folds events into every view and moves the checkpoint, all in one transaction. Events that are folded
    /// already are left out, so a batch may be repeated. Returns the new checkpoint.
    ///
    /// # Errors
    /// When positions are missing before or among the events, when an event cannot be decoded (its position is
    /// named), or when the database fails. Nothing is changed then.
    pub async fn apply(&self, events: &[Recorded]) -> Result<u64> {
        let mut transaction = self.begin().await?;
        let checkpoint = transaction.checkpoint().await?;
        let events = following(events, checkpoint)?;
        let Some(position) = events.last().map(|event| event.position) else { return Ok(checkpoint) };
        let facts = events.into_iter().map(Fact::of).collect::<Result<Vec<_>>>()?;
        for view in VIEWS {
            (view.fold)(&mut transaction, &facts).await?;
        }
        transaction.commit(position).await?;
        self.publish(position);
        Ok(position)
    }

    /// Moves the checkpoint past an event that cannot be folded. A position that is passed already is left alone.
    ///
    /// # Errors
    /// When it is not the next event, or the database fails.
    pub async fn skip(&self, position: u64) -> Result<()> {
        let mut transaction = self.begin().await?;
        let checkpoint = transaction.checkpoint().await?;
        if position <= checkpoint {
            return Ok(());
        }
        ensure!(position == checkpoint + 1, "cannot skip position {position} while the views are at {checkpoint}");
        transaction.commit(position).await?;
        self.publish(position);
        Ok(())
    }

    /// Empties every view and the checkpoint in one transaction; the log can be folded again from the start.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rebuild(&self) -> Result<()> {
        let mut transaction = self.begin().await?;
        // Waits for whoever folds, and keeps the next from beginning.
        transaction.checkpoint().await?;
        for view in VIEWS {
            transaction.clear(view.table).await?;
        }
        transaction.commit(0).await?;
        self.publish(0);
        Ok(())
    }

    /// Every row of every view in a fixed order: equal exactly when the views are equal.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn dump(&self) -> Result<String> {
        let mut dump = String::new();
        for view in VIEWS {
            dump += &self.dump_table(view.table).await?;
        }
        Ok(dump)
    }
}

/// The events after the checkpoint, which must come without a gap.
fn following(events: &[Recorded], checkpoint: u64) -> Result<Vec<&Recorded>> {
    let events: Vec<_> = events.iter().filter(|event| event.position > checkpoint).collect();
    let mut last = checkpoint;
    for event in &events {
        let position = event.position;
        ensure!(position == last + 1, "the event at position {position} cannot follow the one at position {last}");
        last = position;
    }
    Ok(events)
}
