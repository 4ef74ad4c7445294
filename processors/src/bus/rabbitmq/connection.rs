//! The connections of a process to RabbitMQ, made anew when they are lost.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties};
use tokio::sync::Mutex;
use tokio::time::timeout;
use url::Url;

use super::names::BrokerNames;

/// How often to look whether a channel lives.
const PULSE: Duration = Duration::from_secs(1);
/// How long connecting, or opening a channel, may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Seconds between two signs of life, unless the URL says otherwise; a peer is given up after two of them are missing.
const HEARTBEAT_SECONDS: u16 = 10;
/// The pauses after a loss of the broker: the first, doubled each time up to the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(8));

/// A RabbitMQ virtual host and our names in it.
#[derive(Clone)]
pub struct Amqp {
    pub(super) names: BrokerNames,
    /// RabbitMQ holds back every connection that publishes when memory or disk run low; who consumes must go on.
    pub(super) publishing: Arc<Link>,
    pub(super) consuming: Arc<Link>,
}

/// One connection.
pub(super) struct Link {
    uri: AMQPUri,
    /// What it is called in RabbitMQ's list of connections.
    name: String,
    connection: Mutex<Option<Connection>>,
}

impl Amqp {
    /// Names a broker, without connecting to it: `amqp://user:password@host:5672/vhost`. With `?prefix=other` our names
    /// begin with `other` instead of `datacore`, so that several installations share a virtual host.
    ///
    /// # Errors
    /// When the URL cannot be understood.
    pub fn new(url: &Url) -> Result<Self> {
        let prefix = url.query_pairs().find(|(key, _)| key == "prefix").map(|(_, value)| value.into_owned());
        let names = BrokerNames::new(prefix.as_deref().unwrap_or("datacore"))?;
        let mut uri: AMQPUri = url.as_str().parse().map_err(anyhow::Error::msg).context("reading the bus URL")?;
        ensure!(!uri.vhost.is_empty(), "the bus URL names no virtual host; the default one is written /%2f");
        uri.query.heartbeat.get_or_insert(HEARTBEAT_SECONDS);
        let link =
            |work| Arc::new(Link { uri: uri.clone(), name: format!("{names} {work}"), connection: Mutex::default() });
        Ok(Self { publishing: link("publishing"), consuming: link("consuming"), names })
    }

    /// Fails when no messages can pass; connects when there is no connection.
    pub(crate) async fn check(&self) -> Result<()> {
        self.consuming.channel().await?.close(200, "done".into()).await.context("closing a channel")?;
        ensure!(!self.publishing.is_blocked().await, "RabbitMQ takes no messages for now: its memory or disk run low");
        Ok(())
    }

    /// Ends the connections, so that the broker gives to others what was not acknowledged.
    pub async fn close(&self) {
        for link in [&self.consuming, &self.publishing] {
            if let Some(connection) = link.connection.lock().await.take() {
                // It may be gone already.
                let _ = timeout(PATIENCE, connection.close(200, "bye".into())).await;
            }
        }
    }
}

impl Link {
    /// A new channel, on a new connection when there is none.
    pub(super) async fn channel(&self) -> Result<Channel> {
        let mut held = self.connection.lock().await;
        if !held.as_ref().is_some_and(|connection| connection.status().connected()) {
            *held = Some(self.connect().await?);
        }
        let connection = held.as_ref().context("connecting to RabbitMQ")?;
        let channel = timeout(PATIENCE, connection.create_channel()).await;
        channel.context("RabbitMQ does not answer")?.context("opening a channel")
    }

    async fn connect(&self) -> Result<Connection> {
        let properties = ConnectionProperties::default().with_connection_name(self.name.as_str().into());
        let connection = timeout(PATIENCE, Connection::connect_uri(self.uri.clone(), properties)).await;
        connection.context("RabbitMQ does not answer")?.context("connecting to RabbitMQ")
    }

    async fn is_blocked(&self) -> bool {
        self.connection.lock().await.as_ref().is_some_and(|connection| connection.status().blocked())
    }
}

/// Works over a channel as long as it lives. What is asked of a connection at the moment of its death may never be
/// answered; without this a session could wait for it for ever.
pub(super) async fn while_alive<T>(channel: &Channel, work: impl Future<Output = Result<T>>) -> Result<T> {
    let death = async {
        while channel.status().connected() {
            tokio::time::sleep(PULSE).await;
        }
    };
    tokio::select! {
        biased;
        done = work => done,
        () = death => bail!("the channel was closed"),
    }
}

/// Runs sessions with the broker one after the other, for ever. lapin's own recovery would keep a channel that the
/// broker has closed, so a session that fails is begun anew from the connection up.
pub(super) async fn supervise<F>(what: &str, session: impl Fn() -> F)
where
    F: Future<Output = Result<()>>,
{
    let (first, longest) = PAUSES;
    let mut pause = first;
    loop {
        let begun = tokio::time::Instant::now();
        if let Err(error) = session().await {
            tracing::warn!(session = what, error = format!("{error:#}"), pause_ms = pause.as_millis(), "begins anew");
        }
        tokio::time::sleep(pause).await;
        pause = if begun.elapsed() > longest * 2 { first } else { longest.min(pause * 2) };
    }
}
