//! What is known of a password, and how long it takes to say so, on both engines.

use std::time::{Duration, Instant};

use super::*;
use crate::sql::tests::databases;

#[tokio::test]
async fn knows_the_password_until_it_is_deleted() {
    for (_kept, database) in databases().await {
        let credentials = Credentials::on(database);
        let id = credentials.create("correct horse").await.unwrap();
        assert!(credentials.verify(Some(id), "correct horse").await.unwrap());
        assert!(!credentials.verify(Some(id), "correct house").await.unwrap());
        credentials.delete(id).await.unwrap();
        assert!(!credentials.verify(Some(id), "correct horse").await.unwrap());
    }
}

#[tokio::test]
async fn a_sign_in_strengthens_a_hash_of_weaker_parameters() {
    for (_kept, database) in databases().await {
        let credentials = Credentials::on(database);
        let id = credentials.create("correct horse").await.unwrap();
        let strong = credentials.stored(id).await.unwrap().unwrap();
        let weak = hash_with(Params::new(8_192, 1, 1, None).unwrap(), "correct horse").unwrap();
        on_engine!(&credentials.database, engine => engine.replace_credential(id, &strong, &weak).await.unwrap());
        assert!(!credentials.verify(Some(id), "wrong").await.unwrap());
        assert_eq!(credentials.stored(id).await.unwrap().unwrap(), weak);
        assert!(credentials.verify(Some(id), "correct horse").await.unwrap());
        assert!(is_current(&credentials.stored(id).await.unwrap().unwrap()));
        assert!(credentials.verify(Some(id), "correct horse").await.unwrap());
    }
}

#[tokio::test]
async fn a_wave_is_told_to_come_again_and_the_rest_is_served() {
    for (_kept, database) in databases().await {
        let credentials = Credentials::on(database);
        let wave = (0..200).map(|_| credentials.verify(None, "wrong"));
        let (served, refused): (Vec<_>, Vec<_>) =
            futures::future::join_all(wave).await.into_iter().partition(Result::is_ok);
        assert!(served.len() >= WAITING && !refused.is_empty(), "{} and {}", served.len(), refused.len());
        assert!(refused.iter().all(|refused| matches!(refused, Err(CredentialError::Busy))));
    }
}

#[test]
fn nobody_costs_what_a_real_credential_costs() {
    let parameters = |stored: &str| {
        let hash = PasswordHash::new(stored).unwrap();
        let lengths = (hash.salt.unwrap().as_ref().len(), hash.hash.unwrap().len());
        (hash.algorithm.to_string(), hash.version, Params::try_from(&hash).unwrap(), lengths)
    };
    assert_eq!(parameters(NOBODY), parameters(&hash("correct horse").unwrap()));
}

#[tokio::test]
async fn an_unknown_credential_is_not_told_by_a_quick_answer() {
    for (_kept, database) in databases().await {
        let credentials = Credentials::on(database);
        let known = credentials.create("correct horse").await.unwrap();
        let known = quickest(&credentials, Some(known)).await;
        // A shortcut would be hundreds of times quicker, noise is not.
        assert!(quickest(&credentials, None).await > known / 4);
        assert!(quickest(&credentials, Some(Uuid::nil())).await > known / 4);
    }
}

async fn quickest(credentials: &Credentials, id: Option<Uuid>) -> Duration {
    let mut quickest = Duration::MAX;
    for _ in 0..3 {
        let start = Instant::now();
        assert!(!credentials.verify(id, "wrong").await.unwrap());
        quickest = quickest.min(start.elapsed());
    }
    quickest
}
