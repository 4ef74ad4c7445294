//! How consumers take their work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::bail;
use futures::StreamExt;
use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::options::*;
use lapin::types::FieldTable;
use processors::bus::rabbitmq::dead_letters;
use tokio_util::sync::CancellationToken;

use crate::setting::{GREET, Setting, position, until};

#[tokio::test]
async fn repeated_and_reordered_messages_are_handled_once() {
    let setting = Setting::new().await;
    setting.register(0..50).await;
    let _relay = setting.relay(&[GREET]);
    let head = setting.published().await;
    // The same messages once more, the last ones first, and twice each.
    for message in setting.stream(head).await.iter().rev() {
        for _ in 0..2 {
            if position(message) % 2 == 1 {
                send(&setting, message).await;
            }
        }
    }
    let given = setting.worker(async |_| Ok(()));
    setting.done().await;
    empty(&setting, "greet").await;
    let mut given = given.lock().unwrap().clone();
    given.sort_unstable();
    assert_eq!(given, (0..50).map(|customer| 2 * customer + 1).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_keeps_failing_is_parked_while_the_rest_goes_on_and_can_be_given_back() {
    let setting = Setting::new().await;
    setting.register(0..5).await;
    let _relay = setting.relay(&[GREET]);
    let cured = Arc::new(AtomicBool::new(false));
    let is_cured = cured.clone();
    let given = setting.worker(move |event| {
        let cured = is_cured.load(Ordering::Relaxed);
        async move {
            match event.position {
                3 if !cured => bail!("the third event is poison"),
                5 if !cured => panic!("the fifth is worse"),
                _ => Ok(()),
            }
        }
    });
    setting.done().await;
    let parked = setting.commands.dead_letters.all().await.unwrap();
    let parked: Vec<_> = parked.iter().map(|p| (p.consumer.as_str(), p.position, p.error.as_str())).collect();
    assert_eq!(parked, [("greet", 3, "the third event is poison"), ("greet", 5, "the handler panicked")]);
    assert_eq!(given.lock().unwrap().iter().filter(|position| **position == 3).count(), 3);
    cured.store(true, Ordering::Relaxed);
    for position in [3, 5] {
        assert!(setting.work_queue.replay("greet", position).await.unwrap());
    }
    setting.done().await;
    assert_eq!(setting.commands.dead_letters.all().await.unwrap(), []);
    assert_eq!(given.lock().unwrap().len(), 3 + 3 + 3 + 2);
}

#[tokio::test]
async fn a_store_that_is_away_costs_no_attempts_and_poison_parks_afterwards() {
    let setting = Setting::new().await;
    setting.register(0..2).await;
    let _relay = setting.relay(&[GREET]);
    let (frames, away) = (setting.folder.path().join("frames"), setting.folder.path().join("away"));
    std::fs::rename(&frames, &away).unwrap();
    let folder = frames.clone();
    let given = setting.worker(move |event| {
        let is_away = !folder.exists();
        async move {
            match event.position {
                _ if is_away => bail!("the frames are away"),
                3 => bail!("the third event is poison"),
                _ => Ok(()),
            }
        }
    });
    until("both events have failed", async || given.lock().unwrap().len() >= 2).await;
    // Long enough for all attempts, if they counted.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(setting.commands.dead_letters.all().await.unwrap(), []);
    std::fs::rename(&away, &frames).unwrap();
    setting.done().await;
    let parked = setting.commands.dead_letters.all().await.unwrap();
    let parked: Vec<_> = parked.iter().map(|parked| (parked.position, parked.error.as_str())).collect();
    assert_eq!(parked, [(3, "the third event is poison")]);
    let mut given = given.lock().unwrap().clone();
    given.sort_unstable();
    assert_eq!(given, [1, 1, 3, 3, 3, 3], "once while the store was away, and then all attempts");
}

#[tokio::test]
async fn a_queue_that_was_deleted_comes_back_with_its_work() {
    let setting = Setting::new().await;
    setting.register(0..20).await;
    let _relay = setting.relay(&[GREET]);
    setting.published().await;
    setting.channel.queue_delete(setting.name("greet").into(), QueueDeleteOptions::default()).await.unwrap();
    let given = setting.worker(async |_| Ok(()));
    setting.done().await;
    assert_eq!(given.lock().unwrap().len(), 20);
}

#[tokio::test]
async fn work_goes_on_while_the_connection_is_cut_and_is_not_done_twice() {
    let setting = Setting::new().await;
    let _relay = setting.relay(&[GREET]);
    let given = setting.worker(async |_| {
        tokio::time::sleep(Duration::from_millis(300)).await;
        Ok(())
    });
    setting.register(0..8).await;
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(400)).await;
        setting.wire.cut();
    }
    setting.done().await;
    empty(&setting, "greet").await;
    let mut given = given.lock().unwrap().clone();
    given.sort_unstable();
    assert_eq!(given, (0..8).map(|customer| 2 * customer + 1).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_the_broker_gives_up_on_is_parked_with_the_reason() {
    let setting = Setting::new().await;
    setting.register(0..1).await;
    let _relay = setting.relay(&[GREET]);
    setting.published().await;
    let shutdown = CancellationToken::new();
    #[expect(clippy::disallowed_methods, reason = "it ends with the test")]
    tokio::spawn(dead_letters::collect(setting.amqp.clone(), setting.work_queue.clone(), shutdown.clone()));
    let _running = shutdown.drop_guard();
    // Neither JSON nor a position: somebody else's message in our queue.
    let (properties, queue) = (BasicProperties::default(), setting.name("greet"));
    let publish =
        setting.channel.basic_publish("".into(), queue.clone().into(), Default::default(), b"junk", properties);
    publish.await.unwrap().await.unwrap();
    // A consumer that dies each time is one that gives its message back.
    let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
    let mut inbox = setting.channel.basic_consume(queue.into(), "dies".into(), options, arguments).await.unwrap();
    while setting.commands.dead_letters.all().await.unwrap().is_empty() {
        let Ok(message) = tokio::time::timeout(Duration::from_millis(200), inbox.next()).await else { continue };
        let message = message.unwrap().unwrap();
        message.reject(BasicRejectOptions { requeue: message.data != b"junk" }).await.unwrap();
    }
    let parked = setting.commands.dead_letters.all().await.unwrap().remove(0);
    assert_eq!((parked.consumer.as_str(), parked.position), ("greet", 1));
    assert!(parked.error.starts_with("the broker gave up: delivery_limit"), "{}", parked.error);
    assert_eq!(setting.work_queue.open().await.unwrap(), 0);
    empty(&setting, "parked").await;
}

/// Puts a message into the consumer's queue once more.
async fn send(setting: &Setting, message: &Delivery) {
    let (queue, properties) = (setting.name("greet").into(), message.properties.clone());
    let options = BasicPublishOptions::default();
    setting.channel.basic_publish("".into(), queue, options, &message.data, properties).await.unwrap().await.unwrap();
}

/// Waits until no message waits in a queue.
async fn empty(setting: &Setting, queue: &str) {
    until("the queue is empty", async || {
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let queue = setting.channel.queue_declare(setting.name(queue).into(), options, FieldTable::default()).await;
        queue.unwrap().message_count() == 0
    })
    .await;
}
