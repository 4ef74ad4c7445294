//! Events are told as they come, to those who may hear them.

use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::app::{TestApp, csv};

/// Nothing in these tests takes so long, even on a busy machine.
const WITHIN: Duration = Duration::from_secs(30);

#[tokio::test]
async fn whoever_listens_hears_exactly_what_the_list_says() {
    let app = TestApp::start().await;
    let mut stream = listen(&app, &app.owner, "").await;
    let upload = app.ingested("sales.csv", csv(500, 1)).await;
    app.report(&json!({"clusters": 2})).await;
    app.settle().await;
    let listed = app.get(&app.below("/events")).await["items"].as_array().unwrap().clone();
    let heard = stream.events(listed.len()).await;
    assert_eq!(heard, listed);
    let position = upload_position(&listed, &upload);
    let rest: Vec<_> = listed.into_iter().filter(|event| event["position"].as_u64() > Some(position)).collect();
    let resumed = listen(&app, &app.owner, &format!("?after={position}")).await.events(rest.len()).await;
    assert_eq!(resumed, rest);
    let again = request(&app, &app.owner, "?after=0").header("last-event-id", position).send().await.unwrap();
    assert_eq!(Listener::new(again).events(rest.len()).await, rest);
}

#[tokio::test]
async fn what_is_heard_can_be_read() {
    let app = TestApp::start().await;
    let mut stream = listen(&app, &app.owner, "?after=newest").await;
    for name in ["Norte", "Sur", "Oeste"] {
        app.post(&app.below("/stores"), &json!({"name": name})).await;
        let [event] = stream.events(1).await.try_into().unwrap();
        assert_eq!((&event["type"], &event["data"]["name"]), (&json!("StoreOpened"), &json!(name)));
        let stores = app.get(&app.below(&format!("/stores?q={name}"))).await;
        assert_eq!(stores["items"].as_array().unwrap().len(), 1, "{name}");
    }
}

#[tokio::test]
async fn others_hear_nothing_and_neither_does_who_had_to_leave() {
    let app = TestApp::start().await;
    let (ana, eve) = (app.sign_up("ana@example.com").await, app.sign_up("eve@example.com").await);
    assert_eq!(request(&app, &eve, "").send().await.unwrap().status(), 404);
    let member = app.post(&app.below("/members"), &json!({"email": "ana@example.com", "role": "viewer"})).await;
    let mut left = listen(&app, &ana, "?after=newest").await;
    let path = app.below(&format!("/members/{}", member["user_id"].as_str().unwrap()));
    assert_eq!(app.own(Method::DELETE, &path).send().await.unwrap().status(), 204);
    app.post(&app.below("/stores"), &json!({"name": "Secret"})).await;
    assert!(!left.rest().await.contains("Secret"));
}

#[tokio::test]
async fn a_stream_ends_with_the_session_and_with_the_service() {
    let app = TestApp::start().await;
    let mut open = listen(&app, &app.owner, "?after=newest").await;
    assert_eq!(app.own(Method::DELETE, "/sessions/current").send().await.unwrap().status(), 204);
    assert_eq!(open.rest().await, "");
    let ana = app.sign_up("ana@example.com").await;
    let own = app.request(Method::POST, "/customers", &ana).json(&json!({"name": "Ana"})).send().await.unwrap();
    let own: Value = own.json().await.unwrap();
    let path = format!("/customers/{}/events/stream?after=newest", own["id"].as_str().unwrap());
    let mut open = Listener::new(app.request(Method::GET, &path, &ana).send().await.unwrap());
    app.app.shutdown.cancel();
    assert_eq!(open.rest().await, "");
}

#[tokio::test]
async fn a_place_that_is_none_is_refused_and_so_are_too_many_streams() {
    let app = TestApp::start().await;
    for query in ["?after=-1", "?after=latest", "?after=", "?from=1"] {
        assert_eq!(request(&app, &app.owner, query).send().await.unwrap().status(), 422, "{query}");
    }
    let nowhere = request(&app, &app.owner, "").header("last-event-id", "x");
    assert_eq!(nowhere.send().await.unwrap().status(), 422);
    let mut open = vec![];
    for _ in 0..20 {
        open.push(request(&app, &app.owner, "").send().await.unwrap());
        assert_eq!(open.last().unwrap().status(), 200);
    }
    let refused = request(&app, &app.owner, "").send().await.unwrap();
    assert_eq!((refused.status().as_u16(), refused.headers().contains_key("retry-after")), (429, true));
    drop(open);
    let closed = async {
        while request(&app, &app.owner, "").send().await.unwrap().status() != 200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(WITHIN, closed).await.unwrap();
}

fn request(app: &TestApp, token: &str, query: &str) -> reqwest::RequestBuilder {
    app.request(Method::GET, &app.below(&format!("/events/stream{query}")), token)
}

async fn listen(app: &TestApp, token: &str, query: &str) -> Listener {
    Listener::new(request(app, token, query).send().await.unwrap())
}

fn upload_position(events: &[Value], upload: &Value) -> u64 {
    let uploaded = events.iter().find(|event| event["aggregate_id"] == upload["id"]).unwrap();
    uploaded["position"].as_u64().unwrap()
}

/// Reads a stream as a browser does.
struct Listener {
    chunks: BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    text: String,
}

impl Listener {
    fn new(response: Response) -> Self {
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (200, &"text/event-stream".parse().unwrap())
        );
        Self { chunks: response.bytes_stream().boxed(), text: String::new() }
    }

    /// The next events.
    async fn events(&mut self, count: usize) -> Vec<Value> {
        let mut events = vec![];
        while events.len() < count {
            match self.text.split_once("\n\n") {
                Some((message, rest)) => {
                    events.extend(event(message));
                    self.text = rest.to_owned();
                }
                None => assert!(self.more().await, "it ended after {events:?}"),
            }
        }
        events
    }

    /// What comes until it ends.
    async fn rest(&mut self) -> String {
        while self.more().await {}
        std::mem::take(&mut self.text)
    }

    async fn more(&mut self) -> bool {
        let chunk = tokio::time::timeout(WITHIN, self.chunks.next()).await.expect("nothing comes");
        self.text += &chunk.iter().flatten().map(|bytes| String::from_utf8_lossy(bytes)).collect::<String>();
        chunk.is_some()
    }
}

/// The event of a message; none of a comment.
fn event(message: &str) -> Option<Value> {
    let field = |name| message.lines().find_map(|line| line.strip_prefix(name));
    let event: Value = serde_json::from_str(field("data: ")?).unwrap();
    assert_eq!(field("id: ").unwrap(), event["position"].to_string());
    Some(event)
}
