//! What every backend of the views does.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::dataset::{ColumnRole, Roles};
use domain::{CustomerEvent, MemberRole, ReportEvent, UserEvent};
use migrations::DatabaseOptions;
use migrations::testing::FreshPostgres;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::registry::VIEWS;
use super::rows::datasets::DatasetFilter;
use super::rows::reports::ReportStatus;
use super::rows::stores::StoreFilter;
use super::rows::uploads::{UploadFilter, UploadStatus};
use super::sql::Views;
use super::test_log::{
    Log, added, asked, assigned, completed, created_for, customer, dataset, key_created, opened, registered, removed,
    report, signed_up, store, upload, uploaded_to, user,
};

const SOON: Duration = Duration::from_secs(5);

/// A test of each group of promises, on views that `$new_place` makes room for.
macro_rules! promises {
    ($engine:ident, $new_place:path) => {
        mod $engine {
            use super::*;

            #[tokio::test]
            async fn answers_the_questions() {
                let place = $new_place().await;
                let views = opened_in(&place).await;
                answers_by_id(&views).await;
                nothing_of_another_customer_is_found(&views).await;
                a_closed_customer_has_no_members(&views).await;
                lists_are_filtered(&views).await;
                the_newest_assignment_speaks_for_the_store(&views).await;
                pages_visit_every_row_once(&views).await;
            }

            #[tokio::test]
            async fn folds_in_order_and_once() {
                let place = $new_place().await;
                let views = opened_in(&place).await;
                repeated_events_change_nothing(&views).await;
                a_gap_is_refused(&views).await;
                an_unknown_event_is_named_and_can_be_skipped(&views).await;
                waiting_ends_when_the_event_is_folded(&views).await;
                a_rebuild_is_byte_identical(&views).await;
            }

            #[tokio::test]
            async fn two_who_fold_at_once_fold_every_event_once() {
                let place = $new_place().await;
                let (one, other) = (opened_in(&place).await, opened_in(&place).await);
                folding_twice_at_once_is_folding_once(&one, &other).await;
            }

            #[tokio::test]
            async fn keeps_what_was_folded() {
                let place = $new_place().await;
                let views = opened_in(&place).await;
                views.apply(&shop().events).await.unwrap();
                let (dump, checkpoint) = (views.dump().await.unwrap(), views.checkpoint().await.unwrap());
                drop(views);
                let views = opened_in(&place).await;
                assert_eq!((views.dump().await.unwrap(), views.checkpoint().await.unwrap()), (dump, checkpoint));
                assert_eq!(*views.positions().borrow(), checkpoint);
            }

            #[tokio::test]
            async fn every_table_is_that_of_a_registered_view() {
                let place = $new_place().await;
                let tables = tables(&opened_in(&place).await).await;
                assert_eq!(tables, BTreeSet::from(VIEWS.map(|view| view.table.to_owned())));
            }

            #[tokio::test]
            async fn tells_another_process_what_is_folded() {
                let place = $new_place().await;
                let (projector, reader) = (opened_in(&place).await, opened_in(&place).await);
                let log = shop();
                let head = log.events.len() as u64;
                let (waited, applied) = tokio::join!(reader.wait_for(head, SOON), projector.apply(&log.events));
                applied.unwrap();
                assert!(waited.unwrap());
                assert!(reader.customer(customer(1)).await.unwrap().is_some());
            }

            #[tokio::test]
            async fn old_tables_are_refused_when_they_may_not_be_changed() {
                let place = $new_place().await;
                let frozen = DatabaseOptions { migrate: false, ..DatabaseOptions::default() };
                let error = Views::open_with(&place.url(), &frozen).await.err().unwrap();
                assert!(format!("{error:#}").contains("run `datacore migrate` first"), "{error:#}");
                opened_in(&place).await;
                Views::open_with(&place.url(), &frozen).await.unwrap();
            }
        }
    };
}

promises!(sqlite, Place::folder);
promises!(postgres, Place::server);

