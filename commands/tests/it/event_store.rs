//! What every event store promises.

use std::collections::BTreeMap;
use std::time::Duration;

use commands::{CommandError, EventFilter, EventStore, Executed, sequencer};
use domain::customer::CustomerDetails;
use domain::upload::StoredFile;
use domain::{
    Actor, Customer, CustomerCommand, CustomerId, Metadata, Recorded, StoreId, Upload, UploadCommand, UploadError,
    UploadEvent, UploadId, UserId,
};
use futures::future::join_all;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A test of each promise, on a store that `$new_store` makes.
macro_rules! promises {
    ($new_store:path: $($promise:ident)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $promise() {
            let (_kept, store) = $new_store().await;
            crate::event_store::$promise(&store).await;
        })*
    };
    ($new_store:path) => {
        $crate::event_store::promises! {
            $new_store:
            what_is_refused_leaves_nothing
            positions_have_no_gaps_while_many_write
            a_sequencer_that_dies_numbers_nothing_twice
            a_command_that_is_cut_off_is_whole_or_nothing
            an_event_is_read_as_it_was_written
            a_customer_reads_only_its_events
            the_events_of_one_command_come_together_and_in_order
            a_waiting_reader_is_woken
        }
    };
}
pub(crate) use promises;

/// Of 24 identical uploads at the same moment, through two doors to the same store, one is new and the others are
/// duplicates; each has its own event.
pub async fn commands_on_one_aggregate_collide_and_all_land_once(store: &EventStore, other: &EventStore) {
    let doors = [store, other].into_iter().cycle();
    let done = join_all(doors.take(24).map(|door| spawn_upload(door, 1))).await;
    let mut versions: Vec<u64> = done.iter().map(|done| done.version).collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=24).collect::<Vec<_>>());
    let new = done.iter().filter(|done| matches!(done.events[..], [UploadEvent::FileUploaded { .. }])).count();
    let duplicates = done.iter().filter(|done| matches!(done.events[..], [UploadEvent::DuplicateRejected { .. }]));
    assert_eq!((new, duplicates.count()), (1, 23));
    assert_eq!(store.load::<Upload>(id(1)).await.unwrap().version, 24);
}

/// A refused command leaves nothing, and one that changes nothing as well.
pub async fn what_is_refused_leaves_nothing(store: &EventStore) {
    let refused = store.execute::<Upload>(id(1), UploadCommand::DeleteUpload, &metadata()).await;
    assert!(matches!(refused, Err(CommandError::Refused(UploadError::NotFound))));
    assert_eq!((store.committed().await.unwrap(), store.load::<Upload>(id(1)).await.unwrap().version), (0, 0));
    let mut repeated = file();
    repeated.request = Some("key".into());
    for events in [1, 0] {
        let command = UploadCommand::UploadFile(repeated.clone());
        let done = store.execute::<Upload>(id(1), command, &metadata()).await.unwrap();
        assert_eq!((done.events.len(), done.version), (events, 1));
    }
    assert_eq!(store.committed().await.unwrap(), 1);
}

/// A reader that follows the log while 16 write sees every event once, in order, without gaps.
pub async fn positions_have_no_gaps_while_many_write(store: &EventStore) {
    let shutdown = CancellationToken::new();
    let sequencer = tokio::spawn(sequencer::run(store.clone(), shutdown.clone()));
    let writers: Vec<_> = (0..16).map(|writer| tokio::spawn(write(store.clone(), writer))).collect();
    let events = tail(store, 16 * 10).await;
    join_all(writers).await.into_iter().for_each(Result::unwrap);
    shutdown.cancel();
    sequencer.await.unwrap();

    let positions: Vec<u64> = events.iter().map(|event| event.position).collect();
    assert_eq!(positions, (1..=160).collect::<Vec<_>>());
    let mut sequences = BTreeMap::<Uuid, Vec<u64>>::new();
    for event in &events {
        sequences.entry(event.aggregate_id).or_default().push(event.sequence);
    }
    assert_eq!(sequences.len(), 16);
    assert!(sequences.values().all(|sequences| *sequences == (1..=10).collect::<Vec<_>>()), "{sequences:?}");
}

/// Two sequencers at once, and one that is stopped at any moment, number every event once.
pub async fn a_sequencer_that_dies_numbers_nothing_twice(store: &EventStore) {
    for round in 0..40_u64 {
        upload(store, round % 5).await;
        upload(store, 5 + round).await;
        let cut = tokio::time::timeout(Duration::from_micros(round * 100), sequencer::number(store));
        let (_, other) = tokio::join!(cut, sequencer::number(store));
        other.unwrap();
    }
    while sequencer::number(store).await.unwrap() > 0 {}
    let found = store.verify().await.unwrap();
    assert_eq!((found.events, found.problems), (80, vec![]));
    assert_eq!((store.head().await.unwrap(), store.committed().await.unwrap()), (80, 80));
}

/// A command whose caller goes away happened or did not; the store works on.
pub async fn a_command_that_is_cut_off_is_whole_or_nothing(store: &EventStore) {
    for round in 0..40 {
        let command = UploadCommand::UploadFile(file());
        let metadata = metadata();
        let cut = store.execute::<Upload>(id(1), command, &metadata);
        let _ = tokio::time::timeout(Duration::from_micros(round * 50), cut).await;
    }
    upload(store, 1).await;
    while sequencer::number(store).await.unwrap() > 0 {}
    let version = store.load::<Upload>(id(1)).await.unwrap().version;
    let events = store.read(0, 100).await.unwrap();
    let sequences: Vec<u64> = events.iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, (1..=version).collect::<Vec<_>>());
    assert!(matches!(events[0].event(), Ok(domain::Event::Upload(UploadEvent::FileUploaded { .. }))));
}

