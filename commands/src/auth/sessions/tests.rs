//! How sessions open, are refreshed and end, on both engines.

use super::*;
use crate::sql::tests::{Kept, databases};

const ANA: UserId = UserId(Uuid::from_u128(1));

#[tokio::test]
async fn a_session_is_open_until_it_ends_or_expires() {
    for (_kept, sessions) in sessions().await {
        let session = sessions.open(ANA, day(0)).await.unwrap();
        assert_eq!(sessions.is_open(session.id, day(29)).await.unwrap(), Some(ANA));
        assert_eq!(sessions.is_open(session.id, day(30)).await.unwrap(), None);
        sessions.end(session.id, day(1)).await.unwrap();
        assert_eq!(sessions.is_open(session.id, day(1)).await.unwrap(), None);
        assert!(matches!(sessions.refresh(&session.token, day(1)).await, Err(RefreshError::Unknown)));
    }
}

#[tokio::test]
async fn a_refresh_prolongs_the_session_and_gives_another_token() {
    for (_kept, sessions) in sessions().await {
        let first = sessions.open(ANA, day(0)).await.unwrap();
        let (user, second) = sessions.refresh(&first.token, day(20)).await.unwrap();
        assert_eq!((user, second.id, second.expires_at), (ANA, first.id, day(50)));
        assert_ne!(second.token, first.token);
        assert_eq!(sessions.is_open(first.id, day(40)).await.unwrap(), Some(ANA));
        assert!(matches!(sessions.refresh(&second.token, day(51)).await, Err(RefreshError::Unknown)));
    }
}

#[tokio::test]
async fn reusing_a_refresh_token_ends_its_family_and_no_other() {
    for (_kept, sessions) in sessions().await {
        let other = sessions.open(ANA, day(0)).await.unwrap();
        let first = sessions.open(ANA, day(0)).await.unwrap();
        let (_, second) = sessions.refresh(&first.token, day(1)).await.unwrap();
        assert!(matches!(sessions.refresh(&first.token, day(2)).await, Err(RefreshError::Reused(ANA))));
        assert!(matches!(sessions.refresh(&second.token, day(2)).await, Err(RefreshError::Unknown)));
        assert_eq!(sessions.is_open(first.id, day(2)).await.unwrap(), None);
        assert_eq!(sessions.is_open(other.id, day(2)).await.unwrap(), Some(ANA));
    }
}

#[tokio::test]
async fn of_two_who_refresh_at_once_only_one_succeeds() {
    for (_kept, sessions) in sessions().await {
        let session = sessions.open(ANA, day(0)).await.unwrap();
        let both = tokio::join!(sessions.refresh(&session.token, day(1)), sessions.refresh(&session.token, day(1)));
        let successes = [both.0.is_ok(), both.1.is_ok()].into_iter().filter(|ok| *ok).count();
        assert_eq!(successes, 1);
        assert_eq!(sessions.is_open(session.id, day(1)).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_token_of_the_page_and_a_refresh_token_do_not_stand_for_each_other() {
    for (_kept, sessions) in sessions().await {
        let page = sessions.open_page(ANA, day(0)).await.unwrap();
        let api = sessions.open(ANA, day(0)).await.unwrap();
        assert_eq!(sessions.page_user(&page.token, day(1)).await.unwrap(), Some((page.id, ANA)));
        assert_eq!(sessions.page_user(&api.token, day(1)).await.unwrap(), None);
        assert_eq!(sessions.page_user(&page.token, day(30)).await.unwrap(), None);
        assert!(matches!(sessions.refresh(&page.token, day(1)).await, Err(RefreshError::Unknown)));
        assert_eq!(sessions.is_open(page.id, day(1)).await.unwrap(), Some(ANA));
    }
}

#[tokio::test]
async fn ends_the_other_sessions_or_all() {
    for (_kept, sessions) in sessions().await {
        let bea = UserId(Uuid::from_u128(2));
        let opened = [
            sessions.open(ANA, day(0)).await.unwrap().id,
            sessions.open_page(ANA, day(0)).await.unwrap().id,
            sessions.open(bea, day(0)).await.unwrap().id,
        ];
        sessions.end_others(ANA, opened[0], day(1)).await.unwrap();
        assert_eq!(open(&sessions, &opened).await, [true, false, true]);
        sessions.end_all(ANA).await.unwrap();
        assert_eq!(open(&sessions, &opened).await, [false, false, true]);
    }
}

#[tokio::test]
async fn a_request_that_is_cut_off_does_no_harm_to_the_next() {
    for (_kept, sessions) in sessions().await {
        for round in 0..60 {
            let cut = sessions.open(ANA, day(0));
            let _ = tokio::time::timeout(std::time::Duration::from_micros(round * 20), cut).await;
            let session = sessions.open(ANA, day(0)).await.unwrap();
            assert!(sessions.is_open(session.id, day(0)).await.unwrap().is_some(), "it was not committed");
        }
    }
}

async fn open(sessions: &Sessions, ids: &[Uuid]) -> Vec<bool> {
    let mut open = vec![];
    for id in ids {
        open.push(sessions.is_open(*id, day(1)).await.unwrap().is_some());
    }
    open
}

async fn sessions() -> [(Kept, Sessions); 2] {
    let service_keys = Arc::new(ServiceKeys::new(&"s".repeat(32)).unwrap());
    databases().await.map(|(kept, database)| (kept, Sessions::on(database, service_keys.clone())))
}

fn day(number: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + Duration::days(20_000 + number)
}
