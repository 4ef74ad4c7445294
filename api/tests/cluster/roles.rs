//! The process of every role is killed in turn under load.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use tokio::time::timeout;

use crate::outside::Session;
use crate::processes::Cluster;

const ROLES: [&str; 6] = ["api", "relay", "project", "ingest", "segment", "notify"];
/// How often each process is killed.
const KILLS: u64 = 4;

#[tokio::test]
async fn a_role_that_is_killed_at_any_moment_loses_nothing_and_does_nothing_twice() {
    let mut cluster = Cluster::start(&ROLES).await;
    let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
    let mut session = Session::new(cluster.port);
    session.wait_until_ready().await;
    session.set_up().await;
    let mut accepted: BTreeMap<String, u64> = BTreeMap::new();
    for round in 0..KILLS {
        for (index, role) in ROLES.iter().enumerate() {
            let mut next = (round * 10 + index as u64) * 1_000;
            let life = Duration::from_millis(random.gen_range(100..1_500));
            let _ = timeout(life, async {
                loop {
                    next += 1;
                    accepted.extend(session.upload(next).await);
                    session.ask(next).await;
                }
            })
            .await;
            cluster.kill(role);
            cluster.run(role);
            session.wait_until_ready().await;
        }
    }
    assert!(accepted.len() >= 20, "the test must have accepted uploads to lose: {}", accepted.len());
    cluster.check_invariants(&session, &accepted).await;
}

#[tokio::test]
async fn two_of_each_role_do_everything_once() {
    let mut cluster = Cluster::start(&ROLES).await;
    for roles in ["relay,project", "ingest,segment,notify"] {
        cluster.run(roles);
    }
    let mut session = Session::new(cluster.port);
    session.wait_until_ready().await;
    session.set_up().await;
    let mut accepted = BTreeMap::new();
    for seed in 0..20 {
        accepted.extend(session.upload(seed).await);
    }
    // The ones that lead go away; the others take over.
    cluster.kill("relay");
    cluster.kill("project");
    for seed in 20..40 {
        accepted.extend(session.upload(seed).await);
    }
    assert_eq!(accepted.len(), 40);
    cluster.check_invariants(&session, &accepted).await;
}
