//! What a person has seen of what was told. There is a notification for each upload and report, and it has the same id.

use std::convert::Infallible;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::aggregate::aggregate;

/// What is decided about a notification.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Notification {
    read: Option<Uuid>,
}

/// What can be asked of a notification.
#[derive(Clone, Copy, Debug)]
pub enum NotificationCommand {
    /// Notes that the recipient has seen it.
    MarkRead {
        /// The event that it told of; a later one makes it unread again.
        outcome: Uuid,
    },
}

/// What happened to a notification.
#[derive(
    Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema, strum::IntoStaticStr, strum::VariantNames,
)]
pub enum NotificationEvent {
    /// The recipient has seen it.
    NotificationRead {
        /// The event that it told of.
        outcome: Uuid,
    },
}

impl Notification {
    fn decide(&self, command: NotificationCommand) -> Result<Vec<NotificationEvent>, Infallible> {
        let NotificationCommand::MarkRead { outcome } = command;
        let is_news = self.read != Some(outcome);
        Ok(is_news.then_some(NotificationEvent::NotificationRead { outcome }).into_iter().collect())
    }

    fn evolve(&mut self, event: NotificationEvent) {
        let NotificationEvent::NotificationRead { outcome } = event;
        self.read = Some(outcome);
    }
}

aggregate!(Notification, NotificationCommand, NotificationEvent, Infallible);

#[cfg(test)]
mod tests {
    use cqrs_es::test::TestFramework;

    use super::*;

    #[test]
    fn is_read_once_for_each_outcome() {
        let read = |outcome| NotificationEvent::NotificationRead { outcome: Uuid::from_u128(outcome) };
        let mark = |outcome| NotificationCommand::MarkRead { outcome: Uuid::from_u128(outcome) };
        let seen = || TestFramework::<Notification>::with(()).given(vec![read(1)]);
        TestFramework::<Notification>::with(())
            .given_no_previous_events()
            .when(mark(1))
            .then_expect_events(vec![read(1)]);
        seen().when(mark(1)).then_expect_events(vec![]);
        seen().when(mark(2)).then_expect_events(vec![read(2)]);
    }
}
