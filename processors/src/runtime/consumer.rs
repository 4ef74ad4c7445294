//! What a reacting consumer is.

/// A consumer that reacts to some events.
#[derive(Clone, Copy)]
pub struct Consumer {
    /// Names its checkpoint and its parked events.
    pub name: &'static str,
    /// How many events it handles at the same time; they complete in the order of the log.
    pub concurrency: usize,
    /// The names of the events that it reacts to.
    pub wants: &'static [&'static str],
}

impl Consumer {
    /// Whether it reacts to an event of this name.
    pub fn reacts_to(&self, event_type: &str) -> bool {
        self.wants.contains(&event_type)
    }
}
