//! The bodies of the main job, exactly as clients get them. Ids, times and hashes are replaced by what they are.

use insta::assert_json_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{TestApp, csv, id};

#[tokio::test]
async fn bodies_are_as_agreed() {
    let app = TestApp::start().await;
    assert_json_snapshot!("user", timeless(app.get("/users/me").await));
    assert_json_snapshot!("customer", timeless(app.get(&app.below("")).await));
    let store = json!({"name": "Puerto", "city": "Valencia", "location": {"longitude": -0.32, "latitude": 39.46}});
    assert_json_snapshot!("store", timeless(app.post(&app.below("/stores"), &store).await));
    let upload = app.ingested("sales.csv", csv(1_000, 1)).await;
    assert_json_snapshot!("upload", timeless(upload.clone()));
    app.settle().await;
    let dataset = app.below(&format!("/datasets/{}", upload["dataset_id"].as_str().unwrap()));
    assert_json_snapshot!("dataset", timeless(app.get(&dataset).await));
    assert_json_snapshot!("rows", timeless(app.get(&format!("{dataset}/rows?limit=2")).await));
    let report = app.report(&json!({"clusters": 3})).await;
    assert_json_snapshot!("report", timeless(report.clone()));
    let shoppers = app.below(&format!("/reports/{}/shoppers?limit=2&segment=1", id(&report)));
    assert_json_snapshot!("shoppers", timeless(app.get(&shoppers).await));
    assert_json_snapshot!("events", timeless(app.get(&app.below("/events?limit=4")).await));
    let missing = app.own(Method::GET, &app.below("/stores/00000000-0000-0000-0000-000000000000")).send().await;
    assert_json_snapshot!("problem", timeless(missing.unwrap().json().await.unwrap()));
}

/// Replaces what differs from run to run, and rounds numbers to eight digits, beyond which machines may differ.
fn timeless(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(timeless).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, timeless(value))).collect(),
        Value::String(text) => json!(kind_of(&text).map_or(text, str::to_owned)),
        Value::Number(number) if number.is_f64() => json!(rounded(number.as_f64().unwrap())),
        other => other,
    }
}

fn kind_of(text: &str) -> Option<&'static str> {
    let id = text.rsplit([':', '/']).next().unwrap().split('.').next().unwrap();
    if id.len() == 36 && id.matches('-').count() == 4 {
        return Some("[id]");
    }
    if text.ends_with('Z') && chrono::DateTime::parse_from_rfc3339(text).is_ok() {
        return Some("[time]");
    }
    if text.starts_with(concat!(env!("CARGO_PKG_VERSION"), "+")) {
        return Some("[version]");
    }
    // The address of the list comes first, then a place that is never large.
    (text.len() == 16 && text.get(6..10) == Some("AAAA")).then_some("[cursor]")
}

fn rounded(number: f64) -> f64 {
    format!("{number:.8e}").parse().unwrap()
}
