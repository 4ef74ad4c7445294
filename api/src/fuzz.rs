//! Any request at all is answered: with no 5xx, and what is refused with a problem document. The tests here ask a few
//! hundred; `deploy/fuzz.sh` looks longer, guided by what reaches new code.
#![allow(clippy::unwrap_used, reason = "whatever fails here is found")]

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderName, HeaderValue, Method, Request, Response, Uri};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::timeout;
use tower::ServiceExt;

use crate::app::App;
use crate::cli::sample_data::{Plan, purchases};
use crate::config::{Config, Settings};
use crate::http::problem::MEDIA_TYPE;
use crate::http::server;

const PASSWORD: &str = "correct-horse-battery";
const ANSWER_MAX_BYTES: usize = 64 << 20;
/// Who asks to wait is not waited for any longer.
const PATIENCE: Duration = Duration::from_millis(500);

/// The service on a folder of its own, with a signed-in owner of a customer that has one of everything.
pub struct Service {
    router: Router,
    token: String,
    /// What stands in requests, and for what.
    names: Vec<(&'static str, String)>,
    _folder: TempDir,
}

impl Service {
    /// Starts it and uploads some purchases.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let off = Some(0);
        let settings = Settings {
            limit_requests: off,
            limit_sign_ins: off,
            limit_sign_ups: off,
            limit_uploads: off,
            ..Settings::default()
        };
        let settings = Settings { data: Some(folder.path().to_owned()), ..settings };
        let app = App::start(Config::with_defaults(settings).unwrap()).await.unwrap();
        let mut service =
            Self { router: server::router(app), token: String::new(), names: Vec::new(), _folder: folder };
        service.fill().await;
        service
    }

    async fn fill(&mut self) {
        let user = json!({"email": "owner@example.com", "name": "Owner", "password": PASSWORD});
        self.make("{user_id}", "/users", user.to_string()).await;
        let session = json!({"email": "owner@example.com", "password": PASSWORD});
        self.token = self.post("/sessions", session.to_string()).await["access_token"].as_str().unwrap().to_owned();
        self.names.push(("{token}", self.token.clone()));
        self.make("{customer_id}", "/customers", json!({"name": "Acme"}).to_string()).await;
        self.make("{store_id}", "/customers/{customer_id}/stores", json!({"name": "Centro"}).to_string()).await;
        let mut csv = Vec::new();
        purchases(&Plan { rows: 400, seed: 1, shoppers: Some(40), year: 1 }, &mut csv).unwrap();
        let path = "/customers/{customer_id}/stores/{store_id}/uploads?filename=a.csv";
        let upload = self.make("{upload_id}", path, String::from_utf8(csv).unwrap()).await;
        self.names.push(("{dataset_id}", upload["dataset_id"].as_str().unwrap().to_owned()));
        self.make("{report_id}", "/customers/{customer_id}/reports", json!({"clusters": 3, "seed": 1}).to_string())
            .await;
    }

    /// Makes a resource that later requests can name.
    async fn make(&mut self, name: &'static str, path: &str, body: String) -> Value {
        let made = self.post(path, body).await;
        self.names.push((name, made["id"].as_str().unwrap().to_owned()));
        made
    }

