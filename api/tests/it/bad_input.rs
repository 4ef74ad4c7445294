//! Hostile and broken input: a problem document that says what to do, and the service lives on.

use datacore::config::Settings;
use futures::stream;
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Method, Response};
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp, csv};

/// Asserts a problem document of a status and gives it.
async fn problem(response: Response, status: u16) -> Value {
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(response.status(), status);
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["status"], status);
    assert!(problem["type"].as_str().unwrap().starts_with("/problems/"), "{problem}");
    assert!(problem["detail"].as_str().unwrap().len() > 10, "{problem}");
    assert!(problem["request_id"].as_str().unwrap().len() == 36, "{problem}");
    problem
}

#[tokio::test]
async fn files_that_are_none_are_refused_at_the_door() {
    let app = TestApp::start().await;
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01".to_vec();
    problem(app.upload("empty.csv", "").await, 422).await;
    problem(app.upload("picture.csv", png).await, 415).await;
    problem(app.upload("binary.csv", vec![0_u8; 4096]).await, 415).await;
    let path = app.below(&format!("/stores/{}/uploads", app.store));
    let json = app.own(Method::POST, &path).json(&json!({"file": "x"})).send().await.unwrap();
    problem(json, 415).await;
    let packed = app.own(Method::POST, &path).header("content-type", "text/csv").header("content-encoding", "br");
    problem(packed.body("a,b\n").send().await.unwrap(), 415).await;
    let broken = app.own(Method::POST, &path).header("content-type", "text/csv").header("content-encoding", "gzip");
    problem(broken.body("this is not gzip at all").send().await.unwrap(), 400).await;
    assert_eq!(stored(&app), 0);
}

#[tokio::test]
async fn files_that_cannot_be_read_are_rejected_with_a_reason() {
    let app = TestApp::start().await;
    let wide = (0..100_000).map(|column| format!("c{column}")).collect::<Vec<_>>().join(",");
    let wide = format!("{wide}\n{}\n", vec!["1"; 100_000].join(","));
    for (name, bytes) in [("header.csv", "a,b,c\n".to_owned()), ("wide.csv", wide), ("blank.csv", "\n\n\n".into())] {
        let upload = app.ingested(name, bytes).await;
        assert_eq!(upload["status"], "rejected", "{name}");
        assert!(upload["error"].as_str().unwrap().len() > 20, "{upload}");
    }
    let good = app.ingested("good.csv", csv(200, 1)).await;
    assert_eq!(good["status"], "ready");
}

#[tokio::test]
async fn a_line_without_an_end_is_rejected() {
    let app = TestApp::start().await;
    let chunk = bytes::Bytes::from(vec![b'x'; 1 << 20]);
    let body = Body::wrap_stream(stream::iter((0..64).map(move |_| Ok::<_, std::io::Error>(chunk.clone()))));
    let upload = app.ingested("endless.csv", body).await;
    assert_eq!(upload["status"], "rejected", "{upload}");
}

#[tokio::test]
async fn ragged_rows_are_left_out_and_listed() {
    let app = TestApp::start().await;
    let upload = app.ingested("ragged.csv", "id,name,score\n1,a,5\n2,b\n3,c,7,9\n4,d,8\n").await;
    assert_eq!(
        (&upload["status"], &upload["row_count"], &upload["rejected_row_count"]),
        (&json!("ready"), &json!(2), &json!(2))
    );
    let path = app.below(&format!("/datasets/{}/rejects", upload["dataset_id"].as_str().unwrap()));
    let rejects = app.get(&path).await;
    assert_eq!(rejects["items"][0]["line"], 3);
    assert_eq!(rejects["items"][1]["text"], "3,c,7,9");
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused_and_leaves_nothing() {
    let settings = Settings { upload_max_bytes: Some(10_000), ..Settings::default() };
    let app = TestApp::start_with(settings).await;
    problem(app.upload("big.csv", csv(1_000, 1)).await, 413).await;
    assert_eq!(stored(&app), 0);
    assert_eq!(app.upload("small.csv", csv(20, 1)).await.status(), 202);
}

#[tokio::test]
async fn broken_forms_are_refused_and_leave_nothing() {
    let app = TestApp::start().await;
    let path = app.below(&format!("/stores/{}/uploads", app.store));
    let send = |body: &'static str| {
        app.own(Method::POST, &path).header("content-type", "multipart/form-data; boundary=x").body(body).send()
    };
    let part = "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\na,b\n1,2\n";
    problem(send(part).await.unwrap(), 400).await;
    problem(send("--x--\r\n").await.unwrap(), 422).await;
    problem(send("--x\r\ncontent-disposition: form-data; name=\"wat\"\r\n\r\n1\r\n--x--\r\n").await.unwrap(), 422)
        .await;
    let no_boundary = app.own(Method::POST, &path).header("content-type", "multipart/form-data").body("x").send();
    problem(no_boundary.await.unwrap(), 400).await;
    assert_eq!(stored(&app), 0);
}

