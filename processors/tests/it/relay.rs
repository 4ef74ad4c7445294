//! What the relay publishes.

use std::collections::HashSet;

use lapin::options::{QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::FieldTable;

use crate::setting::{GREET, Setting, position, until};

#[tokio::test]
async fn publishes_the_log_in_order_and_moves_its_checkpoint_behind_the_confirms() {
    let setting = Setting::new().await;
    setting.register(0..600).await;
    let relay = setting.relay(&[GREET]);
    let head = setting.published().await;
    assert_eq!(head, 1_200);
    let seen = setting.stream(head).await;
    assert_eq!(seen.iter().map(position).collect::<Vec<_>>(), (1..=head).collect::<Vec<_>>());
    // Another one declares everything again, and goes on where the first stopped.
    drop(relay);
    let _next = setting.relay(&[GREET]);
    setting.register(600..700).await;
    let head = setting.published().await;
    assert_eq!(setting.stream(head).await.len(), 1_400);
    // Each customer's registration waits for the consumer, once.
    assert_eq!(setting.work_queue.open().await.unwrap(), 700);
}

#[tokio::test]
async fn a_message_is_a_cloud_event_under_a_key_that_can_be_bound() {
    let setting = Setting::new().await;
    setting.register(0..1).await;
    let _relay = setting.relay(&[GREET]);
    setting.published().await;
    let message = setting.stream(1).await.remove(0);
    let event = setting.commands.store.read(0, 1).await.unwrap().remove(0);
    assert_eq!(message.routing_key.as_str(), "_.Customer.CustomerRegistered.v1");
    assert_eq!(message.properties.message_id().as_ref().unwrap().as_str(), event.id().to_string());
    assert_eq!(*message.properties.delivery_mode(), Some(2));
    let body: serde_json::Value = serde_json::from_slice(&message.data).unwrap();
    assert_eq!((&body["position"], &body["data"]), (&1.into(), event.data()));
}

#[tokio::test]
async fn goes_on_after_the_connection_was_cut() {
    let setting = Setting::new().await;
    let _relay = setting.relay(&[GREET]);
    for round in 0..5 {
        setting.register(round * 50..(round + 1) * 50).await;
        setting.wire.cut();
    }
    let head = setting.published().await;
    let mut seen: Vec<_> = setting.stream(head).await.iter().map(position).collect();
    let again = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, (1..=head).collect::<Vec<_>>(), "of {again} messages");
}

#[tokio::test]
async fn fills_a_stream_that_was_lost_with_the_whole_log_and_nobody_else() {
    let setting = Setting::new().await;
    setting.register(0..300).await;
    let _relay = setting.relay(&[GREET]);
    let given = setting.worker(async |_| Ok(()));
    setting.done().await;
    setting.channel.queue_delete(setting.name("replay").into(), QueueDeleteOptions::default()).await.unwrap();
    setting.register(300..301).await;
    until("the stream is there again", async || {
        let channel = setting.connection.create_channel().await.unwrap();
        let look = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        channel.queue_declare(setting.name("replay").into(), look, FieldTable::default()).await.is_ok()
    })
    .await;
    setting.done().await;
    let seen: Vec<_> = setting.stream(602).await.iter().map(position).collect();
    assert_eq!(seen, (1..=602).collect::<Vec<_>>());
    // The batch that found no stream is sent once more, as after a crash; the rest of the log is not.
    let given = given.lock().unwrap();
    assert_eq!(given.iter().collect::<HashSet<_>>().len(), 301);
    assert!(given.len() <= 302, "{} were given", given.len());
}
