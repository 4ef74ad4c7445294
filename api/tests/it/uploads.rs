//! From bytes to datasets: nothing is lost, nothing is taken twice.

use futures::future::join_all;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::app::{TestApp, csv, id};

#[tokio::test]
async fn a_file_becomes_a_dataset_with_typed_columns_and_shoppers() {
    let app = TestApp::start().await;
    let upload = app.ingested("sales.csv", csv(2_000, 1)).await;
    assert_eq!(
        (&upload["status"], &upload["row_count"], &upload["rejected_row_count"]),
        (&json!("ready"), &json!(2_000), &json!(0))
    );
    assert_eq!(upload["progress"]["bytes_done"], upload["size_bytes"]);
    let dataset = app.get(&app.below(&format!("/datasets/{}", upload["dataset_id"].as_str().unwrap()))).await;
    assert_eq!(
        (&dataset["shape"], &dataset["encoding"], &dataset["delimiter"]),
        (&json!("purchases"), &json!("UTF-8"), &json!(","))
    );
    let types: Vec<_> = dataset["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| (column["name"].as_str().unwrap(), column["type"].as_str().unwrap(), column["role"].as_str()))
        .collect();
    insta::assert_debug_snapshot!(types);
    assert!(dataset["shopper_count"].as_u64().unwrap() > 100);
}

#[tokio::test]
async fn rows_are_read_in_pages_and_downloaded_in_three_formats() {
    let app = TestApp::start().await;
    let bytes = csv(500, 3);
    let upload = app.ingested("sales.csv", bytes.clone()).await;
    let dataset = app.below(&format!("/datasets/{}", upload["dataset_id"].as_str().unwrap()));
    let (mut invoices, mut path) = (vec![], format!("{dataset}/rows?columns=invoice_no,quantity&limit=200"));
    loop {
        let page = app.get(&path).await;
        invoices.extend(page["items"].as_array().unwrap().iter().map(|row| row["invoice_no"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("{dataset}/rows?columns=invoice_no,quantity&limit=200&cursor={next}");
    }
    assert_eq!(invoices.len(), 500);
    let text = String::from_utf8(bytes.clone()).unwrap();
    let first = text.lines().nth(1).unwrap().split(',').next().unwrap();
    assert_eq!(invoices[0].as_str().map_or_else(|| invoices[0].to_string(), str::to_owned), first);
    for (format, magic) in [("parquet", b"PAR1".as_slice()), ("arrow", &[0xff, 0xff, 0xff, 0xff])] {
        let file = app.own(Method::GET, &format!("{dataset}/download?format={format}")).send().await.unwrap();
        assert!(file.bytes().await.unwrap().starts_with(magic), "{format}");
    }
    let file =
        app.own(Method::GET, &format!("{dataset}/download?format=csv")).send().await.unwrap().text().await.unwrap();
    assert_eq!(file.lines().count(), 501);
    let original = app.own(Method::GET, &app.below(&format!("/uploads/{}/file", id(&upload)))).send().await.unwrap();
    assert_eq!(original.bytes().await.unwrap(), bytes);
}

#[tokio::test]
async fn the_same_file_again_is_a_duplicate_that_names_the_first() {
    let app = TestApp::start().await;
    let first = app.ingested("sales.csv", csv(300, 1)).await;
    let again = app.upload("copy-of-sales.csv", csv(300, 1)).await;
    assert_eq!(again.status(), 409);
    let problem: Value = again.json().await.unwrap();
    assert_eq!((&problem["type"], &problem["upload_id"]), (&json!("/problems/duplicate-upload"), &first["id"]));
    let events = app.get(&app.below("/events?type=DuplicateRejected")).await;
    assert_eq!(events["items"][0]["position"], problem["position"]);
    assert_eq!(events["items"][0]["data"]["filename"], "copy-of-sales.csv");
    app.settle().await;
    assert_eq!(app.get(&app.below("/datasets")).await["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn of_many_equal_files_at_the_same_moment_one_is_taken() {
    let app = TestApp::start().await;
    let uploads = (0..12).map(|number| {
        let name = format!("copy-{number}.csv");
        let app = &app;
        async move { app.upload(&name, csv(300, 1)).await.status().as_u16() }
    });
    let mut statuses = join_all(uploads).await;
    statuses.sort_unstable();
    assert_eq!(statuses[0], 202);
    assert_eq!(statuses[1..], [409; 11]);
    app.settle().await;
    assert_eq!(app.get(&app.below("/uploads")).await["items"].as_array().unwrap().len(), 1);
    let files = std::fs::read_dir(app.folder().join("files").join(&app.customer)).unwrap().count();
    assert_eq!(files, 1, "the losers' bytes must not stay");
}

#[tokio::test]
async fn parallel_uploads_keep_their_own_rows() {
    let app = TestApp::start().await;
    let uploads = (1..=24_u64).map(|number| {
        let app = &app;
        async move { (number, app.upload(&format!("{number}.csv"), csv(100 + number, number)).await) }
    });
    for (number, response) in join_all(uploads).await {
        let path = app.below(&format!("/uploads/{}", id(&response.json().await.unwrap())));
        let upload: Value =
            app.own(Method::GET, &path).header("prefer", "wait=60").send().await.unwrap().json().await.unwrap();
        assert_eq!(upload["row_count"], 100 + number, "{upload}");
        assert_eq!(upload["filename"], format!("{number}.csv"));
    }
}

#[tokio::test]
async fn a_form_with_a_description_is_taken_as_well() {
    let app = TestApp::start().await;
    let form = Form::new().part("file", Part::bytes(csv(200, 1)).file_name("año 1.csv")).text("description", "January");
    let path = app.below(&format!("/stores/{}/uploads", app.store));
    let response = app.own(Method::POST, &path).multipart(form).send().await.unwrap();
    assert_eq!(response.status(), 202);
    assert!(response.headers()["location"].to_str().unwrap().contains("/uploads/"));
    let upload: Value = response.json().await.unwrap();
    assert_eq!((&upload["filename"], &upload["description"]), (&json!("año 1.csv"), &json!("January")));
}

#[tokio::test]
async fn a_repeated_request_is_no_duplicate_under_one_key() {
    let app = TestApp::start().await;
    let path = app.below(&format!("/stores/{}/uploads?filename=a.csv", app.store));
    let send = |bytes: Vec<u8>| {
        app.own(Method::POST, &path)
            .header("idempotency-key", "u1")
            .header("content-type", "text/csv")
            .body(bytes)
            .send()
    };
    let first = send(csv(200, 1)).await.unwrap();
    let again = send(csv(200, 1)).await.unwrap();
    assert_eq!((first.status().as_u16(), again.status().as_u16()), (202, 202));
    assert_eq!(id(&first.json().await.unwrap()), id(&again.json().await.unwrap()));
    assert_eq!(send(csv(200, 2)).await.unwrap().status(), 422);
}

#[tokio::test]
async fn deleted_content_may_come_again() {
    let app = TestApp::start().await;
    let first = app.ingested("sales.csv", csv(300, 1)).await;
    let path = app.below(&format!("/uploads/{}", id(&first)));
    assert_eq!(app.own(Method::DELETE, &path).send().await.unwrap().status(), 204);
    assert_eq!(app.get(&path).await["status"], "deleted");
    assert_eq!(app.get(&app.below("/uploads")).await["items"], json!([]));
    let again = app.ingested("sales.csv", csv(300, 1)).await;
    assert_eq!((&again["status"], &again["id"]), (&json!("ready"), &first["id"]));
    assert_ne!(again["dataset_id"], first["dataset_id"]);
    app.settle().await;
    let old = app.below(&format!("/datasets/{}", first["dataset_id"].as_str().unwrap()));
    assert_eq!(app.own(Method::GET, &old).send().await.unwrap().status(), 404);
    let file = app.own(Method::GET, &format!("{path}/file")).send().await.unwrap();
    assert_eq!(file.bytes().await.unwrap(), csv(300, 1));
}

#[tokio::test]
async fn a_digest_is_checked_and_compressed_content_is_unpacked() {
    use base64::Engine;
    use sha2::Digest;
    let app = TestApp::start().await;
    let path = app.below(&format!("/stores/{}/uploads?filename=a.csv", app.store));
    let digest =
        |bytes: &[u8]| format!("sha-256=:{}:", base64::prelude::BASE64_STANDARD.encode(sha2::Sha256::digest(bytes)));
    let send = |bytes: Vec<u8>, digest: String| {
        app.own(Method::POST, &path)
            .header("content-type", "text/csv")
            .header("content-digest", digest)
            .body(bytes)
            .send()
    };
    assert_eq!(send(csv(200, 1), digest(b"other")).await.unwrap().status(), 400);
    assert_eq!(send(csv(200, 1), "sha-512=:AAAA:".into()).await.unwrap().status(), 400);
    assert_eq!(send(csv(200, 1), digest(&csv(200, 1))).await.unwrap().status(), 202);
    let packed = gzip(&csv(200, 2)).await;
    let response = app
        .own(Method::POST, &path)
        .header("content-type", "text/csv")
        .header("content-encoding", "gzip")
        .header("content-digest", digest(&packed))
        .body(packed)
        .send();
    let upload: Value = response.await.unwrap().json().await.unwrap();
    assert_eq!(upload["size_bytes"], csv(200, 2).len());
}

#[tokio::test]
async fn roles_can_be_corrected_and_are_remembered_for_the_store() {
    let app = TestApp::start().await;
    let file = |rows: u32| {
        let mut text = "alpha,beta,gamma,delta\n".to_owned();
        (0..rows).for_each(|row| text += &format!("c{},o{row},2025-01-{:02},{}.5\n", row % 40, row % 28 + 1, row + 1));
        text
    };
    let upload = app.ingested("odd.csv", file(200)).await;
    let path = app.below(&format!("/datasets/{}", upload["dataset_id"].as_str().unwrap()));
    let roles = json!({"roles": {"alpha": "shopper", "beta": "order", "gamma": "time", "delta": "amount"}});
    let response = app.own(Method::PUT, &format!("{path}/roles")).json(&roles).send().await.unwrap();
    assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
    app.settle().await;
    let dataset = app.get(&path).await;
    assert_eq!((&dataset["shape"], &dataset["shopper_count"]), (&json!("purchases"), &json!(40)));
    let next = app.ingested("odd-2.csv", file(300)).await;
    let next = app.get(&app.below(&format!("/datasets/{}", next["dataset_id"].as_str().unwrap()))).await;
    assert_eq!((&next["shape"], &next["shopper_count"]), (&json!("purchases"), &json!(40)));
    let wrong = json!({"roles": {"alpha": "quantity"}});
    let refused = app.own(Method::PUT, &format!("{path}/roles")).json(&wrong).send().await.unwrap();
    assert_eq!(refused.status(), 422);
}

async fn gzip(bytes: &[u8]) -> Vec<u8> {
    use tokio::io::AsyncWriteExt;
    let mut encoder = async_compression::tokio::write::GzipEncoder::new(Vec::new());
    encoder.write_all(bytes).await.unwrap();
    encoder.shutdown().await.unwrap();
    encoder.into_inner()
}

#[tokio::test]
async fn a_file_is_read_in_another_way_when_a_person_says_so() {
    let app = TestApp::start().await;
    let file = "customer;date;amount\na;01/02/2020;1,5\na;03/04/2020;2\nb;03/04/2020;x\n";
    let upload = app.ingested("sales.csv", file).await;
    assert_eq!(upload["questions"][0]["about"], "date_order");
    let before = app.below(&format!("/datasets/{}", upload["dataset_id"].as_str().unwrap()));
    assert_eq!(
        app.get(&before).await["dialect"]["date_order"],
        json!({"value": "day_month_year", "confidence": 0.5, "basis": "detected"})
    );
    let path = app.below(&format!("/uploads/{}/dialect", id(&upload)));
    let put = |body: Value| app.own(Method::PUT, &path).header("prefer", "wait=30").json(&body).send();
    let mut readings = vec![];
    for _ in 0..2 {
        let answer = put(json!({"date_order": "month_day_year"})).await.unwrap();
        assert_eq!(answer.status(), 200);
        readings.push(answer.json::<Value>().await.unwrap());
    }
    assert_eq!(readings[0], readings[1], "the same choice again changes nothing");
    assert_eq!((&readings[0]["status"], &readings[0]["questions"]), (&json!("ready"), &json!([])));
    assert_ne!(readings[0]["dataset_id"], upload["dataset_id"]);
    let dataset = app.get(&app.below(&format!("/datasets/{}", readings[0]["dataset_id"].as_str().unwrap()))).await;
    assert_eq!(
        (&dataset["columns"][1]["min"], &dataset["dialect"]["date_order"]["basis"]),
        (&json!("2020-01-02"), &json!("chosen"))
    );
    app.settle().await;
    assert_eq!(app.own(Method::GET, &before).send().await.unwrap().status(), 404, "one dataset replaces the other");
    for (body, pointer) in [
        (json!({"encoding": "klingon"}), "/encoding"),
        (json!({"delimiter": "x"}), "/delimiter"),
        (json!({"quote": "ab"}), "/quote"),
    ] {
        let answer = put(body).await.unwrap();
        assert_eq!(answer.status(), 422);
        assert_eq!(answer.json::<Value>().await.unwrap()["errors"][0]["pointer"], pointer);
    }
}

#[tokio::test]
async fn a_rejected_file_may_be_readable_in_another_way() {
    let app = TestApp::start().await;
    let file = "a,b,c\n1,2\n3,4\n";
    let upload = app.ingested("odd.csv", file).await;
    assert_eq!(upload["status"], "rejected");
    let path = app.below(&format!("/uploads/{}/dialect", id(&upload)));
    let answer = app.own(Method::PUT, &path).header("prefer", "wait=30").json(&json!({"delimiter": ";"})).send().await;
    assert_eq!(answer.unwrap().json::<Value>().await.unwrap()["status"], "ready");
}

#[tokio::test]
async fn rows_that_were_left_out_can_be_downloaded() {
    let app = TestApp::start().await;
    let rows = "1,2,2020-01-01\n".repeat(20);
    let upload = app.ingested("sales.csv", format!("customer,quantity,date\n{rows}=2,many,2020-01-01\n3,4\n")).await;
    let rejects = app.below(&format!("/datasets/{}/rejects", upload["dataset_id"].as_str().unwrap()));
    let list = app.get(&rejects).await;
    assert_eq!(
        list["items"][0],
        json!({"line": 22, "column": "quantity", "reason": "'many' is not a whole number", "text": "=2,many,2020-01-01"})
    );
    let file = app.own(Method::GET, &format!("{rejects}/download")).send().await.unwrap().text().await.unwrap();
    assert_eq!(
        file,
        "line,column,reason,text\r\n22,quantity,'many' is not a whole number,\"'=2,many,2020-01-01\"\r\n\
         23,,has 2 fields; the header has 3,\"3,4\"\r\n"
    );
}
