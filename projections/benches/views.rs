//! Events folded per second on a backlog, and lists and rows read per second, on both engines: `cargo bench -p projections`.
//! Needs a PostgreSQL server as the tests do.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, missing_docs)]

use std::time::{Duration, Instant};

use chrono::DateTime;
use domain::upload::StoredFile;
use domain::{CustomerEvent, CustomerId, DatasetId, Metadata, Recorded, StoreId, UploadEvent, UploadId, UserId};
use futures::future::join_all;
use migrations::testing::FreshPostgres;
use projections::{UploadFilter, Views};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

const BACKLOG: u64 = 100_000;
/// As many as `project` folds at once.
const BATCH: usize = 1_000;
const CUSTOMERS: u64 = 50;
const READERS: usize = 16;
/// How long each rate of reading is measured.
const SECONDS: u64 = 4;

#[tokio::main]
async fn main() {
    let events = backlog();
    println!("engine    events folded/s  lists of 50 uploads/s  uploads by id/s");
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite://{}/views.sqlite", folder.path().display());
    measure("sqlite", &Views::open(&sqlite.parse().unwrap()).await.unwrap(), &events).await;
    let database = FreshPostgres::new().await;
    measure("postgres", &Views::open(&database.url).await.unwrap(), &events).await;
}

async fn measure(engine: &str, views: &Views, events: &[Recorded]) {
    let start = Instant::now();
    for batch in events.chunks(BATCH) {
        views.apply(batch).await.unwrap();
    }
    let folded = events.len() as f64 / start.elapsed().as_secs_f64();
    let lists = rate(views, async |views, number| {
        let page = views.uploads(customer(number), &UploadFilter::default(), None, 50).await.unwrap();
        assert_eq!(page.items.len(), 50);
    });
    let lists = lists.await;
    let rows = rate(views, async |views, number| {
        let id = UploadId(Uuid::from_u128(u128::from(number % 10_000)));
        views.upload(customer(number), id).await.unwrap().unwrap();
    });
    println!("{engine:<8}  {folded:>15.0}  {lists:>21.0}  {:>15.0}", rows.await);
}

/// How often some readers at once do something.
async fn rate(views: &Views, read: impl AsyncFn(&Views, u64)) -> f64 {
    let start = Instant::now();
    let reader = async |reader: usize| {
        let mut done = 0;
        while start.elapsed() < Duration::from_secs(SECONDS) {
            read(views, done * READERS as u64 + reader as u64).await;
            done += 1;
        }
        done
    };
    let done: u64 = join_all((0..READERS).map(reader)).await.into_iter().sum();
    done as f64 / start.elapsed().as_secs_f64()
}

/// Customers with a store each, then uploads that become datasets, some of them sent twice.
fn backlog() -> Vec<Recorded> {
    let mut events = vec![];
    for number in 0..CUSTOMERS {
        let registered = CustomerEvent::CustomerRegistered { name: format!("Customer {number}"), description: None };
        record(&mut events, "Customer", customer(number).0, 1, (&registered).into(), &registered);
    }
    for number in 0.. {
        let (upload, file) = (UploadId(Uuid::from_u128(number.into())), file(number));
        let dataset = DatasetId::of_upload(upload, 1);
        let uploaded = UploadEvent::FileUploaded { generation: 1, file };
        record(&mut events, "Upload", upload.0, 1, (&uploaded).into(), &uploaded);
        record(&mut events, "Dataset", dataset.0, 1, "DatasetCreated", &created(number, upload));
        if number % 4 == 0 {
            let store_id = StoreId(Uuid::nil());
            let again = UploadEvent::DuplicateRejected { filename: "copy.csv".into(), store_id, uploaded_by: USER };
            record(&mut events, "Upload", upload.0, 2, (&again).into(), &again);
        }
        if events.len() as u64 >= BACKLOG {
            break;
        }
    }
    events.truncate(BACKLOG as usize);
    events
}

fn record(events: &mut Vec<Recorded>, of: &str, id: Uuid, sequence: u64, name: &'static str, event: &impl Serialize) {
    events.push(Recorded {
        position: events.len() as u64 + 1,
        aggregate_type: of.to_owned(),
        aggregate_id: id,
        sequence,
        event_type: name.to_owned(),
        event_version: "1".to_owned(),
        payload: serde_json::to_value(event).unwrap(),
        metadata: Metadata::default(),
        recorded_at: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
    });
}

const USER: UserId = UserId(Uuid::nil());

fn customer(number: u64) -> CustomerId {
    CustomerId(Uuid::from_u128(u128::from(number % CUSTOMERS) + 1))
}

fn file(number: u64) -> StoredFile {
    StoredFile {
        customer_id: customer(number),
        store_id: StoreId(Uuid::nil()),
        filename: format!("sales-{number}.csv"),
        description: None,
        size_bytes: 1_000_000,
        sha256: format!("{number:064}"),
        location: format!("somewhere/{number}"),
        uploaded_by: USER,
        request: None,
    }
}

/// The payload that is kept as an example of the event, for another upload.
fn created(number: u64, upload: UploadId) -> Value {
    let example = include_str!("../../domain/tests/golden/Dataset/DatasetCreated.v1.json");
    let mut payload: Value = serde_json::from_str(example).unwrap();
    let facts = &mut payload["DatasetCreated"];
    facts["upload_id"] = json!(upload);
    facts["customer_id"] = json!(customer(number));
    payload
}
