//! The audit trail, and that everything can be rebuilt from it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{TestApp, csv};

#[tokio::test]
async fn every_step_is_an_event_with_actor_and_cause() {
    let app = TestApp::start().await;
    app.ingested("sales.csv", csv(2_000, 1)).await;
    app.settle().await;
    app.report(&json!({"clusters": 3})).await;
    app.settle().await;
    let events = app.get(&app.below("/events")).await["items"].as_array().unwrap().clone();
    let names: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "CustomerRegistered",
            "MemberAdded",
            "StoreOpened",
            "FileUploaded",
            "DatasetCreated",
            "OrdersCompared",
            "ReportRequested",
            "ReportCompleted"
        ]
    );
    let positions: Vec<_> = events.iter().map(|event| event["position"].as_u64().unwrap()).collect();
    assert!(positions.is_sorted_by(|a, b| a < b));
    let (uploaded, created) = (&events[3], &events[4]);
    assert!(uploaded["actor"].as_str().unwrap().starts_with("user:"));
    assert_eq!((&created["actor"], &created["causation_id"]), (&json!("consumer:ingest"), &uploaded["id"]));
    assert_eq!(created["correlation_id"], uploaded["correlation_id"]);
    let after = app.get(&app.below(&format!("/events?after={}&limit=1", positions[3]))).await;
    assert_eq!(after["items"][0]["id"], created["id"]);
}

#[tokio::test]
async fn a_cold_rebuild_gives_the_same_views() {
    let app = TestApp::start().await;
    app.ingested("sales.csv", csv(2_000, 1)).await;
    app.upload("again.csv", csv(2_000, 1)).await;
    app.ingested("broken.csv", "a,b\n").await;
    app.report(&json!({"clusters": 3})).await;
    app.settle().await;
    let views = &app.app.projections.views;
    let live = views.dump().await.unwrap();
    let events = app.app.commands.store.read(0, 1_000).await.unwrap();
    let (cold, _kept) = app.places.cold_views().await;
    cold.apply(&events).await.unwrap();
    assert_eq!(cold.dump().await.unwrap(), live);
    let verified = app.app.commands.store.verify().await.unwrap();
    assert_eq!((verified.events, verified.problems), (events.len() as u64, vec![]));
}

#[tokio::test]
async fn the_openapi_document_is_as_agreed() {
    let app = TestApp::start().await;
    let document: Value = app.http.get(format!("{}/openapi.json", app.url)).send().await.unwrap().json().await.unwrap();
    insta::assert_json_snapshot!(document, {".info.version" => "[version]"});
    let docs = app.http.get(format!("{}/docs/", app.url)).send().await.unwrap();
    assert_eq!(docs.status(), 200);
}

#[tokio::test]
async fn it_says_whether_it_lives_and_is_ready() {
    let app = TestApp::start().await;
    for path in ["healthz", "readyz", "asyncapi.yaml", ""] {
        assert_eq!(app.http.get(format!("{}/{path}", app.url)).send().await.unwrap().status(), 200, "/{path}");
    }
    let missing = app.http.request(Method::GET, format!("{}/page/nope.js", app.url)).send().await.unwrap();
    assert_eq!(missing.status(), 404);
}

#[tokio::test]
async fn it_tells_a_monitoring_system_how_it_does() {
    let app = TestApp::start().await;
    app.ingested("sales.csv", csv(500, 1)).await;
    app.settle().await;
    assert_eq!(app.http.get(format!("{}/nowhere", app.url)).send().await.unwrap().status(), 404);
    let answer = app.http.get(format!("{}/metrics", app.url)).send().await.unwrap();
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    let text = answer.text().await.unwrap();
    let head = app.app.commands.store.head().await.unwrap();
    let uploads = "/api/v1/customers/{customer_id}/stores/{store_id}/uploads";
    for line in [
        format!("datacore_http_request_duration_seconds_count{{method=\"POST\",route=\"{uploads}\",status=\"202\"}} 1"),
        "datacore_http_request_duration_seconds_count{method=\"GET\",route=\"none\",status=\"404\"} 1".to_owned(),
        "datacore_event_duration_seconds_count{consumer=\"ingest\",outcome=\"handled\"} 1".to_owned(),
        "datacore_dependency_up{dependency=\"event_store\"} 1".to_owned(),
        format!("datacore_log_position {head}"),
        format!("datacore_views_position {head}"),
        "# EOF".to_owned(),
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
    }
}
