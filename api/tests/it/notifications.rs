//! People are told in the page what became of their uploads and reports.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{TestApp, csv, id};

#[tokio::test]
async fn whoever_uploads_and_asks_is_told_until_it_is_seen() {
    let app = TestApp::start().await;
    let upload = app.ingested("year.csv", csv(2_000, 1)).await;
    app.ingested("notes.csv", "only one line").await;
    let report = app.report(&json!({})).await;
    app.settle().await;
    let [report_told, rejected, ready] = told(&app, "").await.try_into().unwrap();
    assert_eq!((&report_told["kind"], &report_told["report_id"]), (&json!("report_ready"), &report["id"]));
    assert_eq!((&rejected["kind"], &rejected["dataset_id"]), (&json!("upload_rejected"), &Value::Null));
    assert_eq!((&ready["title"], &ready["dataset_id"]), (&json!("year.csv is ready"), &upload["dataset_id"]));
    assert!(ready["text"].as_str().unwrap().contains("2000 rows were read"), "{ready}");

    assert_eq!(see(&app, &app.owner, &ready).await, 204);
    let unread = told(&app, "?unread=true").await;
    assert_eq!(unread, [report_told, rejected]);
    let seen = told(&app, "").await.pop().unwrap();
    assert!(seen["read_at"].as_str() > seen["created_at"].as_str(), "{seen}");
    assert_eq!(see(&app, &app.owner, &ready).await, 204);
    let reads = app.get(&app.below("/events?type=NotificationRead")).await;
    assert_eq!(reads["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_sees_what_others_are_told() {
    let app = TestApp::start().await;
    app.ingested("year.csv", csv(500, 1)).await;
    let [ready] = told(&app, "").await.try_into().unwrap();
    let ana = app.sign_up("ana@example.com").await;
    app.post(&app.below("/members"), &json!({"email": "ana@example.com", "role": "owner"})).await;
    let theirs = app.request(Method::GET, &app.below("/notifications"), &ana).send().await.unwrap();
    assert_eq!(theirs.json::<Value>().await.unwrap(), json!({"items": [], "next": null}));
    assert_eq!(see(&app, &ana, &ready).await, 404);
    assert_eq!(told(&app, "?unread=true").await, [ready]);
}

#[tokio::test]
async fn what_is_read_anew_is_told_anew_and_what_is_deleted_is_not() {
    let app = TestApp::start().await;
    let upload = app.ingested("prices.csv", "shopper;price\n1;2,5\n2;3,5\n").await;
    let [first] = told(&app, "").await.try_into().unwrap();
    assert_eq!(see(&app, &app.owner, &first).await, 204);
    let path = app.below(&format!("/uploads/{}/dialect", id(&upload)));
    let chosen = app.own(Method::PUT, &path).json(&json!({"delimiter": ","})).send().await.unwrap();
    assert!(chosen.status().is_success(), "{}", chosen.text().await.unwrap());
    app.settle().await;
    let [again] = told(&app, "?unread=true").await.try_into().unwrap();
    assert_eq!((&again["id"], &again["read_at"]), (&first["id"], &Value::Null));
    let path = app.below(&format!("/uploads/{}", id(&upload)));
    assert_eq!(app.own(Method::DELETE, &path).send().await.unwrap().status(), 204);
    app.settle().await;
    assert!(told(&app, "").await.is_empty());
}

#[tokio::test]
async fn the_list_comes_in_pages() {
    let app = TestApp::start().await;
    for number in 0..5 {
        app.ingested(&format!("{number}.csv"), format!("shopper,amount\n{number},1\n")).await;
    }
    let (mut titles, mut next) = (vec![], String::new());
    loop {
        let page = app.get(&app.below(&format!("/notifications?limit=2{next}"))).await;
        titles.extend(page["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    assert_eq!(titles, [4, 3, 2, 1, 0].map(|number| format!("{number}.csv is ready")));
}

async fn told(app: &TestApp, query: &str) -> Vec<Value> {
    let list = app.get(&app.below(&format!("/notifications{query}"))).await;
    list["items"].as_array().unwrap().clone()
}

async fn see(app: &TestApp, token: &str, told: &Value) -> u16 {
    let path = app.below(&format!("/notifications/{}/read", id(told)));
    app.request(Method::POST, &path, token).send().await.unwrap().status().as_u16()
}