#[tokio::test]
async fn says_what_is_supported() {
    let error = Views::open(&"mysql://host/views".parse().unwrap()).await.err().unwrap();
    assert!(error.to_string().contains("supported are sqlite: and postgres:"));
}

/// Who follows is woken by what another process folds, without looking.
#[tokio::test]
async fn postgres_wakes_another_process() {
    let place = Place::server().await;
    let (projector, reader) = (opened_in(&place).await, opened_in(&place).await);
    let mut positions = reader.positions();
    let woken = async {
        for event in &shop().events {
            projector.apply(std::slice::from_ref(event)).await.unwrap();
            positions.wait_for(|position| *position >= event.position).await.unwrap();
        }
        projector.rebuild().await.unwrap();
        positions.wait_for(|position| *position == 0).await.unwrap();
    };
    tokio::select! {
        woken = tokio::time::timeout(SOON, woken) => woken.unwrap(),
        () = reader.follow(CancellationToken::new()) => unreachable!("nobody shuts it down"),
    }
}

#[tokio::test]
async fn postgres_shows_flat_rows_to_other_tools() {
    let place = Place::server().await;
    opened_in(&place).await.apply(&shop().events).await.unwrap();
    let mut connection = PgConnection::connect(place.url().as_str()).await.unwrap();
    for (sql, expected) in [
        (
            "SELECT store || ' ' || status || ' ' || size_bytes || ' ' || row_count FROM bi.uploads",
            "Centro ready 100 3",
        ),
        ("SELECT shape || ' ' || shopper_count || ' ' || column_count FROM bi.datasets", "purchases 2 2"),
        (
            "SELECT status || ' ' || algorithm || ' ' || clusters || ' ' || silhouette FROM bi.reports",
            "completed kmeans 2 0.30000000000000004",
        ),
        ("SELECT count(*)::text FROM bi.segments", "0"),
    ] {
        let found: String = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
        assert_eq!(found, expected, "{sql}");
    }
}

/// Where views are kept for a test.
pub(super) enum Place {
    Folder(TempDir),
    Server(FreshPostgres),
}

impl Place {
    pub(super) async fn folder() -> Self {
        Self::Folder(tempfile::tempdir().unwrap())
    }

    pub(super) async fn server() -> Self {
        Self::Server(FreshPostgres::new().await)
    }

    fn url(&self) -> Url {
        match self {
            Self::Folder(folder) => format!("sqlite://{}/views.sqlite", folder.path().display()).parse().unwrap(),
            Self::Server(database) => database.url.clone(),
        }
    }
}

pub(super) async fn opened_in(place: &Place) -> Views {
    Views::open(&place.url()).await.unwrap()
}

/// The tables that were made for rows: those with a body.
async fn tables(views: &Views) -> BTreeSet<String> {
    let names: Vec<String> = match views {
        Views::Sqlite(views) => {
            let sql = "SELECT t.name FROM sqlite_master t JOIN pragma_table_info(t.name) c
                       WHERE t.type = 'table' AND c.name = 'body'";
            sqlx::query_scalar(sql).fetch_all(&views.reader).await.unwrap()
        }
        Views::Postgres(views) => {
            let sql = "SELECT table_name::text FROM information_schema.columns
                       WHERE table_schema = 'views' AND column_name = 'body'";
            sqlx::query_scalar(sql).fetch_all(&views.reader).await.unwrap()
        }
    };
    names.into_iter().collect()
}

async fn folding_twice_at_once_is_folding_once(one: &Views, other: &Views) {
    let log = shop();
    for event in &log.events {
        let event = std::slice::from_ref(event);
        let (one, other) = tokio::join!(one.apply(event), other.apply(event));
        assert_eq!(one.unwrap(), other.unwrap());
    }
    let dump = one.dump().await.unwrap();
    assert_eq!(fresh(one, &log).await.dump().await.unwrap(), dump);
}

