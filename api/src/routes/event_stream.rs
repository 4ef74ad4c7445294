//! The events of a customer as they come: server-sent events (WHATWG HTML, "Server-sent events").

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderName;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use commands::EventFilter;
use domain::Recorded;
use futures::stream::{self, StreamExt};
use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::timeout;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::extract::{CustomerPath, Member, Query, Viewer};
use crate::http::limits::stream_limit::OpenStream;
use crate::http::problem::Problem;
use crate::routes::events::EventBody;

/// Where a client stands that comes again.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Tells proxies such as nginx to pass every event on at once.
const UNBUFFERED: (HeaderName, &str) = (HeaderName::from_static("x-accel-buffering"), "no");
/// Events that are read at once.
const PAGE: u32 = 200;
/// How long a stream gathers events once it was woken: a busy log does not wake it for every one.
const GATHER: Duration = Duration::from_millis(50);
/// How often a stream in which nothing happens looks by itself, also at who reads it.
const LOOK: Duration = Duration::from_secs(5);
/// How often something is sent, so that nobody on the way takes the connection for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The endpoints of this file.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(stream_events))
}

/// Where a stream begins.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StreamQuery {
    /// Only events after this position; `newest` for those that are still to come. Without it, from the first event on.
    #[param(value_type = Option<String>, pattern = "^(newest|[0-9]{1,19})$")]
    after: Option<After>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
enum After {
    Position(u64),
    Newest,
}

impl TryFrom<String> for After {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "newest" => Ok(Self::Newest),
            position => position.parse().map(Self::Position).map_err(|_| "must be a position in the log, or newest"),
        }
    }
}

/// Sends the events of a customer as they happen.
///
/// Server-sent events: each comes as `data:` with its position as `id:`. When one comes, the resources show it (unless
/// they are more than two seconds late). The stream ends with the session or the membership of who reads it, and when
/// the service restarts; who comes again with `Last-Event-ID` misses nothing.
#[utoipa::path(get, path = "/customers/{customer_id}/events/stream", tag = "events",
    security(("bearer" = ["viewer"])),
    params(CustomerPath, StreamQuery,
        ("Last-Event-ID" = Option<u64>, Header, description = "The last `id` that came; counts more than `after`")),
    responses((status = 200, description = "A stream of events that goes on", body = EventBody,
        content_type = "text/event-stream")))]
async fn stream_events(
    State(app): State<App>,
    viewer: Viewer,
    Query(query): Query<StreamQuery>,
    parts: Parts,
) -> Result<impl IntoResponse, Problem> {
    let after = match (last_event_id(&parts)?, query.after) {
        (Some(position), _) | (None, Some(After::Position(position))) => position,
        (None, Some(After::Newest)) => viewer.views_position,
        (None, None) => 0,
    };
    let (open, heads) = (app.limits.stream(viewer.user_id)?, app.commands.store.heads());
    let feed = EventFeed { app, member: *viewer, parts, after, heads, _open: open };
    let pages = stream::unfold(feed, async |mut feed| Some((feed.next().await?, feed)));
    let events = pages.flat_map(stream::iter).map(|event| Ok::<_, Infallible>(sent(&event)));
    Ok(([UNBUFFERED], Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))))
}

fn last_event_id(parts: &Parts) -> Result<Option<u64>, Problem> {
    let parse = |text: &str| text.parse().ok();
    let Some(sent) = parts.headers.get(LAST_EVENT_ID).filter(|sent| !sent.is_empty()) else { return Ok(None) };
    let position = sent.to_str().ok().and_then(parse);
    position.map(Some).ok_or_else(|| Problem::field("Last-Event-ID", "must be the id of an event of this stream"))
}

fn sent(event: &Recorded) -> Event {
    let body = EventBody::from(event);
    let data = serde_json::to_string(&body).expect("it is plain data");
    Event::default().id(body.position.to_string()).data(data)
}

/// Where one stream stands.
struct EventFeed {
    app: App,
    member: Member,
    /// The head of the request, with the credentials.
    parts: Parts,
    after: u64,
    heads: watch::Receiver<u64>,
    _open: OpenStream,
}

impl EventFeed {
    /// The next events, at least one; none when the stream ends. What ended it is told to a client that comes again.
    async fn next(&mut self) -> Option<Vec<Recorded>> {
        loop {
            // Marked as seen before looking, so that an event that comes meanwhile wakes the wait below.
            self.heads.mark_unchanged();
            let events = self.read().await.ok()?;
            if !events.is_empty() {
                return Some(events);
            }
            let shutdown = self.app.shutdown.clone();
            shutdown.run_until_cancelled(self.pause()).await?.ok()?;
        }
    }

    async fn read(&mut self) -> Result<Vec<Recorded>, Problem> {
        let (store, filter) = (&self.app.commands.store, EventFilter::default());
        let events = store.read_customer(self.member.customer_id, self.after, &filter, PAGE).await?;
        if let Some(last) = events.last() {
            // Looked at after the events were read: who was no longer a member then gets none of them.
            self.member.again(&self.parts, &self.app).await?;
            self.app.views_reached(last.position).await?;
            self.after = last.position;
        }
        Ok(events)
    }

    async fn pause(&mut self) -> Result<(), Problem> {
        match timeout(LOOK, self.heads.changed()).await {
            Ok(_) => tokio::time::sleep(GATHER).await,
            Err(_) => drop(self.member.again(&self.parts, &self.app).await?),
        }
        Ok(())
    }
}
