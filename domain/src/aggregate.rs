//! Connects a pure `decide` and `apply` to cqrs-es, whose `handle` is asynchronous and takes services.

/// Implements `cqrs_es::Aggregate` and `DomainEvent` for an aggregate that has
/// `decide(&self, Command) -> Result<Vec<Event>, Error>` and `evolve(&mut self, Event)`.
macro_rules! aggregate {
    ($aggregate:ident, $command:ident, $event:ident, $error:ident) => {
        impl cqrs_es::Aggregate for $aggregate {
            const TYPE: &'static str = stringify!($aggregate);
            type Command = $command;
            type Event = $event;
            type Error = $error;
            type Services = ();

            async fn handle(
                &mut self,
                command: $command,
                _: &(),
                sink: &cqrs_es::event_sink::EventSink<Self>,
            ) -> Result<(), $error> {
                for event in self.decide(command)? {
                    sink.write(event, self).await;
                }
                Ok(())
            }

            fn apply(&mut self, event: $event) {
                self.evolve(event);
            }
        }

        impl cqrs_es::DomainEvent for $event {
            fn event_type(&self) -> String {
                <&'static str>::from(self).to_owned()
            }

            /// Every event is at its first version; a changed one gets its own number and an upcaster.
            fn event_version(&self) -> String {
                "1".to_owned()
            }
        }
    };
}

pub(crate) use aggregate;
