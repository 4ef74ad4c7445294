//! Who is this user? Personal fields stay sealed here; whoever answers opens them.

use anyhow::Result;
use chrono::{DateTime, Utc};
use domain::{Encrypted, Event, UserEvent, UserId};
use serde::{Deserialize, Serialize};

use crate::views::sql::Views;
use crate::views::view::{Fact, Row, View};

/// A registered user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserRow {
    /// The user.
    pub id: UserId,
    /// Sealed e-mail address.
    pub email: Encrypted,
    /// Sealed full name.
    pub name: Encrypted,
    /// Sealed phone number.
    pub phone_number: Option<Encrypted>,
    /// When the user registered.
    pub created_at: DateTime<Utc>,
}

impl View for UserRow {
    const TABLE: &'static str = "users";

    fn keys(fact: &Fact<'_>) -> impl IntoIterator<Item = String> {
        matches!(fact.event, Event::User(_)).then(|| fact.recorded.aggregate_id.to_string())
    }

    fn evolve(row: Option<Row<Self>>, fact: &Fact<'_>) -> Option<Row<Self>> {
        let Event::User(event) = &fact.event else { return row };
        match event {
            UserEvent::UserRegistered { email, name, phone_number, .. } => {
                let (email, name, phone_number) = (email.clone(), name.clone(), phone_number.clone());
                let id = UserId(fact.recorded.aggregate_id);
                Some(Row::new(None, fact, Self { id, email, name, phone_number, created_at: fact.at() }))
            }
            UserEvent::ProfileChanged { name, phone_number } => Some(row?.changed(fact, |user| {
                user.name = name.clone();
                user.phone_number = phone_number.clone();
            })),
            UserEvent::PasswordChanged { .. } => row,
            UserEvent::UserErased { .. } => None,
        }
    }
}

impl Views {
    /// A registered user.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn user(&self, user: UserId) -> Result<Option<Row<UserRow>>> {
        self.get(&user.to_string()).await
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::views::test_log::{Log, sealed, signed_up};

    #[test]
    fn a_profile_change_keeps_the_address() {
        let log = Log::new()
            .user(1, signed_up())
            .user(1, UserEvent::ProfileChanged { name: sealed("Ana Ruiz"), phone_number: Some(sealed("555")) });
        let row = log.only::<UserRow>();
        assert_eq!((row.version, row.position), (2, 1));
        assert_eq!(row.body.email, sealed("ana@example.com"));
        assert_eq!(row.body.name, sealed("Ana Ruiz"));
        assert_eq!(row.body.phone_number, Some(sealed("555")));
    }

    #[test]
    fn nothing_is_left_of_an_erased_user() {
        let erased = UserEvent::UserErased { key_id: Uuid::nil(), credential_id: Uuid::nil() };
        assert!(Log::new().user(1, signed_up()).user(1, erased).rows::<UserRow>().is_empty());
    }
}
