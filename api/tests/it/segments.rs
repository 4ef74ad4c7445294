//! Segments that can be trusted: the same whatever files the data comes in, followed from report to report, reproducible.

use std::collections::{BTreeMap, HashMap};

use datacore::cli::replay;
use datacore::cli::sample_data::{Plan, purchases, truth};
use processors::Context;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{TestApp, csv, id};

#[tokio::test]
async fn monthly_cumulative_and_whole_files_give_the_same_segments() {
    let text = String::from_utf8(csv(12_000, 3)).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let mut months: BTreeMap<&str, String> = BTreeMap::new();
    for row in rows.lines() {
        let month = &row.split(',').nth(1).unwrap()[..7];
        *months.entry(month).or_default() += &format!("{row}\n");
    }
    let monthly: Vec<String> = months.values().map(|rows| format!("{header}\n{rows}")).collect();
    let through = |last: usize| months.values().take(last + 1).cloned().collect::<String>();
    let cumulative: Vec<String> = (0..months.len()).map(|last| format!("{header}\n{}", through(last))).collect();
    let question = json!({"features": {"purchases": [
        "recency", "frequency", "monetary", "average_basket", "tenure", "return_rate", "category_shares"]}});
    let whole = segments_of(std::slice::from_ref(&text), &question).await;
    assert_eq!(whole, segments_of(&monthly, &question).await);
    assert_eq!(whole, segments_of(&cumulative, &question).await);
    assert!(whole.contains("\"lift\""), "{whole}");
}

/// The report's segments, byte for byte, of files that are uploaded one after the other.
async fn segments_of(files: &[String], question: &Value) -> String {
    let app = TestApp::start().await;
    for (index, file) in files.iter().enumerate() {
        assert_eq!(app.ingested(&format!("{index}.csv"), file.clone()).await["status"], "ready");
    }
    let report = app.report(question).await;
    assert_eq!(report["status"], "completed", "{report}");
    serde_json::to_string(&json!([report["segments"], report["rfm"], report["quality"]])).unwrap()
}

#[tokio::test]
async fn the_later_version_of_an_order_counts_until_it_is_deleted() {
    let app = TestApp::start().await;
    let sales = |amount: u32| {
        let row = |shopper: u32| {
            let again = shopper % 28 + 1;
            format!("c{shopper},a{shopper},2025-01-{again:02},{amount}\nc{shopper},b{shopper},2025-02-{again:02},5\n")
        };
        format!("customer_id,order_id,date,amount\n{}", (0..40).map(row).collect::<String>())
    };
    app.ingested("first.csv", sales(10)).await;
    let corrected = app.ingested("second.csv", sales(30).replace(",b", ",x")).await;
    app.settle().await;
    let datasets = app.get(&app.below("/datasets")).await;
    let (second, first) = (&datasets["items"][0], &datasets["items"][1]);
    assert_eq!(first["overlaps"], json!([]));
    assert_eq!(second["overlaps"], json!([{"dataset_id": first["id"], "revision": 0, "order_count": 40}]));
    let revenue = |report: &Value| {
        let segments = report["segments"].as_array().unwrap();
        segments.iter().map(|segment| segment["revenue"].as_f64().unwrap()).sum::<f64>()
    };
    let both = app.report(&json!({"clusters": 3})).await;
    assert_eq!(revenue(&both), 40.0 * (30.0 + 5.0 + 5.0));
    assert_eq!(both["sources"][0]["replaced_order_count"], 40);
    let path = app.below(&format!("/uploads/{}", id(&corrected)));
    assert_eq!(app.own(Method::DELETE, &path).send().await.unwrap().status(), 204);
    app.settle().await;
    let restored = app.report(&json!({"clusters": 3})).await;
    assert_eq!(revenue(&restored), 40.0 * (10.0 + 5.0));
}

#[tokio::test]
async fn shoppers_who_change_their_habits_move_to_another_segment() {
    let app = TestApp::start().await;
    let plan = Plan { rows: 20_000, seed: 6, shoppers: None, year: 1 };
    let mut reports = vec![];
    for year in [1, 2] {
        let mut file = Vec::new();
        purchases(&Plan { year, ..plan }, &mut file).unwrap();
        let upload = app.ingested(&format!("{year}.csv"), file).await;
        reports.push(app.report(&json!({"dataset_ids": [upload["dataset_id"]]})).await);
    }
    assert_eq!(reports[1]["previous"]["report_id"], reports[0]["id"]);
    assert_eq!(reports[1]["previous"]["continues"], json!([0, 1, 2, 3, 4]), "segments keep their numbers");
    let path = app.below(&format!("/reports/{}/compare/{}", id(&reports[0]), id(&reports[1])));
    let compared = app.get(&path).await;
    assert_eq!((&compared["entered"], &compared["left"]), (&json!(0), &json!(0)));
    let counted: u64 = compared["moved"].as_array().unwrap().iter().map(|one| one["shoppers"].as_u64().unwrap()).sum();
    let moved = all(&app, &format!("{path}/shoppers?change=moved")).await;
    assert_eq!(moved.len() as u64, counted);
    assert_eq!(counted + compared["stayed"].as_u64().unwrap(), reports[1]["shopper_count"].as_u64().unwrap());
    let before: HashMap<String, String> = truth(&plan).map(|(shopper, kind)| (shopper, kind.to_string())).collect();
    let second = Plan { year: 2, ..plan };
    let known = truth(&second).filter(|(shopper, kind)| before[shopper] != kind.to_string());
    let known: std::collections::HashSet<String> = known.map(|(shopper, _)| shopper).collect();
    let found = moved.iter().filter(|row| known.contains(row["shopper"].as_str().unwrap())).count();
    assert!(found as f64 > 0.95 * known.len() as f64, "{found} of {} movers are found", known.len());
    assert!(found as f64 > 0.85 * moved.len() as f64, "{found} of {} moved", moved.len());
    let one = &compared["moved"][0];
    let file = format!("{path}/export?from={}&to={}", one["from"], one["to"]);
    let file = app.own(Method::GET, &file).send().await.unwrap().text().await.unwrap();
    assert_eq!(file.lines().count() as u64 - 1, one["shoppers"].as_u64().unwrap());
}

