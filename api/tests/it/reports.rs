//! From datasets to segments.

use std::collections::HashMap;

use datacore::cli::sample_data::{Plan, truth};
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{TestApp, csv, id};

#[tokio::test]
async fn finds_the_kinds_of_shoppers_that_are_there() {
    let app = TestApp::start().await;
    app.ingested("sales.csv", csv(20_000, 1)).await;
    let report = app.report(&json!({})).await;
    assert_eq!(report["status"], "completed", "{report}");
    let kinds: HashMap<String, String> = truth(&Plan { rows: 20_000, seed: 1, shoppers: None, year: 1 })
        .map(|(shopper, kind)| (shopper, kind.to_string()))
        .collect();
    let pairs: Vec<(String, u64)> = all_shoppers(&app, &report, "")
        .await
        .iter()
        .map(|row| (kinds[row["shopper"].as_str().unwrap()].clone(), row["segment"].as_u64().unwrap()))
        .collect();
    let index = adjusted_rand_index(&pairs);
    assert!(index > 0.9, "adjusted Rand index {index}");
}

#[tokio::test]
async fn segments_are_complete_and_ordered_by_revenue() {
    let app = TestApp::start().await;
    app.ingested("sales.csv", csv(5_000, 2)).await;
    let report = app.report(&json!({"clusters": 4})).await;
    let shown = app.get(&app.below(&format!("/reports/{}", id(&report)))).await;
    assert_eq!(shown, report, "what is stored is shown as it was answered");
    let segments = report["segments"].as_array().unwrap();
    let column = |name: &str| segments.iter().map(|segment| segment[name].as_f64().unwrap()).collect::<Vec<_>>();
    assert_eq!(segments.len(), 4);
    assert!(column("revenue").is_sorted_by(|a, b| a >= b));
    assert_eq!(column("size").iter().sum::<f64>(), report["shopper_count"].as_f64().unwrap());
    assert!((column("share").iter().sum::<f64>() - 1.0).abs() < 1e-9);
    assert!((column("revenue_share").iter().sum::<f64>() - 1.0).abs() < 1e-9);
    let names: std::collections::HashSet<_> =
        segments.iter().map(|segment| segment["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 4);
    assert!(segments.iter().all(|segment| !segment["top_products"].as_array().unwrap().is_empty()));
    assert_eq!(
        report["rfm"].as_array().unwrap().iter().map(|group| group["size"].as_u64().unwrap()).sum::<u64>(),
        report["shopper_count"].as_u64().unwrap()
    );
    for segment in segments {
        let rows = all_shoppers(&app, &report, &format!("&segment={}", segment["index"])).await;
        assert_eq!(rows.len() as u64, segment["size"].as_u64().unwrap());
    }
    let group = report["rfm"][0].clone();
    let rows = all_shoppers(&app, &report, &format!("&rfm={}", group["name"].as_str().unwrap())).await;
    assert_eq!(rows.len() as u64, group["size"].as_u64().unwrap());
}

#[tokio::test]
async fn the_same_question_is_answered_once() {
    let app = TestApp::start().await;
    app.ingested("sales.csv", csv(3_000, 1)).await;
    let question = json!({"clusters": 3, "seed": 7});
    let first = app.report(&question).await;
    assert_eq!(first["cached"], false);
    let again = app.own(Method::POST, &app.below("/reports")).json(&question).send().await.unwrap();
    assert_eq!(again.status(), 200);
    let again: Value = again.json().await.unwrap();
    assert_eq!((&again["cached"], &again["id"], &again["segments"]), (&json!(true), &first["id"], &first["segments"]));
    let other = app.report(&json!({"clusters": 3, "seed": 8})).await;
    assert_ne!(other["id"], first["id"]);
    assert_eq!(app.get(&app.below("/reports")).await["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn stores_are_merged_shopper_by_shopper() {
    let app = TestApp::start().await;
    let text = String::from_utf8(csv(4_000, 5)).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let (mut even, mut odd) = (format!("{header}\n"), format!("{header}\n"));
    // Whole orders go to one of the two files.
    for row in rows.lines() {
        let invoice = row.split(',').next().unwrap();
        let half = if invoice.bytes().last().unwrap().is_multiple_of(2) { &mut even } else { &mut odd };
        *half += &format!("{row}\n");
    }
    app.ingested("even.csv", even).await;
    app.ingested("odd.csv", odd).await;
    let merged = app.report(&json!({"clusters": 4})).await;
    let whole = TestApp::start().await;
    whole.ingested("all.csv", text).await;
    let whole = whole.report(&json!({"clusters": 4})).await;
    for field in ["shopper_count", "as_of", "quality", "iterations"] {
        assert_eq!(merged[field], whole[field], "{field}");
    }
}

#[tokio::test]
async fn a_shopper_table_is_clustered_by_its_numbers() {
    let app = TestApp::start().await;
    let mut table = "CustomerID,Income,Score\n".to_owned();
    for (group, (income, score)) in [(20, 80), (80, 20), (50, 50)].into_iter().enumerate() {
        for number in 0..40 {
            table += &format!("{},{},{}\n", group * 100 + number, income + number % 7, score + number % 5);
        }
    }
    app.ingested("shoppers.csv", table).await;
    let report = app.report(&json!({})).await;
    assert_eq!((&report["clusters"], &report["features"]), (&json!(3), &json!(["Income", "Score"])));
    let sizes: Vec<_> = report["segments"].as_array().unwrap().iter().map(|segment| segment["size"].clone()).collect();
    assert_eq!(sizes, [40, 40, 40]);
    assert_eq!(report["rfm"], Value::Null);
}

#[tokio::test]
async fn the_other_algorithms_answer_too() {
    let app = TestApp::start().await;
    app.ingested("sales.csv", csv(5_000, 1)).await;
    let mixture = app.report(&json!({"algorithm": "gaussian_mixture", "clusters": 3})).await;
    assert_eq!((&mixture["status"], &mixture["clusters"]), (&json!("completed"), &json!(3)), "{mixture}");
    let density = app.report(&json!({"algorithm": "dbscan", "epsilon": 0.5, "min_points": 5})).await;
    assert_eq!(density["status"], "completed", "{density}");
}

#[tokio::test]
async fn too_little_data_is_a_failed_report_with_a_reason() {
    let app = TestApp::start().await;
    let nothing = app.own(Method::POST, &app.below("/reports")).json(&json!({})).send().await.unwrap();
    assert_eq!(nothing.status(), 409);
    assert_eq!(nothing.json::<Value>().await.unwrap()["type"], "/problems/no-data");
    app.ingested("few.csv", "customer_id,order_id,date,amount\n1,1,2025-01-01,5\n1,2,2025-01-02,5\n2,3,2025-01-03,7\n")
        .await;
    let report = app.report(&json!({})).await;
    assert_eq!(report["status"], "failed");
    assert!(report["error"].as_str().unwrap().len() > 20, "{report}");
}

#[tokio::test]
async fn parameters_that_cannot_work_are_refused() {
    let app = TestApp::start().await;
    app.ingested("sales.csv", csv(1_000, 1)).await;
    for question in [
        json!({"clusters": 1}),
        json!({"clusters": 51}),
        json!({"clusters": "many"}),
        json!({"algorithm": "dbscan"}),
        json!({"epsilon": 0.5}),
        json!({"algorithm": "dbscan", "epsilon": -1.0, "min_points": 5}),
        json!({"features": {"columns": ["nope"]}}),
        json!({"features": "rfmx"}),
        json!({"as_of": "yesterday"}),
        json!({"dataset_ids": ["00000000-0000-0000-0000-000000000000"]}),
        json!({"store_ids": ["00000000-0000-0000-0000-000000000000"]}),
        json!({"seed": 9_007_199_254_740_992_u64}),
        json!({"algorithm": null}),
        json!({"features": {"columns": ["unit_price"], "wat": 1}}),
        json!({"as_of": "+262142-12-31"}),
        json!({"wat": 1}),
    ] {
        let response = app.own(Method::POST, &app.below("/reports")).json(&question).send().await.unwrap();
        assert_eq!(response.status(), 422, "{question}");
        let problem: Value = response.json().await.unwrap();
        assert!(!problem["errors"].as_array().unwrap().is_empty(), "{problem}");
    }
}

#[tokio::test]
async fn a_segment_is_exported_for_a_campaign() {
    let app = TestApp::start().await;
    app.ingested("sales.csv", csv(3_000, 1)).await;
    let report = app.report(&json!({"clusters": 3})).await;
    let path = app.below(&format!("/reports/{}/export?segment=0&format=csv", id(&report)));
    let file = app.own(Method::GET, &path).send().await.unwrap().text().await.unwrap();
    assert_eq!(file.lines().count() as u64 - 1, report["segments"][0]["size"].as_u64().unwrap());
    assert!(file.starts_with("shopper,segment,rfm,distance,recency,frequency,monetary"), "{file:.80}");
}

async fn all_shoppers(app: &TestApp, report: &Value, filter: &str) -> Vec<Value> {
    let base = app.below(&format!("/reports/{}/shoppers?limit=200{filter}", id(report)));
    let (mut rows, mut path) = (vec![], base.clone());
    loop {
        let page = app.get(&path).await;
        rows.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { return rows };
        path = format!("{base}&cursor={next}");
    }
}

/// Hubert and Arabie 1985.
fn adjusted_rand_index(pairs: &[(String, u64)]) -> f64 {
    let choose = |n: &u64| (*n * (*n).saturating_sub(1) / 2) as f64;
    let (mut cells, mut rows, mut columns) = (HashMap::new(), HashMap::new(), HashMap::new());
    for (kind, segment) in pairs {
        *cells.entry((kind, segment)).or_insert(0_u64) += 1;
        *rows.entry(kind).or_insert(0_u64) += 1;
        *columns.entry(segment).or_insert(0_u64) += 1;
    }
    let together: f64 = cells.values().map(choose).sum();
    let (by_kind, by_segment): (f64, f64) = (rows.values().map(choose).sum(), columns.values().map(choose).sum());
    let expected = by_kind * by_segment / choose(&(pairs.len() as u64));
    (together - expected) / ((by_kind + by_segment) / 2.0 - expected)
}
