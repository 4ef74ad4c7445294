//! A log built by hand, for tests.

use std::collections::{BTreeMap, HashMap};

use chrono::DateTime;
use domain::csv_dialect::{self, DialectChoice};
use domain::customer::{ApiKeyDetails, StoreDetails};
use domain::dataset::{Column, ColumnRole, ColumnType, NewDataset, Roles, Shape, ShopperSummary};
use domain::report::{
    Algorithm, ClusterCount, DatasetRevision, Features, Parameters, Quality, ReportContext, ReportResult, ReportSpec,
    Scale,
};
use domain::upload::StoredFile;
use domain::{
    ApiKeyId, CustomerEvent, CustomerId, DatasetEvent, DatasetId, Encrypted, MemberRole, Metadata, NotificationEvent,
    Recorded, ReportEvent, ReportId, StoreId, UploadEvent, UploadId, UserEvent, UserId,
};
use serde::Serialize;
use uuid::Uuid;

use super::fold::evolve_all;
use super::rows::notifications::NotificationRow;
use super::view::{Fact, Row, View};

/// A log that grows event by event; aggregates are named by small numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    /// The events so far.
    pub(crate) events: Vec<Recorded>,
    sequences: HashMap<(&'static str, Uuid), u64>,
}

#[expect(clippy::needless_pass_by_value, reason = "a history reads better without borrows")]
impl Log {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn user(self, id: u128, event: UserEvent) -> Self {
        self.with("User", user(id).0, (&event).into(), &event)
    }

    pub(crate) fn customer(self, id: u128, event: CustomerEvent) -> Self {
        self.with("Customer", customer(id).0, (&event).into(), &event)
    }

    pub(crate) fn upload(self, id: u128, event: UploadEvent) -> Self {
        self.with("Upload", upload(id).0, (&event).into(), &event)
    }

    pub(crate) fn dataset(self, upload: u128, generation: u32, event: DatasetEvent) -> Self {
        self.with("Dataset", dataset(upload, generation).0, (&event).into(), &event)
    }

    pub(crate) fn report(self, id: u128, event: ReportEvent) -> Self {
        self.with("Report", report(id).0, (&event).into(), &event)
    }

    /// The newest outcome is seen by who was told.
    pub(crate) fn seen(self) -> Self {
        let outcomes = ["DatasetCreated", "DatasetRejected", "ReportCompleted", "ReportFailed"];
        let newest = self.events.iter().rev().find(|event| outcomes.contains(&event.event_type.as_str()));
        match newest.map(Recorded::id) {
            Some(outcome) => self.read(outcome),
            None => self,
        }
    }

    /// An outcome is seen by who was told.
    pub(crate) fn read(self, outcome: Uuid) -> Self {
        let told = self.events.iter().find(|event| event.id() == outcome).unwrap();
        let id = NotificationRow::keys(&Fact::of(told).unwrap()).into_iter().next().unwrap().parse().unwrap();
        let event = NotificationEvent::NotificationRead { outcome };
        self.with("Notification", id, (&event).into(), &event)
    }

    fn with(mut self, aggregate: &'static str, id: Uuid, name: &'static str, event: &impl Serialize) -> Self {
        let sequence = self.sequences.entry((aggregate, id)).or_default();
        *sequence += 1;
        let position = self.events.len() as u64 + 1;
        self.events.push(Recorded {
            position,
            aggregate_type: aggregate.to_owned(),
            aggregate_id: id,
            sequence: *sequence,
            event_type: name.to_owned(),
            event_version: "1".to_owned(),
            payload: serde_json::to_value(event).unwrap(),
            metadata: Metadata::default(),
            recorded_at: DateTime::from_timestamp(1_700_000_000 + position.cast_signed(), 0).unwrap(),
        });
        self
    }

    /// The rows of a view, folded in memory.
    pub(crate) fn rows<T: View>(&self) -> BTreeMap<String, Row<T>> {
        let facts: Vec<Fact<'_>> = self.events.iter().map(|event| Fact::of(event).unwrap()).collect();
        let mut rows = BTreeMap::new();
        evolve_all(&mut rows, &facts);
        rows
    }

    /// The only row of a view.
    pub(crate) fn only<T: View>(&self) -> Row<T> {
        let rows = self.rows();
        assert_eq!(rows.len(), 1);
        rows.into_values().next().unwrap()
    }
}

pub(crate) fn user(id: u128) -> UserId {
    UserId(Uuid::from_u128(0x1000 + id))
}

pub(crate) fn customer(id: u128) -> CustomerId {
    CustomerId(Uuid::from_u128(0x2000 + id))
}

pub(crate) fn store(id: u128) -> StoreId {
    StoreId(Uuid::from_u128(0x3000 + id))
}

pub(crate) fn upload(id: u128) -> UploadId {
    UploadId(Uuid::from_u128(0x4000 + id))
}

pub(crate) fn report(id: u128) -> ReportId {
    ReportId(Uuid::from_u128(0x5000 + id))
}

pub(crate) fn dataset(id: u128, generation: u32) -> DatasetId {
    DatasetId::of_upload(upload(id), generation)
}

pub(crate) fn sealed(text: &str) -> Encrypted {
    Encrypted { key_id: Uuid::nil(), data: text.to_owned() }
}

pub(crate) fn signed_up() -> UserEvent {
    UserEvent::UserRegistered {
        email: sealed("ana@example.com"),
        name: sealed("Ana"),
        phone_number: None,
        credential_id: Uuid::nil(),
        request: None,
    }
}

pub(crate) fn registered(name: &str) -> CustomerEvent {
    CustomerEvent::CustomerRegistered { name: name.into(), description: None }
}