#[tokio::test]
async fn a_report_is_computed_again_from_its_files() {
    let app = TestApp::start().await;
    app.ingested("sales.csv", csv(6_000, 8)).await;
    let first = app.report(&json!({})).await;
    let second = app.report(&json!({"algorithm": "gaussian_mixture", "clusters": 3, "seed": 4})).await;
    let (commands, projections) = (app.app.commands.clone(), app.app.projections.clone());
    let program_version = "another build".into();
    let context = Context { commands, projections, mailer: None, program_version };
    for report in [first, second] {
        assert_eq!(report["sources"][0]["sha256"].as_str().unwrap().len(), 64);
        let (is_same, sentence) = replay::report(&context, id(&report).parse().unwrap()).await.unwrap();
        assert!(is_same, "{sentence}");
    }
}

#[tokio::test]
async fn shoppers_are_scored_by_name_and_by_values() {
    let app = TestApp::start().await;
    app.ingested("sales.csv", csv(6_000, 8)).await;
    for algorithm in ["kmeans", "gaussian_mixture"] {
        let report = app.report(&json!({"clusters": 4, "algorithm": algorithm})).await;
        let path = app.below(&format!("/reports/{}", id(&report)));
        let rows = all(&app, &format!("{path}/shoppers?limit=200")).await;
        let values: Vec<Value> = rows
            .iter()
            .take(300)
            .map(|row| json!({"recency": row["recency"], "frequency": row["frequency"], "monetary": row["monetary"]}))
            .collect();
        let names: Vec<&Value> = rows.iter().take(300).map(|row| &row["shopper"]).collect();
        let scores = app.post(&format!("{path}/score"), &json!({"shoppers": names, "values": values})).await;
        for (place, row) in rows.iter().take(300).enumerate() {
            assert_eq!(scores["shoppers"][place]["segment"], row["segment"]);
            assert_eq!(scores["values"][place]["segment"], row["segment"], "{row}");
        }
        let unknown = app.post(&format!("{path}/score"), &json!({"shoppers": ["nobody"]})).await;
        assert_eq!(unknown["shoppers"][0]["segment"], Value::Null);
        let wrong = app.own(Method::POST, &format!("{path}/score")).json(&json!({"values": [{"recency": 1}]}));
        assert_eq!(wrong.send().await.unwrap().status(), 422);
    }
}

#[tokio::test]
async fn a_customer_renames_and_cuts_its_grid() {
    let app = TestApp::start().await;
    app.ingested("sales.csv", csv(3_000, 1)).await;
    let path = app.below("/rfm-grid");
    let mut grid = app.get(&path).await;
    assert_eq!(grid["cells"][4][4], "champions");
    let before = app.report(&json!({"clusters": 3})).await;
    grid["cells"][4] = json!(["VIP", "VIP", "VIP", "VIP", "VIP"]);
    let put = |grid: Value| app.own(Method::PUT, &path).json(&grid).send();
    assert_eq!(put(grid.clone()).await.unwrap().status(), 200);
    let after = app.report(&json!({"clusters": 3})).await;
    assert_ne!(before["id"], after["id"]);
    let names: Vec<&str> =
        after["rfm"].as_array().unwrap().iter().map(|group| group["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"VIP") && !names.contains(&"champions"), "{names:?}");
    assert_eq!(before["segments"].as_array().unwrap().len(), after["segments"].as_array().unwrap().len());
    grid["cells"][0][0] = json!("");
    assert_eq!(put(grid).await.unwrap().status(), 422);
}

#[tokio::test]
async fn categories_are_features_on_request() {
    let app = TestApp::start().await;
    let row = |number: u32| {
        let (gender, income) = if number.is_multiple_of(2) { ("Female", 20) } else { ("Male", 80) };
        format!(
            "{number},{gender},{},{}\n",
            income + number % 7,
            if number == 5 { String::new() } else { number.to_string() }
        )
    };
    let table = (0..80).map(row).collect::<String>();
    app.ingested("shoppers.csv", format!("CustomerID,Gender,Income,Points\n{table}")).await;
    let report = app.report(&json!({"features": {"columns": ["Gender", "Income"]}, "clusters": 2})).await;
    assert_eq!(report["features"], json!(["Gender: Female", "Gender: Male", "Income"]), "{report}");
    assert!(report["segments"][0]["name"].as_str().unwrap().contains("ale (Gender)"), "{}", report["segments"][0]);
    let path = app.below(&format!("/reports/{}/score", id(&report)));
    let scores = app.post(&path, &json!({"values": [{"Gender": "Male", "Income": 82}]})).await;
    let male = report["segments"].as_array().unwrap().iter().position(|one| one["centroid"]["Gender: Male"] == 1.0);
    assert_eq!(scores["values"][0]["segment"].as_u64().map(|index| index as usize), male);
}

async fn all(app: &TestApp, base: &str) -> Vec<Value> {
    let (mut rows, mut path) = (vec![], base.to_owned());
    loop {
        let page = app.get(&path).await;
        rows.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { return rows };
        path = format!("{base}{}cursor={next}", if base.contains('?') { "&" } else { "?" });
    }
}
