//! Starts the service for a test and speaks to it.

use std::time::Duration;

use datacore::app::App;
use datacore::cli::sample_data::{Plan, purchases};
use datacore::config::{Config, Settings};
use datacore::http::server;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::places::Places;

pub const PASSWORD: &str = "correct-horse-battery";

/// The service with a signed-in owner of a customer that has one store.
pub struct TestApp {
    pub app: App,
    pub url: String,
    pub http: reqwest::Client,
    pub owner: String,
    pub customer: String,
    pub store: String,
    folder: TempDir,
    pub places: Places,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(Settings::default()).await
    }

    /// With some settings, in the profile of this run.
    pub async fn start_with(settings: Settings) -> Self {
        Self::start_in(Places::of_this_run().await, settings).await
    }

    /// With some settings, in some place.
    pub async fn start_in(places: Places, settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = places.settings(Settings { data: Some(folder.path().to_owned()), ..settings });
        let app = App::start(Config::with_defaults(settings).unwrap()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        #[expect(clippy::disallowed_methods, reason = "the test process owns the server")]
        tokio::spawn(server::serve(app.clone(), listener, std::future::pending()));
        let http = reqwest::Client::builder().timeout(Duration::from_secs(90)).build().unwrap();
        let (owner, customer, store) = Default::default();
        let mut test = Self { app, url, http, owner, customer, store, folder, places };
        test.owner = test.sign_up("owner@example.com").await;
        test.customer = id(&test.post("/customers", &json!({"name": "Acme"})).await);
        test.store = id(&test.post(&test.below("/stores"), &json!({"name": "Centro"})).await);
        test
    }

    /// A path below the customer.
    pub fn below(&self, path: &str) -> String {
        format!("/customers/{}{path}", self.customer)
    }

    /// Signs somebody up and in; gives the access token.
    pub async fn sign_up(&self, email: &str) -> String {
        let user = json!({"email": email, "name": "Someone", "password": PASSWORD});
        assert_eq!(self.request(Method::POST, "/users", "").json(&user).send().await.unwrap().status(), 201);
        let sign_in = json!({"email": email, "password": PASSWORD});
        let session = self.request(Method::POST, "/sessions", "").json(&sign_in).send().await.unwrap();
        assert_eq!(session.status(), 200);
        session.json::<Value>().await.unwrap()["access_token"].as_str().unwrap().to_owned()
    }

    /// A request with a token, or without when it is empty.
    pub fn request(&self, method: Method, path: &str, token: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}/api/v1{path}", self.url));
        if token.is_empty() { request } else { request.bearer_auth(token) }
    }

    /// The owner's request.
    pub fn own(&self, method: Method, path: &str) -> RequestBuilder {
        self.request(method, path, &self.owner)
    }

    /// The owner posts JSON, successfully.
    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let response = self.own(Method::POST, path).json(body).send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "POST {path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// The owner reads JSON, successfully.
    pub async fn get(&self, path: &str) -> Value {
        let response = self.own(Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), 200, "GET {path}");
        response.json().await.unwrap()
    }

    /// The owner uploads a file for the store, and does not wait for its dataset.
    pub async fn upload(&self, filename: &str, bytes: impl Into<reqwest::Body>) -> Response {
        let path = self.below(&format!("/stores/{}/uploads?filename={filename}", self.store));
        self.own(Method::POST, &path).header("content-type", "text/csv").body(bytes).send().await.unwrap()
    }

    /// The owner uploads a file and waits until it is ready or rejected.
    pub async fn ingested(&self, filename: &str, bytes: impl Into<reqwest::Body>) -> Value {
        let upload = self.upload(filename, bytes).await;
        assert_eq!(upload.status(), 202, "{}", upload.text().await.unwrap());
        let path = self.below(&format!("/uploads/{}", id(&upload.json().await.unwrap())));
        self.own(Method::GET, &path).header("prefer", "wait=60").send().await.unwrap().json().await.unwrap()
    }

    /// The owner asks for a report and waits for it.
    pub async fn report(&self, question: &Value) -> Value {
        let asked = self.own(Method::POST, &self.below("/reports")).header("prefer", "wait=60").json(question);
        let response = asked.send().await.unwrap();
        assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
        response.json().await.unwrap()
    }

    /// Every consumer at the head of the log.
    pub async fn settle(&self) {
        self.app.settle().await.unwrap();
    }

    /// The folder with all data.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

/// The id in an answer.
pub fn id(answer: &Value) -> String {
    answer["id"].as_str().unwrap_or_else(|| panic!("no id in {answer}")).to_owned()
}

/// Generated purchases.
pub fn csv(rows: u64, seed: u64) -> Vec<u8> {
    let mut csv = Vec::new();
    purchases(&Plan { rows, seed, shoppers: None, year: 1 }, &mut csv).unwrap();
    csv
}