async fn answers_by_id(views: &Views) {
    let views = fresh(views, &shop()).await;
    assert_eq!(views.user(user(1)).await.unwrap().unwrap().body.id, user(1));
    assert_eq!(views.customer(customer(1)).await.unwrap().unwrap().body.name, "Acme");
    assert_eq!(views.role(customer(1), user(1)).await.unwrap(), Some(MemberRole::Owner));
    assert_eq!(views.role(customer(1), user(2)).await.unwrap(), None);
    let position = shop().events.len() as u64;
    assert_eq!(views.membership(customer(1), user(1)).await.unwrap(), Some((MemberRole::Owner, position)));
    assert_eq!(views.membership(customer(1), user(2)).await.unwrap(), None);
    assert_eq!(views.store(customer(1), store(1)).await.unwrap().unwrap().body.name, "Centro");
    let row = views.upload(customer(1), upload(1)).await.unwrap().unwrap().body;
    assert_eq!((row.status, row.dataset_id), (UploadStatus::Ready, Some(dataset(1, 1))));
    assert_eq!(views.dataset(customer(1), dataset(1, 1)).await.unwrap().unwrap().body.row_count, 3);
    assert_eq!(views.report(customer(1), report(1)).await.unwrap().unwrap().body.clusters, Some(2));
    let reports = views.reports(customer(1), None, 10).await.unwrap().items;
    assert_eq!(reports[0].body.status, ReportStatus::Completed);
    assert_eq!(views.report_ids(customer(1)).await.unwrap(), [report(1)]);
}

async fn nothing_of_another_customer_is_found(views: &Views) {
    let views = fresh(views, &shop().customer(2, registered("Other"))).await;
    assert_eq!(views.role(customer(2), user(1)).await.unwrap(), None);
    assert_eq!(views.store(customer(2), store(1)).await.unwrap(), None);
    assert_eq!(views.upload(customer(2), upload(1)).await.unwrap(), None);
    assert_eq!(views.dataset(customer(2), dataset(1, 1)).await.unwrap(), None);
    assert_eq!(views.report(customer(2), report(1)).await.unwrap(), None);
    assert_eq!(views.store_roles(customer(2), store(1)).await.unwrap(), Roles::new());
    assert!(views.members(customer(2), None, 10).await.unwrap().items.is_empty());
    assert!(views.stores(customer(2), &StoreFilter::default(), None, 10).await.unwrap().items.is_empty());
    assert!(views.uploads(customer(2), &UploadFilter::default(), None, 10).await.unwrap().items.is_empty());
    assert!(views.datasets(customer(2), &DatasetFilter::default(), None, 10).await.unwrap().items.is_empty());
    assert!(views.reports(customer(2), None, 10).await.unwrap().items.is_empty());
    assert!(views.upload_ids(customer(2)).await.unwrap().is_empty());
    assert!(views.report_ids(customer(2)).await.unwrap().is_empty());
}

async fn a_closed_customer_has_no_members(views: &Views) {
    let both = shop().customer(2, registered("Other")).customer(2, added(1, MemberRole::Viewer));
    let views = fresh(views, &both).await;
    let listed = views.customers_of(user(1), None, 10).await.unwrap().items;
    let listed: Vec<_> = listed.into_iter().map(|(row, role)| (row.body.id, role)).collect();
    assert_eq!(listed, [(customer(1), MemberRole::Owner), (customer(2), MemberRole::Viewer)]);

    let views = fresh(views, &both.customer(1, CustomerEvent::CustomerClosed)).await;
    assert_eq!(views.role(customer(1), user(1)).await.unwrap(), None);
    assert_eq!(views.member(customer(1), user(1)).await.unwrap(), None);
    assert_eq!(views.membership(customer(1), user(1)).await.unwrap(), None);
    assert_eq!(views.customer_ids_of(user(1)).await.unwrap(), [customer(2)]);
    assert_eq!(views.upload_ids(customer(1)).await.unwrap(), [upload(1)], "what is left can still be removed");
}