pub(crate) fn added(id: u128, role: MemberRole) -> CustomerEvent {
    CustomerEvent::MemberAdded { user_id: user(id), role, email: None }
}

pub(crate) fn api_key(id: u128) -> ApiKeyId {
    ApiKeyId(Uuid::from_u128(0x6000 + id))
}

pub(crate) fn key_created(id: u128) -> CustomerEvent {
    let details = ApiKeyDetails { name: "Nightly".into(), role: MemberRole::Analyst };
    CustomerEvent::ApiKeyCreated { key_id: api_key(id), details, created_by: user(1) }
}

/// A store in Madrid, at a place whose coordinates no decimal fraction tells exactly.
pub(crate) fn opened(id: u128, name: &str) -> CustomerEvent {
    let location = domain::customer::Location { longitude: -3.7 + 0.1 * id as f64, latitude: 40.4 / 3.0 };
    let details = StoreDetails { name: name.into(), city: Some("Madrid".into()), location: Some(location) };
    CustomerEvent::StoreOpened { store_id: store(id), details }
}

pub(crate) fn uploaded(generation: u32) -> UploadEvent {
    uploaded_to(1, 1, generation)
}

pub(crate) fn uploaded_to(customer_id: u128, store_id: u128, generation: u32) -> UploadEvent {
    let file = StoredFile {
        customer_id: customer(customer_id),
        store_id: store(store_id),
        filename: "sales.csv".into(),
        description: None,
        size_bytes: 100,
        sha256: "00".into(),
        location: format!("somewhere/{generation}"),
        uploaded_by: user(1),
        request: None,
    };
    UploadEvent::FileUploaded { generation, file }
}

pub(crate) fn removed(generation: u32) -> UploadEvent {
    UploadEvent::UploadDeleted { generation, location: format!("somewhere/{generation}") }
}

pub(crate) fn created(upload_id: u128) -> DatasetEvent {
    created_for(1, 1, upload_id)
}

pub(crate) fn created_for(customer_id: u128, store_id: u128, upload_id: u128) -> DatasetEvent {
    DatasetEvent::DatasetCreated(Box::new(NewDataset {
        upload_id: upload(upload_id),
        customer_id: customer(customer_id),
        store_id: store(store_id),
        row_count: 3,
        rejected_row_count: 1,
        repeated_row_count: None,
        encoding: "UTF-8".into(),
        delimiter: ",".into(),
        dialect: None,
        questions: vec![question()],
        columns: vec![
            column("who", ColumnType::Text, None),
            column("spent", ColumnType::Decimal, Some(ColumnRole::Amount)),
        ],
        shoppers: Ok(summary(2)),
        remembered: None,
    }))
}

pub(crate) fn question() -> csv_dialect::Question {
    csv_dialect::Question {
        about: "date_order".into(),
        columns: vec!["when".into()],
        text: "day or month first?".into(),
    }
}

pub(crate) fn chosen(generation: u32) -> UploadEvent {
    let dialect = DialectChoice { delimiter: Some(";".into()), ..DialectChoice::default() };
    UploadEvent::DialectChosen { generation, dialect, chosen_by: user(1) }
}

pub(crate) fn rejected(upload_id: u128) -> DatasetEvent {
    DatasetEvent::DatasetRejected { upload_id: upload(upload_id), reason: "it is a picture".into() }
}

pub(crate) fn assigned(revision: u32, name: &str, role: ColumnRole) -> DatasetEvent {
    DatasetEvent::ColumnRolesAssigned { revision, roles: Roles::from([(name.to_owned(), role)]) }
}

pub(crate) fn aggregated(revision: u32, shopper_count: u64) -> DatasetEvent {
    DatasetEvent::ShoppersAggregated { revision, shoppers: Ok(summary(shopper_count)) }
}

fn summary(shopper_count: u64) -> ShopperSummary {
    ShopperSummary { shape: Shape::Purchases, shopper_count, order_count: 3, purchase_row_count: 3, revenue: 0.1 + 0.2 }
}

fn column(name: &str, column_type: ColumnType, role: Option<ColumnRole>) -> Column {
    let (min, max) = ((0.1 + 0.2).into(), (1e21 / 3.0).into());
    Column { name: name.into(), column_type, null_count: 0, min, max, role, reason: None }
}

pub(crate) fn asked(customer_id: u128) -> ReportEvent {
    let parameters = Parameters {
        features: Features::Rfm,
        scale: Scale::Auto,
        algorithm: Algorithm::Kmeans,
        clusters: ClusterCount::Exactly(2),
        epsilon: None,
        min_points: None,
        as_of: None,
        rfm_grid: None,
        seed: 0,
    };
    let datasets = vec![DatasetRevision { dataset_id: dataset(1, 1), revision: 0 }];
    let (customer_id, spec) = (customer(customer_id), ReportSpec::new(datasets, parameters));
    let context = ReportContext { previous: None, store_ids: vec![store(1)] };
    ReportEvent::ReportRequested { customer_id, spec, context, requested_by: user(1) }
}

pub(crate) fn completed() -> ReportEvent {
    ReportEvent::ReportCompleted(Box::new(ReportResult {
        as_of: None,
        shopper_count: 4,
        features: vec!["recency".into()],
        scaling: vec![],
        clusters: 2,
        noise_count: 0,
        iterations: 3,
        converged: true,
        quality: Quality { silhouette: Some(0.1 + 0.2), ..Quality::default() },
        candidates: vec![],
        segments: vec![],
        rfm: None,
        notes: vec![],
        mixture: vec![],
        previous: None,
        sources: vec![],
        program_version: None,
    }))
}