/// The log gives back what was recorded.
pub async fn an_event_is_read_as_it_was_written(store: &EventStore) {
    upload(store, 1).await;
    sequencer::number(store).await.unwrap();
    let [event] = &store.read(0, 10).await.unwrap()[..] else { panic!("there is one event") };
    assert_eq!((event.position, event.sequence, event.aggregate_id), (1, 1, id(1)));
    assert_eq!((event.aggregate_type.as_str(), event.event_type.as_str()), ("Upload", "FileUploaded"));
    assert_eq!(event.metadata, metadata());
    let expected = UploadEvent::FileUploaded { generation: 1, file: file() };
    assert_eq!(event.event().unwrap(), domain::Event::Upload(expected));
    assert!((chrono::Utc::now() - event.recorded_at).num_seconds().abs() < 60);
}

/// A customer's events are filtered by name and aggregate.
pub async fn a_customer_reads_only_its_events(store: &EventStore) {
    upload(store, 1).await;
    upload(store, 1).await;
    upload(store, 2).await;
    let foreign = Metadata { customer_id: Some(CustomerId(Uuid::from_u128(8))), ..metadata() };
    store.execute::<Upload>(id(3), UploadCommand::UploadFile(file()), &foreign).await.unwrap();
    sequencer::number(store).await.unwrap();
    let all = EventFilter::default();
    assert_eq!(customer_positions(store, 0, &all).await, [1, 2, 3]);
    assert_eq!(customer_positions(store, 1, &all).await, [2, 3]);
    assert_eq!(customer_positions(store, u64::MAX, &all).await, [0; 0]);
    let by_type = EventFilter { event_type: Some("DuplicateRejected".into()), ..all.clone() };
    assert_eq!(customer_positions(store, 0, &by_type).await, [2]);
    let by_nonsense = EventFilter { event_type: Some("\0".into()), ..all.clone() };
    assert_eq!(customer_positions(store, 0, &by_nonsense).await, [0; 0]);
    let by_aggregate = EventFilter { aggregate_id: Some(id(2)), ..all };
    assert_eq!(customer_positions(store, 0, &by_aggregate).await, [3]);
}

/// A command that makes two events.
pub async fn the_events_of_one_command_come_together_and_in_order(store: &EventStore) {
    let details = CustomerDetails { name: "Acme".into(), description: None };
    let command = CustomerCommand::RegisterCustomer { details, owner: UserId(Uuid::from_u128(1)) };
    store.execute::<Customer>(id(1), command, &metadata()).await.unwrap();
    sequencer::number(store).await.unwrap();
    let events = store.read(0, 10).await.unwrap();
    let seen: Vec<_> = events.iter().map(|event| (event.sequence, event.event_type.as_str())).collect();
    assert_eq!(seen, [(1, "CustomerRegistered"), (2, "MemberAdded")]);
}

/// Who waits for an event is woken when it gets its position.
pub async fn a_waiting_reader_is_woken(store: &EventStore) {
    let minute = Duration::from_secs(60);
    assert_eq!(store.wait_for("Upload", id(1), 0, minute).await.unwrap(), Some(0));
    assert_eq!(store.wait_for("Upload", id(1), 1, Duration::from_millis(1)).await.unwrap(), None);
    upload(store, 1).await;
    assert_eq!(store.position_of("Upload", id(1), 1).await.unwrap(), None);
    let mut heads = store.heads();
    let (position, head, _) = tokio::join!(
        store.wait_for("Upload", id(1), 1, minute),
        heads.wait_for(|head| *head > 0),
        sequencer::number(store)
    );
    assert_eq!((position.unwrap(), *head.unwrap()), (Some(1), 1));
    assert_eq!(store.position_of("Upload", id(1), 1).await.unwrap(), Some(1));
}

pub async fn upload(store: &EventStore, number: u64) -> Executed<Upload> {
    let command = UploadCommand::UploadFile(file());
    store.execute(id(number), command, &metadata()).await.unwrap()
}

async fn spawn_upload(store: &EventStore, number: u64) -> Executed<Upload> {
    let store = store.clone();
    tokio::spawn(async move { upload(&store, number).await }).await.unwrap()
}

async fn write(store: EventStore, number: u64) {
    for _ in 0..10 {
        upload(&store, number).await;
    }
}

async fn tail(store: &EventStore, count: usize) -> Vec<Recorded> {
    let (mut events, mut heads) = (vec![], store.heads());
    while events.len() < count {
        let after = events.last().map_or(0, |event: &Recorded| event.position);
        heads.wait_for(|head| *head > after).await.unwrap();
        events.extend(store.read(after, 7).await.unwrap());
    }
    events
}

async fn customer_positions(store: &EventStore, after: u64, filter: &EventFilter) -> Vec<u64> {
    let events = store.read_customer(CustomerId(Uuid::from_u128(7)), after, filter, 10).await.unwrap();
    events.iter().map(|event| event.position).collect()
}

fn id(number: u64) -> Uuid {
    UploadId(Uuid::from_u128(u128::from(number) + 1_000)).0
}

fn metadata() -> Metadata {
    let actor = Actor::User(UserId(Uuid::from_u128(1)));
    Metadata::of_request(actor, Some(CustomerId(Uuid::from_u128(7))), Uuid::from_u128(2))
}

fn file() -> StoredFile {
    StoredFile {
        customer_id: CustomerId(Uuid::from_u128(7)),
        store_id: StoreId(Uuid::from_u128(3)),
        filename: "sales.csv".into(),
        description: None,
        size_bytes: 12,
        sha256: "00".into(),
        location: "here".into(),
        uploaded_by: UserId(Uuid::from_u128(1)),
        request: None,
    }
}
