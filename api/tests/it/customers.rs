//! Customers, members and stores: who may see and do what.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::{TestApp, id};

#[tokio::test]
async fn strangers_find_nothing_and_nobody_must_sign_in() {
    let app = TestApp::start().await;
    let stranger = app.sign_up("stranger@example.com").await;
    let store = format!("/stores/{}", app.store);
    for path in ["", "/members", "/stores", &store, "/uploads", "/datasets", "/reports", "/events"] {
        let path = app.below(path);
        for (token, status) in [(&*stranger, 404), ("", 401), ("forged.token.here", 401)] {
            let response = app.request(Method::GET, &path, token).send().await.unwrap();
            assert_eq!(response.status(), status, "{path}");
            assert_eq!(response.headers()["content-type"], "application/problem+json");
        }
    }
    let response = app.request(Method::DELETE, &app.below(""), &stranger).send().await.unwrap();
    assert_eq!(response.status(), 404);
    app.get(&app.below("")).await;
}

#[tokio::test]
async fn roles_decide_what_a_member_may_do() {
    let app = TestApp::start().await;
    for (role, upload, open_store) in [("viewer", 403, 403), ("analyst", 202, 403), ("owner", 202, 201)] {
        let email = format!("{role}@example.org");
        let token = app.sign_up(&email).await;
        let added = app.post(&app.below("/members"), &json!({"email": email, "role": role})).await;
        assert_eq!((&added["role"], &added["email"]), (&json!(role), &json!(email)));
        let path = app.below(&format!("/stores/{}/uploads", app.store));
        let file = format!("a,b\n{role},1\n");
        let sent = app.request(Method::POST, &path, &token).header("content-type", "text/csv").body(file).send();
        assert_eq!(sent.await.unwrap().status(), upload, "{role}");
        let store = app.request(Method::POST, &app.below("/stores"), &token).json(&json!({"name": "New"})).send();
        assert_eq!(store.await.unwrap().status(), open_store, "{role}");
        assert_eq!(app.request(Method::GET, &app.below("/uploads"), &token).send().await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn a_change_needs_the_newest_version_when_it_names_one() {
    let app = TestApp::start().await;
    let path = app.below("");
    let tag = app.own(Method::GET, &path).send().await.unwrap().headers()["etag"].to_str().unwrap().to_owned();
    let rename = |name: &str, tag: &str| {
        app.own(Method::PATCH, &path).header("if-match", tag).json(&json!({"name": name})).send()
    };
    let renamed = rename("Acme Two", &tag).await.unwrap();
    assert_eq!(renamed.status(), 200);
    let newer = renamed.headers()["etag"].to_str().unwrap().to_owned();
    assert_ne!(newer, tag);
    assert_eq!(rename("Acme Three", &tag).await.unwrap().status(), 412);
    let same = app.own(Method::GET, &path).header("if-none-match", &newer).send().await.unwrap();
    assert_eq!((same.status(), same.text().await.unwrap().as_str()), (StatusCode::NOT_MODIFIED, ""));
    assert_eq!(app.get(&path).await["name"], "Acme Two");
}

#[tokio::test]
async fn stores_are_found_by_name_and_city() {
    let app = TestApp::start().await;
    for (name, city) in [("North Gate", "Leeds"), ("South Gate", "Valencia")] {
        app.post(&app.below("/stores"), &json!({"name": name, "city": city})).await;
    }
    let names = async |query: &str| -> Vec<String> {
        let list = app.get(&app.below(&format!("/stores?{query}"))).await;
        list["items"].as_array().unwrap().iter().map(|store| store["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("q=gate").await, ["North Gate", "South Gate"]);
    assert_eq!(names("city=leeds").await, ["North Gate"]);
    assert_eq!(names("q=gate&city=valencia").await, ["South Gate"]);
}

#[tokio::test]
async fn lists_come_in_pages_that_miss_nothing() {
    let app = TestApp::start().await;
    for number in 0..5 {
        app.post(&app.below("/stores"), &json!({"name": format!("Store {number}")})).await;
    }
    let (mut seen, mut path) = (vec![], app.below("/stores?limit=2"));
    loop {
        let page = app.get(&path).await;
        assert!(page["items"].as_array().unwrap().len() <= 2);
        seen.extend(page["items"].as_array().unwrap().iter().map(id));
        let Some(next) = page["next"].as_str() else { break };
        path = app.below(&format!("/stores?limit=2&cursor={next}"));
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 6);
    let first = app.own(Method::GET, &app.below("/stores?limit=2&q=store")).send().await.unwrap();
    let link = first.headers()["link"].to_str().unwrap();
    assert!(link.contains("/stores?limit=2&q=store&cursor=") && link.ends_with("rel=\"next\""), "{link}");
    let wrong = app.own(Method::GET, &app.below("/stores?cursor=nonsense")).send().await.unwrap();
    assert_eq!(wrong.status(), 422);
}

#[tokio::test]
async fn creating_again_under_one_key_gives_the_same_thing() {
    let app = TestApp::start().await;
    let create =
        |path: String, body: Value| app.own(Method::POST, &path).header("idempotency-key", "once").json(&body).send();
    let customer = create("/customers".into(), json!({"name": "Keyed"})).await.unwrap();
    let again = create("/customers".into(), json!({"name": "Keyed"})).await.unwrap();
    assert_eq!((customer.status(), again.status()), (StatusCode::CREATED, StatusCode::CREATED));
    assert_eq!(id(&customer.json().await.unwrap()), id(&again.json().await.unwrap()));
    let other = create("/customers".into(), json!({"name": "Other"})).await.unwrap();
    assert_eq!(other.status(), 422);
    assert_eq!(other.json::<Value>().await.unwrap()["type"], "/problems/idempotency-key-reused");
}

#[tokio::test]
async fn a_closed_customer_is_gone_with_everything() {
    let app = TestApp::start().await;
    app.ingested("sales.csv", crate::app::csv(500, 1)).await;
    assert_eq!(app.own(Method::DELETE, &app.below("")).send().await.unwrap().status(), 204);
    assert_eq!(app.own(Method::GET, &app.below("/uploads")).send().await.unwrap().status(), 404);
    assert_eq!(app.get("/customers").await["items"], json!([]));
    app.settle().await;
    let files = walk(&app.folder().join("files")) + walk(&app.folder().join("frames"));
    assert_eq!(files, 0, "files and frames of a closed customer must go");
}

fn walk(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { walk(&entry.path()) } else { 1 }).sum()
}

#[tokio::test]
async fn someone_who_has_not_signed_up_is_invited_and_joins_by_signing_up() {
    let app = TestApp::start().await;
    let invite = json!({"email": "Later@Example.com", "role": "analyst"});
    let invited = app.post(&app.below("/members"), &invite).await;
    assert_eq!(
        (&invited["status"], &invited["email"], &invited["name"]),
        (&json!("invited"), &invite["email"], &Value::Null)
    );
    assert_eq!(app.post(&app.below("/members"), &invite).await["user_id"], invited["user_id"]);
    app.settle().await;
    let log = app.app.commands.store.read(0, 100).await.unwrap();
    assert!(log.iter().all(|event| !event.payload.to_string().contains("ater@")), "addresses are sealed in the log");

    let token = app.sign_up("later@example.com").await;
    let customer = app.request(Method::GET, &app.below(""), &token).send().await.unwrap();
    assert_eq!(customer.json::<Value>().await.unwrap()["role"], "analyst");
    let members = app.get(&app.below("/members")).await;
    let joined = members["items"].as_array().unwrap().iter().find(|one| one["user_id"] == invited["user_id"]).unwrap();
    assert_eq!((&joined["status"], &joined["name"]), (&json!("active"), &json!("Someone")));
}

#[tokio::test]
async fn an_invitation_that_is_taken_back_leaves_no_address() {
    let app = TestApp::start().await;
    let invite = json!({"email": "never@example.com", "role": "viewer"});
    let invited = app.post(&app.below("/members"), &invite).await;
    let path = app.below(&format!("/members/{}", invited["user_id"].as_str().unwrap()));
    assert_eq!(app.own(Method::DELETE, &path).send().await.unwrap().status(), 204);
    app.settle().await;
    let events = app.get(&app.below("/events?type=MemberAdded")).await;
    let sealed = serde_json::from_value(events["items"][1]["data"]["email"].clone()).unwrap();
    assert_eq!(app.app.commands.subject_keys.decrypt(&sealed).await.unwrap(), None);
    let token = app.sign_up("never@example.com").await;
    assert_eq!(app.request(Method::GET, &app.below(""), &token).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn only_who_has_signed_up_becomes_an_owner() {
    let app = TestApp::start().await;
    let add = |role: &str| {
        app.own(Method::POST, &app.below("/members")).json(&json!({"email": "x@example.com", "role": role})).send()
    };
    assert_eq!(add("owner").await.unwrap().status(), 422);
    let invited: Value = add("viewer").await.unwrap().json().await.unwrap();
    let path = app.below(&format!("/members/{}", invited["user_id"].as_str().unwrap()));
    let promote = || app.own(Method::PATCH, &path).json(&json!({"role": "owner"})).send();
    assert_eq!(promote().await.unwrap().status(), 422);
    app.sign_up("x@example.com").await;
    assert_eq!(promote().await.unwrap().status(), 200);
}
