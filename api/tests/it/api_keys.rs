//! API keys: programs act for a customer.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{TestApp, csv, id};

#[tokio::test]
async fn a_program_uploads_with_a_key_until_it_is_revoked() {
    let app = TestApp::start().await;
    let key = app.post(&app.below("/api-keys"), &json!({"name": "Nightly", "role": "analyst"})).await;
    let token = key["token"].as_str().unwrap();
    let path = app.below(&format!("/stores/{}/uploads", app.store));
    let upload = app.request(Method::POST, &path, token).header("content-type", "text/csv").body(csv(200, 1));
    assert_eq!(upload.send().await.unwrap().status(), 202);
    let customer = app.request(Method::GET, &app.below(""), token).send().await.unwrap();
    assert_eq!(customer.json::<Value>().await.unwrap()["role"], "analyst");

    let events = app.get(&app.below("/events?type=FileUploaded")).await;
    assert_eq!(events["items"][0]["actor"], format!("api_key:{}", id(&key)));
    let listed = app.get(&app.below("/api-keys")).await;
    assert_eq!((&listed["items"][0]["name"], listed["items"][0].get("token")), (&json!("Nightly"), None));
    assert!(listed["items"][0]["last_used_at"].is_string());

    let revoke = app.own(Method::DELETE, &app.below(&format!("/api-keys/{}", id(&key)))).send().await.unwrap();
    assert_eq!(revoke.status(), 204);
    assert_eq!(app.request(Method::GET, &app.below(""), token).send().await.unwrap().status(), 401);
    assert_eq!(app.get(&app.below("/api-keys")).await["items"], json!([]));
}

#[tokio::test]
async fn the_secret_of_a_key_stands_nowhere() {
    let app = TestApp::start().await;
    let key = app.post(&app.below("/api-keys"), &json!({"name": "Nightly", "role": "viewer"})).await;
    let token = key["token"].as_str().unwrap().trim_start_matches("dck_");
    app.settle().await;
    for entry in std::fs::read_dir(app.folder()).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        let bytes = std::fs::read(entry.path()).unwrap();
        assert!(!bytes.windows(token.len()).any(|part| part == token.as_bytes()), "{:?}", entry.path());
    }
}

#[tokio::test]
async fn a_repeated_creation_is_the_same_key_with_a_new_secret() {
    let app = TestApp::start().await;
    let create = async || -> Value {
        let new = json!({"name": "Nightly", "role": "viewer"});
        let create = app.own(Method::POST, &app.below("/api-keys")).header("idempotency-key", "once").json(&new);
        create.send().await.unwrap().json().await.unwrap()
    };
    let (first, second) = (create().await, create().await);
    assert_eq!(id(&first), id(&second));
    for (key, status) in [(first, 401), (second, 200)] {
        let token = key["token"].as_str().unwrap();
        assert_eq!(app.request(Method::GET, &app.below(""), token).send().await.unwrap().status(), status);
    }
}

#[tokio::test]
async fn a_key_cannot_remove_the_person_who_made_it_unless_it_is_an_owners() {
    let app = TestApp::start().await;
    let me = id(&app.get("/users/me").await);
    let key = app.post(&app.below("/api-keys"), &json!({"name": "Reader", "role": "viewer"})).await;
    let path = app.below(&format!("/members/{me}"));
    let removed = app.request(Method::DELETE, &path, key["token"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(removed.status(), 403);
}
