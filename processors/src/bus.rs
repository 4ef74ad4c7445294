//! The bus seam: how consumers hear that there is something to do. The bus is the doorbell, the log is the truth:
//! whatever rings, events are read from the log by position.

pub mod rabbitmq;

use anyhow::{Context, Result, bail};
use commands::{Commands, WorkQueue};
use url::Url;

use crate::runtime::positions::Positions;
use rabbitmq::connection::Amqp;
use rabbitmq::relay::RELAY;

/// What carries events to consumers.
#[derive(Clone)]
pub enum Bus {
    /// Consumers read the log itself and are woken in process.
    Log,
    /// RabbitMQ tells consumers in any number of processes, and everyone else who listens.
    Amqp {
        /// The broker.
        amqp: Amqp,
        /// What the consumers have to do.
        work_queue: WorkQueue,
    },
}

/// What a message bus has still to carry; nothing is known of the embedded one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backlog {
    /// Up to which position the log is published.
    pub published: Option<u64>,
    /// How many events consumers still have to handle.
    pub open_deliveries: Option<u64>,
}

impl Bus {
    /// Names the bus of a URL, `log:` or `amqp://…`. Nothing is connected yet: the service starts without its broker.
    ///
    /// # Errors
    /// When the scheme is not supported, or does not go with the event store.
    pub fn open(url: &Url, commands: &Commands) -> Result<Self> {
        match url.scheme() {
            "log" => Ok(Self::Log),
            "amqp" | "amqps" => {
                let work_queue = commands.work_queue.clone();
                let work_queue =
                    work_queue.context("a message bus needs a server database: event_store_url = postgres://…")?;
                Ok(Self::Amqp { amqp: Amqp::new(url)?, work_queue })
            }
            other => bail!("the bus URL begins with '{other}:'; supported are log: and amqp:"),
        }
    }

    /// Whether the consumers have done everything up to a position. On a message bus, those of all processes.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_done(&self, commands: &Commands, positions: &Positions, position: u64) -> Result<bool> {
        match self {
            Self::Log => Ok(positions.now().all(|(_, reached)| reached >= position)),
            Self::Amqp { work_queue, .. } => {
                Ok(commands.checkpoints.get(RELAY).await? >= position && work_queue.open().await? == 0)
            }
        }
    }

    /// Whether messages can pass.
    ///
    /// # Errors
    /// When the broker does not answer, or takes no messages for now.
    pub async fn check(&self) -> Result<()> {
        match self {
            Self::Log => Ok(()),
            Self::Amqp { amqp, .. } => amqp.check().await,
        }
    }

    /// What a message bus has still to carry.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn backlog(&self, commands: &Commands) -> Result<Backlog> {
        let Self::Amqp { work_queue, .. } = self else { return Ok(Backlog::default()) };
        let published = Some(commands.checkpoints.get(RELAY).await?);
        Ok(Backlog { published, open_deliveries: Some(work_queue.open().await?) })
    }

    /// Ends the connections of this process.
    pub async fn close(&self) {
        if let Self::Amqp { amqp, .. } = self {
            amqp.close().await;
        }
    }
}
