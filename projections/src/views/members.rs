//! What may this user do for this customer?
//!
//! The rows of a customer that left stay, but no query finds them: each asks for the customer as well.

use chrono::{DateTime, Utc};
use domain::{CustomerEvent, CustomerId, Encrypted, Event, MemberRole, UserId};
use serde::{Deserialize, Serialize};

use super::fold::{Fact, View};
use super::row::Row;

/// A member of a customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemberRow {
    /// The user.
    pub user_id: UserId,
    /// What the member may do.
    pub role: MemberRole,
    /// Since when the user is a member.
    pub since: DateTime<Utc>,
    /// The sealed address of someone who had not signed up when added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Encrypted>,
}

/// The id of the row of a user at a customer.
pub(crate) fn member_id(customer: CustomerId, user: UserId) -> String {
    format!("{customer}/{user}")
}

impl View for MemberRow {
    const TABLE: &'static str = "members";

    fn key(fact: &Fact<'_>) -> Option<String> {
        use CustomerEvent::*;
        let customer = CustomerId(fact.recorded.aggregate_id);
        match &fact.event {
            Event::Customer(
                MemberAdded { user_id, .. } | MemberRoleChanged { user_id, .. } | MemberRemoved { user_id, .. },
            ) => Some(member_id(customer, *user_id)),
            _ => None,
        }
    }

    fn evolve(row: Option<Row<Self>>, fact: &Fact<'_>) -> Option<Row<Self>> {
        match &fact.event {
            Event::Customer(CustomerEvent::MemberAdded { user_id, role, email }) => {
                let customer = CustomerId(fact.recorded.aggregate_id);
                let (user_id, role, email) = (*user_id, *role, email.clone());
                Some(Row::new(Some(customer), fact, Self { user_id, role, since: fact.at(), email }))
            }
            Event::Customer(CustomerEvent::MemberRoleChanged { role, .. }) => {
                Some(row?.changed(fact, |member| member.role = *role))
            }
            Event::Customer(CustomerEvent::MemberRemoved { .. }) => None,
            _ => row,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::given::{Log, added, registered, user};
    use super::*;

    #[test]
    fn a_new_role_keeps_the_day_of_entry() {
        let promoted = CustomerEvent::MemberRoleChanged { user_id: user(1), role: MemberRole::Owner };
        let log = Log::new().customer(1, registered("Acme")).customer(1, added(1, MemberRole::Viewer));
        let before = log.only::<MemberRow>();
        let after = log.customer(1, promoted).only::<MemberRow>();
        assert_eq!((after.body.role, after.version), (MemberRole::Owner, 3));
        assert_eq!((after.body.since, after.position), (before.body.since, before.position));
    }

    #[test]
    fn a_removed_member_is_not_there() {
        let log = Log::new().customer(1, added(1, MemberRole::Viewer));
        assert!(
            log.customer(1, CustomerEvent::MemberRemoved { user_id: user(1), key_id: None })
                .rows::<MemberRow>()
                .is_empty()
        );
    }
}
