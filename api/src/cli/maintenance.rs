//! What an operator does with the log, the views and the keys while no service needs them.

use anyhow::{Result, ensure};
use commands::rotate_secret_file;
use processors::bus::Bus;
use processors::consumers::project;

use crate::app;
use crate::cli::terminal::say;
use crate::config::Config;
use crate::routes::event_line;

/// Empties the views and folds the whole log into them again.
pub(super) async fn rebuild(config: &Config) -> Result<()> {
    let context = app::open(config).await?;
    let views = &context.projections.views;
    views.rebuild().await?;
    let mut position = 0;
    loop {
        let events = context.commands.store.read(position, 500).await?;
        let Some(last) = events.last().map(|event| event.position) else { break };
        position = project::fold(views, &context.commands.dead_letters, &events).await?;
        ensure!(position == last, "the views stopped at position {position}");
    }
    say(&format!("rebuilt the views from {position} events\n"))
}

/// Says whether the log has no gaps and every event is as it was recorded.
pub(super) async fn verify(config: &Config) -> Result<()> {
    let found = app::open(config).await?.commands.store.verify().await?;
    for problem in &found.problems {
        say(&format!("{problem}\n"))?;
    }
    ensure!(found.problems.is_empty(), "{} of {} events are not as they were", found.problems.len(), found.events);
    say(&format!("{} events: positions without gaps, every leaf hash as recorded\n", found.events))
}

/// Prints the events after a position, one a line.
pub(super) async fn events(config: &Config, mut after: u64) -> Result<()> {
    let store = app::open(config).await?.commands.store;
    loop {
        let events = store.read(after, 500).await?;
        let Some(last) = events.last() else { return Ok(()) };
        after = last.position;
        for event in &events {
            say(&(event_line(event)? + "\n"))?;
        }
    }
}

/// Lists what consumers gave up on, and gives it to them once more if asked to.
pub(super) async fn parked(config: &Config, replay: bool) -> Result<()> {
    let context = app::open(config).await?;
    let bus = Bus::open(&config.bus_url, &context.commands)?;
    for parked in context.commands.dead_letters.all().await? {
        say(&format!("{} {} {}: {}\n", parked.parked_at, parked.consumer, parked.position, parked.error))?;
        if replay {
            processors::replay(&context, &bus, &parked).await?;
        }
    }
    Ok(())
}

/// Draws a new secret key and wraps every key under it.
pub(super) async fn rotate_keys(config: &Config) -> Result<()> {
    ensure!(
        config.secret_key.is_none(),
        "the secret key is given by the configuration: give the new one as DATACORE_SECRET_KEY and this one as \
         DATACORE_SECRET_KEY_PREVIOUS, and start the service; take the previous one away a day later"
    );
    let path = config.data.join("secret_key");
    // First finish a rotation that was cut off, so that the secret before it is not needed any more.
    app::open(config).await?;
    rotate_secret_file(&path)?;
    app::open(config).await?;
    let path = path.display();
    say(&format!(
        "a new secret key is in {path}, and every key is wrapped under it; remove {path}_previous once the service has \
         run for {} minutes, when nobody has an access token of the old key any more\n",
        config.access_token_minutes
    ))
}