    async fn post(&self, path: &str, body: String) -> Value {
        let kind = if body.starts_with('{') { "application/json" } else { "text/csv" };
        let request = format!("POST /api/v1{path}\nprefer: wait=60\ncontent-type: {kind}\n\n{body}");
        let request = self.request(request.as_bytes()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert!(response.status().is_success(), "POST {path}: {}", response.status());
        serde_json::from_slice(&body_of(response).await).unwrap()
    }

    /// Sends a request and looks at the answer. The request is written as it stands in HTTP/1.1, with `\n` as line end
    /// of its head; what is no request is left.
    pub async fn ask(&self, bytes: &[u8]) {
        // What deletes has no body, and takes away what later requests look at.
        let Some(request) = self.request(bytes).filter(|request| request.method() != Method::DELETE) else { return };
        let waits = request.headers().contains_key("prefer");
        let answer = async { check(self.router.clone().oneshot(request).await.unwrap()).await };
        if waits { timeout(PATIENCE, answer).await.unwrap_or_default() } else { answer.await }
    }

    /// The request that is meant; its sender is the owner, unless it says otherwise.
    fn request(&self, bytes: &[u8]) -> Option<Request<Body>> {
        let mut bytes = bytes.to_vec();
        for (name, value) in &self.names {
            bytes = replaced(&bytes, name.as_bytes(), value.as_bytes());
        }
        let end = bytes.windows(2).position(|window| window == b"\n\n").unwrap_or(bytes.len());
        let mut lines = bytes[..end].split(|byte| *byte == b'\n');
        let (method, uri) = split(lines.next()?, b' ')?;
        let mut request = Request::new(Body::from(bytes.get(end + 2..).unwrap_or_default().to_vec()));
        *request.method_mut() = Method::from_bytes(method).ok()?;
        *request.uri_mut() = Uri::try_from(uri).ok().filter(|uri| uri.path().starts_with('/'))?;
        request.headers_mut().insert(AUTHORIZATION, format!("Bearer {}", self.token).try_into().unwrap());
        for line in lines {
            let (name, value) = split(line, b':')?;
            let name = HeaderName::from_bytes(name).ok()?;
            request.headers_mut().insert(name, HeaderValue::from_bytes(value.trim_ascii()).ok()?);
        }
        Some(request)
    }
}

async fn check(response: Response<Body>) {
    let status = response.status();
    let kind = response.headers().get(CONTENT_TYPE).map(|kind| kind.to_str().unwrap().to_owned()).unwrap_or_default();
    assert!(response.headers().contains_key("x-request-id"));
    assert!(!status.is_redirection() || status == 304 || response.headers().contains_key(LOCATION));
    let is_packed = response.headers().contains_key(CONTENT_ENCODING);
    let body = body_of(response).await;
    assert!(!status.is_server_error(), "{status}: {}", String::from_utf8_lossy(&body));
    if status.is_client_error() {
        assert_eq!(kind, MEDIA_TYPE);
    }
    if is_packed {
        return;
    }
    if status.is_client_error() {
        let problem: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(problem["status"], status.as_u16());
        assert!(problem["type"].as_str().is_some_and(|kind| kind.starts_with("/problems/")), "{problem}");
    } else if kind == "application/json" {
        serde_json::from_slice::<Value>(&body).unwrap();
    }
}

async fn body_of(response: Response<Body>) -> Bytes {
    to_bytes(response.into_body(), ANSWER_MAX_BYTES).await.unwrap()
}

fn replaced(bytes: &[u8], name: &[u8], value: &[u8]) -> Vec<u8> {
    let (mut done, mut rest) = (Vec::new(), bytes);
    while let Some(place) = rest.windows(name.len()).position(|window| window == name) {
        done.extend_from_slice(&rest[..place]);
        done.extend_from_slice(value);
        rest = &rest[place + name.len()..];
    }
    [&done, rest].concat()
}

fn split(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let place = bytes.iter().position(|byte| *byte == at)?;
    Some((&bytes[..place], &bytes[place + 1..]))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    use super::*;

    /// What requests are made of, and what breaks parsers.
    const PIECES: [&str; 24] = [
        "\"",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "null",
        "true",
        "-1",
        "1e400",
        "18446744073709551616",
        "\\ud800",
        "\u{0}",
        "%00",
        "%FF",
        "%2F",
        "&",
        "=",
        ";",
        "\n",
        "\r\n",
        "--",
        "é",
    ];

    #[tokio::test]
    async fn every_kept_request_is_answered_however_it_is_changed() {
        let service = Service::start().await;
        let (corpus, (mut runner, cases)) = (corpus(), runner());
        for request in &corpus {
            service.ask(request).await;
        }
        let changed = changed(corpus);
        for _ in 0..cases {
            let request = changed.new_tree(&mut runner).unwrap().current();
            service.ask(&request).await;
        }
    }

    /// A few seconds' worth of changes, always the same, so that what a change of the code breaks is seen with it. As many
    /// as the environment says are always others.
    fn runner() -> (TestRunner, u32) {
        let cases = ProptestConfig::default().cases;
        if cases == 256 { (TestRunner::deterministic(), 1_500) } else { (TestRunner::default(), cases) }
    }

    /// The requests that are kept for the target `requests`.
    fn corpus() -> Vec<Vec<u8>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/fuzz/corpus/requests");
        let files = std::fs::read_dir(folder).unwrap();
        let mut corpus: Vec<_> = files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
        assert!(corpus.len() > 20);
        corpus.sort();
        corpus
    }

    /// One of them with a few pieces put over its bytes or between them.
    fn changed(corpus: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            prop::sample::select(&PIECES[..]).prop_map(|piece| piece.as_bytes().to_vec()),
            prop::collection::vec(any::<u8>(), 0..4),
        ];
        let changes = prop::collection::vec((any::<prop::sample::Index>(), 0..4_usize, piece), 1..5);
        (prop::sample::select(corpus), changes).prop_map(|(mut bytes, changes)| {
            for (place, length, piece) in changes {
                let begin = place.index(bytes.len() + 1);
                bytes.splice(begin..bytes.len().min(begin + length), piece);
            }
            bytes
        })
    }
}
