//! What every consumer works with, and whether it answers: that a server is away is not the fault of an event.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use commands::Commands;
use domain::Recorded;
use projections::Projections;
use tokio::time::{sleep, timeout};

use crate::email::Mailer;

/// How long the stores may take to say that they are there.
const CHECK_WITHIN: Duration = Duration::from_secs(5);
/// The pause before stores that do not answer are asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// How long the views may take to show an event.
const SHOWN_WITHIN: Duration = Duration::from_secs(30);

/// What every consumer works with.
#[derive(Clone)]
pub struct Context {
    /// The write side.
    pub commands: Commands,
    /// The read side.
    pub projections: Projections,
    /// Writes to people, where a mail server is configured.
    pub mailer: Option<Mailer>,
    /// Which build of the program this is, as reports tell it.
    pub program_version: Arc<str>,
}

impl Context {
    /// Asks every store whether it is there. The cache may be away.
    ///
    /// # Errors
    /// When one does not answer.
    pub async fn check(&self) -> Result<()> {
        let Self { commands, projections, .. } = self;
        let answers = async {
            commands.store.check().await?;
            commands.files.check().await?;
            projections.views.check().await?;
            projections.frames.check().await
        };
        timeout(CHECK_WITHIN, answers).await.context("a store says nothing")?
    }

    /// Waits until the views show an event, for a consumer that looks up more than it says.
    ///
    /// # Errors
    /// When they do not within half a minute; the event comes again.
    pub async fn wait_for_views(&self, event: &Recorded) -> Result<()> {
        let is_shown = self.projections.views.wait_for(event.position, SHOWN_WITHIN).await?;
        ensure!(is_shown, "the views have not reached position {} yet", event.position);
        Ok(())
    }

    /// Waits until every store answers.
    pub async fn wait_for_stores(&self) {
        while self.check().await.is_err() {
            sleep(PAUSE).await;
        }
    }
}
