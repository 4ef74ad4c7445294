//! The examples in the OpenAPI document are good ones: sent as they stand, they do what their operation says.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{TestApp, csv, id};

#[tokio::test]
async fn examples_of_requests_are_accepted_as_they_stand() {
    let app = TestApp::start().await;
    let upload = app.ingested("sales.csv", csv(1_000, 1)).await;
    app.settle().await;
    let report = app.report(&json!({"clusters": 3})).await;
    let member = app.post(&app.below("/members"), &json!({"email": "carla@example.com", "role": "viewer"})).await;
    let document: Value = app.http.get(format!("{}/openapi.json", app.url)).send().await.unwrap().json().await.unwrap();
    let examples = examples(&document);
    assert!(examples.len() > 15);
    for (method, path, kind, example) in examples {
        let path = path
            .replace("{customer_id}", &app.customer)
            .replace("{store_id}", &app.store)
            .replace("{upload_id}", &id(&upload))
            .replace("{dataset_id}", upload["dataset_id"].as_str().unwrap())
            .replace("{report_id}", &id(&report))
            .replace("{user_id}", member["user_id"].as_str().unwrap());
        let body = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
        let request = app.http.request(method.clone(), format!("{}{path}", app.url)).bearer_auth(&app.owner);
        let answer = request.header("content-type", &kind).body(body).send().await.unwrap();
        let status = answer.status();
        // Passwords and tokens in examples are made up.
        let are_credentials = path.contains("/sessions") || path.ends_with("/password");
        let is_right = status.is_success() || (are_credentials && status == 401);
        assert!(is_right, "{method} {path}: {status} {}", answer.text().await.unwrap());
    }
}

/// Method, path, content type and example of each request with a body; forms aside.
fn examples(document: &Value) -> Vec<(Method, String, String, Value)> {
    let mut examples = vec![];
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let contents = operation["requestBody"]["content"].as_object();
            for (kind, content) in contents.into_iter().flatten().filter(|(kind, _)| *kind != "multipart/form-data") {
                let named = content["examples"].as_object().and_then(|named| named.values().next()?["$ref"].as_str());
                let named = named.map(|reference| &document.pointer(&reference[1..]).unwrap()["value"]);
                let example = named.unwrap_or(&content["example"]).clone();
                assert!(!example.is_null(), "{method} {path}");
                examples.push((method.to_uppercase().parse().unwrap(), path.clone(), kind.clone(), example));
            }
        }
    }
    examples
}