async fn lists_are_filtered(views: &Views) {
    let log = shop().customer(1, opened(2, "ÁGORA")).upload(2, uploaded_to(1, 2, 1)).upload(3, uploaded_to(1, 2, 1));
    let views = fresh(views, &log.upload(3, removed(1))).await;
    let named = StoreFilter { q: Some("ágo".into()), city: Some("madrid".into()) };
    let stores = views.stores(customer(1), &named, None, 10).await.unwrap().items;
    assert_eq!(stores.iter().map(|row| row.body.id).collect::<Vec<_>>(), [store(2)]);

    let uploads = async |store_id, status| {
        let filter = UploadFilter { store_id, status };
        let page = views.uploads(customer(1), &filter, None, 10).await.unwrap();
        page.items.into_iter().map(|row| row.body.id).collect::<Vec<_>>()
    };
    assert_eq!(uploads(None, None).await, [upload(2), upload(1)], "newest first, without the deleted one");
    assert_eq!(uploads(Some(store(2)), None).await, [upload(2)]);
    assert_eq!(uploads(None, Some(UploadStatus::Ready)).await, [upload(1)]);
    assert_eq!(uploads(None, Some(UploadStatus::Deleted)).await, [upload(3)]);
    assert_eq!(views.upload(customer(1), upload(3)).await.unwrap().unwrap().body.status, UploadStatus::Deleted);

    let of_store = DatasetFilter { store_id: Some(store(2)) };
    assert!(views.datasets(customer(1), &of_store, None, 10).await.unwrap().items.is_empty());
}

async fn the_newest_assignment_speaks_for_the_store(views: &Views) {
    let log = shop().dataset(2, 1, created_for(1, 1, 2)).dataset(2, 1, assigned(1, "who", ColumnRole::Shopper));
    let log = log.dataset(3, 1, created_for(1, 2, 3)).dataset(3, 1, assigned(1, "other", ColumnRole::Shopper));
    let views = fresh(views, &log).await;
    let roles = |name: &str, role| Roles::from([(name.to_owned(), role)]);
    assert_eq!(views.store_roles(customer(1), store(1)).await.unwrap(), roles("who", ColumnRole::Shopper));

    let views = fresh(views, &log.dataset(1, 1, assigned(1, "spent", ColumnRole::Amount))).await;
    assert_eq!(views.store_roles(customer(1), store(1)).await.unwrap(), roles("spent", ColumnRole::Amount));
}

/// Rows come in while somebody leafs through.
async fn pages_visit_every_row_once(views: &Views) {
    let mut log = (1..=7).fold(Log::new(), |log, id| log.customer(1, opened(id, "Centro")));
    log = (1..=7).fold(log, |log, id| log.upload(id, uploaded_to(1, 1, 1)));
    let views = fresh(views, &log).await;
    let (mut stores, mut uploads) = (vec![], vec![]);
    let (mut after_store, mut after_upload, mut new) = (None, None, 8);
    loop {
        let page = views.stores(customer(1), &StoreFilter::default(), after_store, 3).await.unwrap();
        assert!(page.items.len() <= 3);
        stores.extend(page.items.into_iter().map(|row| row.body.id));
        after_store = page.next;
        let page = views.uploads(customer(1), &UploadFilter::default(), after_upload, 3).await.unwrap();
        uploads.extend(page.items.into_iter().map(|row| row.body.id));
        after_upload = page.next.or(Some(0));
        if after_store.is_none() {
            break;
        }
        if new <= 9 {
            log = log.customer(1, opened(new, "Norte")).upload(new, uploaded_to(1, 1, 1));
            views.apply(&log.events).await.unwrap();
            new += 1;
        }
    }
    assert_eq!(stores, (1..=9).map(store).collect::<Vec<_>>(), "oldest first, new ones at the end");
    assert_eq!(uploads, (1..=7).rev().map(upload).collect::<Vec<_>>(), "newest first, new ones before the start");
}

