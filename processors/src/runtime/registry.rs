//! Everyone who reacts to single events: the one table that starting, publishing and replaying go through.

use domain::Recorded;
use futures::FutureExt;

use super::consumer::Consumer;
use super::context::Context;
use super::metrics::Attempts;
use super::reaction::{Reaction, Work};
use super::roles::Role;
use crate::consumers::{cleanup, ingest, notify, overlaps, segment};

/// A consumer, the role that runs it, and what it does.
#[derive(Clone, Copy)]
pub(crate) struct RegisteredConsumer {
    pub consumer: Consumer,
    pub role: Role,
    handle: fn(Context, Recorded) -> Work,
}

/// Everyone who reacts to single events, in whatever process.
pub(crate) const REGISTRY: [RegisteredConsumer; 5] = [
    RegisteredConsumer {
        consumer: ingest::CONSUMER,
        role: Role::Ingest,
        handle: |context, event| ingest::handle(context, event).boxed(),
    },
    RegisteredConsumer {
        consumer: overlaps::CONSUMER,
        role: Role::Ingest,
        handle: |context, event| overlaps::handle(context, event).boxed(),
    },
    RegisteredConsumer {
        consumer: cleanup::CONSUMER,
        role: Role::Ingest,
        handle: |context, event| cleanup::handle(context, event).boxed(),
    },
    RegisteredConsumer {
        consumer: segment::CONSUMER,
        role: Role::Segment,
        handle: |context, event| segment::handle(context, event).boxed(),
    },
    RegisteredConsumer {
        consumer: notify::CONSUMER,
        role: Role::Notify,
        handle: |context, event| notify::handle(context, event).boxed(),
    },
];

/// All consumers.
pub(crate) fn consumers() -> Vec<Consumer> {
    REGISTRY.iter().map(|registration| registration.consumer).collect()
}

/// The consumers that a role runs.
pub(crate) fn of_role(role: Role) -> impl Iterator<Item = RegisteredConsumer> {
    REGISTRY.into_iter().filter(move |registration| registration.role == role)
}

/// The consumer of a name.
pub(crate) fn named(name: &str) -> Option<RegisteredConsumer> {
    REGISTRY.into_iter().find(|registration| registration.consumer.name == name)
}

impl RegisteredConsumer {
    /// The work on an event.
    pub fn handle(&self, context: &Context, event: Recorded) -> Work {
        (self.handle)(context.clone(), event)
    }

    /// What it does in a process, counted.
    pub fn reaction(self, context: &Context, attempts: &Attempts) -> Reaction {
        let (context, attempts, name) = (context.clone(), attempts.clone(), self.consumer.name);
        Reaction::new(self.consumer, move |event| {
            let (work, attempts) = (self.handle(&context, event), attempts.clone());
            async move { attempts.measure(name, work).await }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use domain::{CustomerEvent, DatasetEvent, NotificationEvent, ReportEvent, UploadEvent, UserEvent};
    use strum::VariantNames;

    use super::*;

    #[test]
    fn everyone_wants_events_that_there_are() {
        let events = [
            UserEvent::VARIANTS,
            CustomerEvent::VARIANTS,
            UploadEvent::VARIANTS,
            DatasetEvent::VARIANTS,
            ReportEvent::VARIANTS,
            NotificationEvent::VARIANTS,
        ]
        .concat();
        for Consumer { name, wants, .. } in consumers() {
            assert!(!wants.is_empty(), "{name} wants nothing");
            for event in wants {
                assert!(events.contains(event), "{name} wants {event}, and there is no such event");
            }
        }
    }

    #[test]
    fn each_name_is_one_consumers() {
        let names: HashSet<_> = consumers().iter().map(|consumer| consumer.name).collect();
        assert_eq!(names.len(), REGISTRY.len());
        // Its queue, its checkpoint and its parked events would be mixed up with those of others.
        for taken in ["project", "relay", "replay", "parked", "events", "refill", "unrouted", "dead"] {
            assert!(!names.contains(taken), "{taken} is the name of something else");
        }
    }

    #[test]
    fn a_process_with_every_role_runs_everyone() {
        let run: Vec<_> =
            Role::ALL.into_iter().flat_map(of_role).map(|registration| registration.consumer.name).collect();
        let mut all: Vec<_> = consumers().iter().map(|consumer| consumer.name).collect();
        assert_eq!(run.len(), all.len());
        all.retain(|name| !run.contains(name));
        assert_eq!(all, Vec::<&str>::new(), "no role runs these");
    }
}
