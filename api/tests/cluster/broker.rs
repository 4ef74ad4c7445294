//! RabbitMQ goes away: uploads are accepted all the same, and become datasets when it is back.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::outside::Session;
use crate::processes::{Cluster, services};

const ROLES: [&str; 4] = ["api", "relay", "project", "ingest,segment,notify"];
/// How long the broker is away.
const OUTAGE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_broker_that_is_stopped_for_a_while_loses_nothing() {
    survive("stop").await;
}

#[tokio::test]
async fn a_broker_that_comes_back_empty_loses_nothing() {
    survive("wipe").await;
}

async fn survive(outage: &str) {
    let mut cluster = Cluster::start(&ROLES).await;
    let mut session = Session::new(cluster.port);
    session.wait_until_ready().await;
    session.set_up().await;
    let mut accepted = BTreeMap::new();
    for seed in 0..20 {
        accepted.extend(session.upload(seed).await);
    }
    // Some of these are at work, some wait, some are not published yet.
    services(&[outage, "rabbitmq"]);
    let begun = tokio::time::Instant::now();
    let mut seed = 20;
    while begun.elapsed() < OUTAGE {
        accepted.extend(session.upload(seed).await);
        session.wait_until_ready().await;
        seed += 1;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert_eq!(accepted.len() as u64, seed, "every upload was accepted");
    services(&["start", "rabbitmq"]);
    cluster.check_invariants(&session, &accepted).await;
}