async fn repeated_events_change_nothing(views: &Views) {
    let log = shop();
    let views = fresh(views, &log).await;
    let dump = views.dump().await.unwrap();
    let head = log.events.len() as u64;
    assert_eq!(views.apply(&log.events).await.unwrap(), head);
    assert_eq!(views.apply(&log.events[..3]).await.unwrap(), head);
    assert_eq!(views.apply(&[]).await.unwrap(), head);
    assert_eq!(views.dump().await.unwrap(), dump);
}

async fn a_gap_is_refused(views: &Views) {
    let log = shop();
    views.rebuild().await.unwrap();
    views.apply(&log.events[..2]).await.unwrap();
    let error = views.apply(&log.events[4..]).await.unwrap_err().to_string();
    assert_eq!(error, "the event at position 5 cannot follow the one at position 2");
    assert_eq!(views.checkpoint().await.unwrap(), 2);
}

async fn an_unknown_event_is_named_and_can_be_skipped(views: &Views) {
    let mut log = Log::new().user(1, signed_up()).user(2, signed_up()).user(3, signed_up());
    log.events[1].payload = serde_json::json!({"UserPromoted": {}});
    views.rebuild().await.unwrap();
    let error = views.apply(&log.events).await.unwrap_err().to_string();
    assert!(error.contains("at position 2"), "{error}");
    assert_eq!((views.checkpoint().await.unwrap(), views.dump().await.unwrap()), (0, String::new()));

    views.apply(&log.events[..1]).await.unwrap();
    views.skip(3).await.unwrap_err();
    views.skip(2).await.unwrap();
    views.skip(1).await.unwrap();
    assert_eq!(views.apply(&log.events[1..]).await.unwrap(), 3);
    assert_eq!(views.user(user(2)).await.unwrap(), None);
    assert!(views.user(user(3)).await.unwrap().is_some());
}

async fn waiting_ends_when_the_event_is_folded(views: &Views) {
    let log = Log::new().user(1, signed_up()).user(1, UserEvent::PasswordChanged { credential_id: Default::default() });
    views.rebuild().await.unwrap();
    assert!(!views.wait_for(1, Duration::ZERO).await.unwrap());
    let (waited, applied) = tokio::join!(views.wait_for(2, SOON), views.apply(&log.events));
    assert!(waited.unwrap());
    assert_eq!(applied.unwrap(), 2);
    assert!(views.wait_for(1, Duration::ZERO).await.unwrap());
    assert_eq!(*views.positions().borrow(), 2);
}

async fn a_rebuild_is_byte_identical(views: &Views) {
    let log = shop();
    let views = fresh(views, &log).await;
    let dump = views.dump().await.unwrap();
    for table in VIEWS.map(|view| view.table) {
        assert!(dump.lines().any(|line| line.split('\t').next() == Some(table)), "{table} has no row");
    }
    views.rebuild().await.unwrap();
    assert_eq!((views.checkpoint().await.unwrap(), views.dump().await.unwrap()), (0, String::new()));
    for event in &log.events {
        views.apply(std::slice::from_ref(event)).await.unwrap();
    }
    assert_eq!(views.dump().await.unwrap(), dump);
}

/// The views of just these events.
async fn fresh<'a>(views: &'a Views, log: &Log) -> &'a Views {
    views.rebuild().await.unwrap();
    assert_eq!(views.apply(&log.events).await.unwrap(), log.events.len() as u64);
    views
}

/// A customer with everything.
fn shop() -> Log {
    Log::new()
        .user(1, signed_up())
        .customer(1, registered("Acme"))
        .customer(1, added(1, MemberRole::Owner))
        .customer(1, opened(1, "Centro"))
        .customer(1, key_created(1))
        .upload(1, uploaded_to(1, 1, 1))
        .dataset(1, 1, created_for(1, 1, 1))
        .report(1, asked(1))
        .report(1, completed())
        .report(2, ReportEvent::ReportFailed { reason: "nobody asked".into() })
}
