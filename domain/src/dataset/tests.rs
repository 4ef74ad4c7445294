//! What datasets accept and refuse: given, when, then.

use cqrs_es::test::TestFramework;
use serde_json::Value;
use uuid::Uuid;

use super::*;
use crate::ids::{CustomerId, DatasetId, StoreId, UploadId};

type Datasets = TestFramework<Dataset>;

#[test]
fn is_created_once_however_often_the_work_is_delivered() {
    Datasets::with(())
        .given(vec![created()])
        .when(DatasetCommand::CreateDataset(new_dataset()))
        .then_expect_events(vec![]);
}

#[test]
fn deleting_comes_before_a_creation_that_is_still_running() {
    Datasets::with(())
        .given(vec![DatasetEvent::DatasetDeleted { upload_id: UploadId(Uuid::nil()) }])
        .when(DatasetCommand::CreateDataset(new_dataset()))
        .then_expect_error(DatasetError::Deleted);
}

#[test]
fn assigning_roles_starts_a_new_revision() {
    Datasets::with(()).given(vec![created()]).when(assign(&[("who", ColumnRole::Shopper)])).then_expect_events(vec![
        DatasetEvent::ColumnRolesAssigned { revision: 1, roles: Roles::from([("who".into(), ColumnRole::Shopper)]) },
    ]);
}

#[test]
fn counting_does_not_make_stale_what_a_person_has_seen_of_the_columns() {
    let who = Roles::from([("who".into(), ColumnRole::Shopper)]);
    let seen = |version| DatasetCommand::AssignColumnRoles { roles: who.clone(), expected_version: Some(version) };
    let compared = DatasetEvent::OrdersCompared { revision: 0, overlaps: vec![] };
    let assigned = DatasetEvent::ColumnRolesAssigned { revision: 1, roles: who.clone() };
    Datasets::with(()).given(vec![created(), compared]).when(seen(1)).then_expect_events(vec![assigned.clone()]);
    Datasets::with(()).given(vec![created(), assigned]).when(seen(1)).then_expect_error(DatasetError::Stale);
}

#[test]
fn refuses_numbers_roles_for_text() {
    Datasets::with(())
        .given(vec![created()])
        .when(assign(&[("who", ColumnRole::Quantity)]))
        .then_expect_error(Invalid::new("roles", "'who' cannot be quantity: it does not hold numbers").into());
}

#[test]
fn refuses_a_role_for_two_columns() {
    Datasets::with(())
        .given(vec![created()])
        .when(assign(&[("who", ColumnRole::Shopper), ("spent", ColumnRole::Shopper)]))
        .then_expect_error(Invalid::new("roles", "only one column can be shopper").into());
}

#[test]
fn what_overlaps_is_recorded_once_for_each_revision() {
    let overlap = Overlap { dataset_id: DatasetId(Uuid::from_u128(2)), revision: 0, order_count: 7 };
    let compared = |revision| DatasetEvent::OrdersCompared { revision, overlaps: vec![overlap.clone()] };
    let command = |revision| DatasetCommand::RecordOverlaps { revision, overlaps: vec![overlap.clone()] };
    let with = |events| Datasets::with(()).given(events);
    with(vec![created()]).when(command(0)).then_expect_events(vec![compared(0)]);
    with(vec![created(), compared(0)]).when(command(0)).then_expect_events(vec![]);
    with(vec![created()]).when(command(3)).then_expect_events(vec![]);
}

#[test]
fn ignores_shoppers_of_an_older_revision() {
    let roles = Roles::from([("who".into(), ColumnRole::Shopper)]);
    Datasets::with(())
        .given(vec![created(), DatasetEvent::ColumnRolesAssigned { revision: 1, roles }])
        .when(DatasetCommand::RecordShoppers { revision: 0, shoppers: Err("no shopper column".into()) })
        .then_expect_events(vec![]);
}

fn assign(roles: &[(&str, ColumnRole)]) -> DatasetCommand {
    let roles = roles.iter().map(|(name, role)| ((*name).to_owned(), *role)).collect();
    DatasetCommand::AssignColumnRoles { roles, expected_version: None }
}

fn created() -> DatasetEvent {
    DatasetEvent::DatasetCreated(new_dataset())
}

fn new_dataset() -> Box<NewDataset> {
    Box::new(NewDataset {
        upload_id: UploadId(Uuid::nil()),
        customer_id: CustomerId(Uuid::nil()),
        store_id: StoreId(Uuid::nil()),
        row_count: 2,
        rejected_row_count: 0,
        repeated_row_count: None,
        encoding: "UTF-8".into(),
        delimiter: ",".into(),
        dialect: None,
        questions: vec![],
        columns: vec![column("who", ColumnType::Text), column("spent", ColumnType::Decimal)],
        shoppers: Err("no column says who bought".into()),
        remembered: None,
    })
}

fn column(name: &str, column_type: ColumnType) -> Column {
    Column {
        name: name.into(),
        column_type,
        null_count: 0,
        min: Value::Null,
        max: Value::Null,
        role: None,
        reason: None,
    }
}