#[tokio::test]
async fn json_is_checked_field_by_field() {
    let app = TestApp::start().await;
    let post = |body: &'static str| {
        app.own(Method::POST, "/customers").header("content-type", "application/json").body(body).send()
    };
    problem(post("{").await.unwrap(), 400).await;
    problem(post(r#"{"name": "A"} {}"#).await.unwrap(), 400).await;
    for (body, pointer) in [
        (r#"{"name": "A", "wat": 1}"#, "/wat"),
        (r#"{"name": 5}"#, "/name"),
        (r#"{}"#, "/name"),
        (r#"{"name": "  "}"#, "/name"),
        (r#"["A", null]"#, ""),
    ] {
        let problem = problem(post(body).await.unwrap(), 422).await;
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
    }
    let text = app.own(Method::POST, "/customers").header("content-type", "text/plain").body("{}").send();
    problem(text.await.unwrap(), 415).await;
}

#[tokio::test]
async fn addresses_that_lead_nowhere_say_so() {
    let app = TestApp::start().await;
    for path in ["/nope", "/customers/not-a-uuid", "/customers/not-a-uuid/stores"] {
        problem(app.own(Method::GET, path).send().await.unwrap(), 404).await;
    }
    problem(app.own(Method::GET, &app.below("/stores/not-a-uuid")).send().await.unwrap(), 404).await;
    problem(app.own(Method::PUT, "/customers").send().await.unwrap(), 405).await;
    problem(app.own(Method::GET, &app.below("/uploads?wat=1")).send().await.unwrap(), 422).await;
    problem(app.own(Method::GET, &app.below("/uploads?limit=0")).send().await.unwrap(), 422).await;
    let page = app.http.get(format!("{}/problems/duplicate-upload", app.url)).send().await.unwrap();
    assert_eq!(page.status(), 200);
}

#[tokio::test]
async fn what_looks_almost_right_is_refused_too() {
    let app = TestApp::start().await;
    let store = app.below(&format!("/stores/{}", app.store));
    for (path, body, pointer) in [
        (app.below(""), json!({"name": null}), "/name"),
        (store.clone(), json!({"name": null}), "/name"),
        ("/users/me".to_owned(), json!({"name": null}), "/name"),
        (store.clone(), json!({"location": [1.0, 2.0]}), "/location"),
        (store.clone(), json!({"location": {"longitude": 1.0}}), "/location/latitude"),
        (store, json!({"location": {"longitude": 1.0, "latitude": 2.0, "height": 3.0}}), "/location/height"),
    ] {
        let problem = problem(app.own(Method::PATCH, &path).json(&body).send().await.unwrap(), 422).await;
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
    }
}

#[tokio::test]
async fn a_nul_in_a_text_is_refused_wherever_it_comes() {
    let app = TestApp::start().await;
    let upload = app.ingested("sales.csv", csv(500, 1)).await;
    let dataset = app.below(&format!("/datasets/{}", upload["dataset_id"].as_str().unwrap()));
    let upload = app.below(&format!("/uploads/{}", upload["id"].as_str().unwrap()));
    let user = |email: &str, name: &str| json!({"email": email, "name": name, "password": PASSWORD});
    for (method, path, body, pointer) in [
        (Method::POST, "/users".to_owned(), user("a\0@example.com", "A"), "/email"),
        (Method::POST, "/users".to_owned(), user("a@example.com", "A\0"), "/name"),
        (Method::POST, "/sessions".to_owned(), json!({"email": "a\0@example.com", "password": PASSWORD}), "/email"),
        (Method::PATCH, "/users/me".to_owned(), json!({"phone_number": "\0"}), "/phone_number"),
        (Method::POST, "/customers".to_owned(), json!({"name": "A\0B"}), "/name"),
        (Method::PATCH, app.below(""), json!({"description": "A\0B"}), "/description"),
        (Method::POST, app.below("/stores"), json!({"name": "A", "city": "B\0"}), "/city"),
        (Method::POST, app.below("/members"), json!({"email": "\0@example.com", "role": "viewer"}), "/email"),
        (Method::POST, app.below("/api-keys"), json!({"name": "\0A", "role": "viewer"}), "/name"),
        (Method::POST, app.below("/reports"), json!({"features": {"columns": ["\0"]}}), "/features/columns/0"),
        (Method::PUT, format!("{dataset}/roles"), json!({"roles": {"\0": "shopper"}}), "/roles"),
        (Method::PUT, format!("{upload}/dialect"), json!({"delimiter": "\0"}), "/delimiter"),
    ] {
        let problem = problem(app.own(method, &path).json(&body).send().await.unwrap(), 422).await;
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{path} {body}");
    }
    for (path, pointer) in [("stores?q=%00", "?q"), ("stores?city=a%00", "?city"), ("events?type=%00", "?type")] {
        let problem = problem(app.own(Method::GET, &app.below(&format!("/{path}"))).send().await.unwrap(), 422).await;
        assert_eq!(problem["errors"][0]["pointer"], pointer);
    }
}

#[tokio::test]
async fn a_nul_in_or_about_a_file_does_no_harm() {
    let app = TestApp::start().await;
    // The second time it would be a duplicate, which is an event as well.
    for _ in 0..2 {
        problem(app.upload("a%00b.csv", csv(50, 1)).await, 422).await;
        let path = app.below(&format!("/stores/{}/uploads", app.store));
        let form = Form::new().part("file", Part::bytes(csv(50, 1)).file_name("a.csv")).text("description", "a\0b");
        problem(app.own(Method::POST, &path).multipart(form).send().await.unwrap(), 422).await;
        app.upload("a.csv", csv(50, 1)).await;
    }
    assert_eq!(app.get(&app.below("/uploads")).await["items"].as_array().unwrap().len(), 1);
    // Far behind the beginning, which is looked at before the file is taken.
    let mut file = "customer_id,date,amount,product\n".to_owned() + &"1,2025-01-01,5,tea\n".repeat(100_000);
    file += "2,2025-01-01,5,te\0a\n3,2025-01-02,5,tea\n";
    let upload = app.ingested("late.csv", file).await;
    assert_eq!((&upload["status"], &upload["rejected_row_count"]), (&json!("ready"), &json!(1)), "{upload}");
    assert_eq!(upload["row_count"], 100_001);
}

#[tokio::test]
async fn a_cursor_belongs_to_its_list() {
    let app = TestApp::start().await;
    app.post(&app.below("/stores"), &json!({"name": "Norte"})).await;
    let cursor = app.get(&app.below("/stores?limit=1")).await["next"].as_str().unwrap().to_owned();
    app.get(&app.below(&format!("/stores?cursor={cursor}"))).await;
    for list in ["uploads", "members", "events", "reports"] {
        let other = app.own(Method::GET, &app.below(&format!("/{list}?cursor={cursor}"))).send().await.unwrap();
        let problem = problem(other, 422).await;
        assert_eq!(problem["errors"][0]["pointer"], "?cursor", "{list}");
    }
}

/// Files that stay, temporary ones included.
fn stored(app: &TestApp) -> usize {
    fn walk(folder: &std::path::Path) -> usize {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| if entry.path().is_dir() { walk(&entry.path()) } else { 1 }).sum()
    }
    walk(&app.folder().join("files"))
}
