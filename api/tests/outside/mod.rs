//! A user who speaks to the service from outside.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::net::TcpListener;
use std::time::Duration;

use datacore::cli::sample_data::{Plan, purchases};
use reqwest::{Client, Method};
use serde_json::{Value, json};

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A signed-in user of one store.
pub struct Session {
    http: Client,
    url: String,
    token: String,
    customer: String,
    store: String,
}

impl Session {
    pub fn new(port: u16) -> Self {
        let url = format!("http://127.0.0.1:{port}");
        Self { http: Client::new(), url, token: String::new(), customer: String::new(), store: String::new() }
    }

    pub async fn wait_until_ready(&self) {
        for _ in 0..600 {
            let answer = self.http.get(format!("{}/readyz", self.url)).send().await;
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the service did not become ready");
    }

    pub async fn set_up(&mut self) {
        let user = json!({"email": "crash@example.com", "name": "Crash", "password": "a-long-password"});
        self.post("/users", &user).await;
        let sign_in = json!({"email": "crash@example.com", "password": "a-long-password"});
        self.token = text(&self.post("/sessions", &sign_in).await, "access_token");
        self.customer = text(&self.post("/customers", &json!({"name": "Acme"})).await, "id");
        let path = format!("/customers/{}/stores", self.customer);
        self.store = text(&self.post(&path, &json!({"name": "Centro"})).await, "id");
    }

    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let response = self.request(Method::POST, path).json(body).send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.status());
        response.json().await.unwrap()
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}/api/v1{path}", self.url)).bearer_auth(&self.token)
    }

    /// Uploads a file that nobody sent before; its id and rows when it was accepted.
    pub async fn upload(&self, seed: u64) -> Option<(String, u64)> {
        let rows = 300 + seed % 700;
        let mut csv = Vec::new();
        purchases(&Plan { rows, seed, shoppers: None, year: 1 }, &mut csv).unwrap();
        let path = format!("/customers/{}/stores/{}/uploads?filename={seed}.csv", self.customer, self.store);
        let request = self.request(Method::POST, &path).header("content-type", "text/csv").body(csv);
        let response = request.send().await.ok()?;
        // Accepted or not: while nobody folds, the answer cannot tell.
        if response.status() == 503 {
            return None;
        }
        assert_eq!(response.status(), 202);
        Some((text(&response.json().await.ok()?, "id"), rows))
    }

    /// Asks for a report of what is there; its id when it was accepted.
    pub async fn ask(&self, seed: u64) -> Option<String> {
        let path = format!("/customers/{}/reports", self.customer);
        let request = self.request(Method::POST, &path).json(&json!({"clusters": 3, "seed": seed}));
        let response = request.send().await.ok()?;
        // No dataset may be ready yet, or nobody folds just now.
        if [409, 503].contains(&response.status().as_u16()) {
            return None;
        }
        assert!(response.status().is_success(), "{}", response.status());
        Some(text(&response.json().await.ok()?, "id"))
    }

    pub async fn get(&self, path: &str) -> Value {
        let path = format!("/customers/{}{path}", self.customer);
        let response = self.request(Method::GET, &path).header("prefer", "wait=60").send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    /// Every item of a list once its work is done.
    pub async fn settled(&self, path: &str) -> Vec<Value> {
        let mut items = vec![];
        for item in self.all(path).await {
            items.push(self.get(&format!("{path}/{}", text(&item, "id"))).await);
        }
        items
    }

    /// Every dataset once its orders are compared with those of the others.
    pub async fn compared(&self) -> Vec<Value> {
        for _ in 0..1_200 {
            let datasets = self.all("/datasets").await;
            if datasets.iter().all(|dataset| !dataset["overlaps"].is_null()) {
                return datasets;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("some datasets are never compared");
    }

    pub async fn all(&self, path: &str) -> Vec<Value> {
        let (mut items, mut page) = (vec![], self.get(&format!("{path}?limit=200")).await);
        loop {
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next"].as_str() else { return items };
            page = self.get(&format!("{path}?limit=200&cursor={next}")).await;
        }
    }
}

pub fn text(answer: &Value, field: &str) -> String {
    answer[field].as_str().unwrap().to_owned()
}
