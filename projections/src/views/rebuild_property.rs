//! A view is a fold: however the log is cut into batches, and however often it is folded again, the rows are the
//! same to the byte.

use domain::customer::StoreDetails;
use domain::dataset::ColumnRole;
use domain::{CustomerEvent, DatasetEvent, MemberRole, ReportEvent, UploadEvent, UserEvent};
use proptest::prelude::*;
use uuid::Uuid;

use super::conformance::{Place, opened_in};
use super::test_log::{
    Log, added, aggregated, api_key, asked, assigned, completed, created_for, key_created, opened, registered,
    rejected, removed, sealed, signed_up, store, upload, uploaded_to, user,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_cut_and_any_rebuild_give_the_same_bytes(log in history(), cuts in prop::collection::vec(1_usize..9, 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { check(&Place::folder().await, &log, &cuts).await })?;
    }
}

proptest! {
    // A database for each takes a moment, and what differs between engines is only SQL.
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn so_they_do_in_postgres(log in history(), cuts in prop::collection::vec(1_usize..9, 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { check(&Place::server().await, &log, &cuts).await })?;
    }
}

async fn check(place: &Place, log: &Log, cuts: &[usize]) -> Result<(), TestCaseError> {
    let views = opened_in(place).await;
    views.apply(&log.events).await.unwrap();
    let at_once = views.dump().await.unwrap();

    views.rebuild().await.unwrap();
    let (mut rest, mut cuts) = (&log.events[..], cuts.iter().cycle());
    while !rest.is_empty() {
        let (batch, later) = rest.split_at(rest.len().min(*cuts.next().unwrap()));
        views.apply(batch).await.unwrap();
        rest = later;
    }
    prop_assert_eq!(views.dump().await.unwrap(), at_once);
    Ok(())
}

/// Any events of a few aggregates, also in orders that no aggregate would decide.
fn history() -> impl Strategy<Value = Log> {
    prop::collection::vec((0_u8..25, 1_u128..3, 1_u128..4, 0_u32..3), 1..80).prop_map(|steps| {
        steps.into_iter().fold(Log::new(), |log, (kind, one, other, number)| step(log, kind, one, other, number))
    })
}

fn step(log: Log, kind: u8, one: u128, other: u128, number: u32) -> Log {
    match kind {
        0..5 => of_user(log, kind, other),
        5..12 => of_customer(log, kind, one, other),
        12..15 => of_upload(log, kind, one, other, number),
        15..21 => of_dataset(log, kind, one, other, number),
        21..24 => of_report(log, kind, one, other),
        _ => log.seen(),
    }
}

fn of_user(log: Log, kind: u8, id: u128) -> Log {
    let nil = Uuid::nil();
    log.user(
        id,
        match kind {
            0 | 1 => signed_up(),
            2 => UserEvent::ProfileChanged { name: sealed("Eva"), phone_number: Some(sealed("555")) },
            3 => UserEvent::PasswordChanged { credential_id: nil },
            _ => UserEvent::UserErased { key_id: nil, credential_id: nil },
        },
    )
}

fn of_customer(log: Log, kind: u8, id: u128, part: u128) -> Log {
    let details = || StoreDetails { name: "Norte".into(), city: None, location: None };
    log.customer(
        id,
        match (kind, part) {
            (5, 3) => CustomerEvent::CustomerClosed,
            (6, 2) => key_created(part),
            (6, 3) => CustomerEvent::ApiKeyRevoked { key_id: api_key(2) },
            (5, _) => registered("Acme"),
            (6, _) => CustomerEvent::CustomerDetailsChanged { name: "New".into(), description: Some("Toys".into()) },
            (7, _) => added(part, MemberRole::Viewer),
            (8, 3) => CustomerEvent::MemberRemoved { user_id: user(part), key_id: None },
            (8, _) => CustomerEvent::MemberRoleChanged { user_id: user(part), role: MemberRole::Owner },
            (9, _) => opened(part, "Centro"),
            (10, _) => CustomerEvent::StoreDetailsChanged { store_id: store(part), details: details() },
            _ => CustomerEvent::StoreClosed { store_id: store(part) },
        },
    )
}

fn of_upload(log: Log, kind: u8, customer: u128, id: u128, generation: u32) -> Log {
    let again =
        || UploadEvent::DuplicateRejected { filename: "copy.csv".into(), store_id: store(1), uploaded_by: user(1) };
    log.upload(
        id,
        match kind {
            12 => uploaded_to(customer, id, generation),
            13 => removed(generation),
            _ => again(),
        },
    )
}

fn of_dataset(log: Log, kind: u8, customer: u128, id: u128, number: u32) -> Log {
    let event = match kind {
        15 | 16 => created_for(customer, id, id),
        17 => rejected(id),
        18 => assigned(number, "who", ColumnRole::Shopper),
        19 => aggregated(number, 7),
        _ => DatasetEvent::DatasetDeleted { upload_id: upload(id) },
    };
    log.dataset(id, number.min(1), event)
}

fn of_report(log: Log, kind: u8, customer: u128, id: u128) -> Log {
    log.report(
        id,
        match kind {
            21 => asked(customer),
            22 => completed(),
            _ => ReportEvent::ReportFailed { reason: "too few shoppers".into() },
        },
    )
}
