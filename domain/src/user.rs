//! A user: a person who signs in. Personal fields are sealed; the password is not here at all.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Sealed;
use crate::aggregate::aggregate;

/// What is decided about a user.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct User {
    registration: Option<Registration>,
}

/// What is known about a user who is registered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Registration {
    /// The credential that signs the user in; its hash stands in a table of its own.
    pub credential_id: Uuid,
    /// The key of the personal fields.
    pub key_id: Uuid,
    /// Sealed full name.
    pub name: Sealed,
    /// Sealed phone number.
    pub phone_number: Option<Sealed>,
    /// Distinguishes registrations under one idempotency key.
    pub request: Option<String>,
}

/// What can be asked of a user.
#[derive(Clone, Debug)]
pub enum UserCommand {
    /// Takes a new user.
    RegisterUser {
        /// Sealed e-mail address.
        email: Sealed,
        /// Sealed full name.
        name: Sealed,
        /// Sealed phone number.
        phone_number: Option<Sealed>,
        /// The credential made from the password.
        credential_id: Uuid,
        /// The keyed hash of idempotency key and body, so that a repeated request is no conflict.
        request: Option<String>,
    },
    /// Changes name or phone number; what is `None` stays.
    ChangeProfile {
        /// Sealed full name.
        name: Option<Sealed>,
        /// Sealed phone number, or none from now on.
        phone_number: Option<Option<Sealed>>,
    },
    /// Replaces the credential.
    ChangePassword {
        /// The credential made from the new password.
        credential_id: Uuid,
    },
    /// Forgets the person.
    EraseUser,
}

/// What happened to a user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema, strum::IntoStaticStr, strum::VariantNames)]
pub enum UserEvent {
    /// A user came.
    UserRegistered {
        /// Sealed e-mail address.
        email: Sealed,
        /// Sealed full name.
        name: Sealed,
        /// Sealed phone number.
        phone_number: Option<Sealed>,
        /// The credential that signs the user in.
        credential_id: Uuid,
        /// The keyed hash of idempotency key and body.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<String>,
    },
    /// Name and phone number are these now.
    ProfileChanged {
        /// Sealed full name.
        name: Sealed,
        /// Sealed phone number.
        phone_number: Option<Sealed>,
    },
    /// Another credential signs the user in.
    PasswordChanged {
        /// The new credential.
        credential_id: Uuid,
    },
    /// The person is forgotten: the key is to be destroyed.
    UserErased {
        /// The key of the personal fields.
        key_id: Uuid,
        /// The credential that no longer signs anyone in.
        credential_id: Uuid,
    },
}

/// Why something cannot be done to a user.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum UserError {
    /// Somebody is registered with this e-mail address.
    #[error("a user with this e-mail address is already registered")]
    EmailTaken,
    /// There is no such user, or no longer.
    #[error("there is no such user")]
    NotFound,
}

impl User {
    /// What is known about the user, when registered.
    pub fn registration(&self) -> Option<&Registration> {
        self.registration.as_ref()
    }

    fn decide(&self, command: UserCommand) -> Result<Vec<UserEvent>, UserError> {
        use {UserCommand::*, UserEvent::*};
        match (&self.registration, command) {
            (None, RegisterUser { email, name, phone_number, credential_id, request }) => {
                Ok(vec![UserRegistered { email, name, phone_number, credential_id, request }])
            }
            (Some(user), RegisterUser { request: Some(request), .. }) if user.request.as_ref() == Some(&request) => {
                Ok(vec![])
            }
            (Some(_), RegisterUser { .. }) => Err(UserError::EmailTaken),
            (None, _) => Err(UserError::NotFound),
            (Some(user), ChangeProfile { name, phone_number }) => Ok(vec![ProfileChanged {
                name: name.unwrap_or_else(|| user.name.clone()),
                phone_number: phone_number.unwrap_or_else(|| user.phone_number.clone()),
            }]),
            (Some(_), ChangePassword { credential_id }) => Ok(vec![PasswordChanged { credential_id }]),
            (Some(user), EraseUser) => Ok(vec![UserErased { key_id: user.key_id, credential_id: user.credential_id }]),
        }
    }

    fn evolve(&mut self, event: UserEvent) {
        match (&mut self.registration, event) {
            (registration, UserEvent::UserRegistered { name, phone_number, credential_id, request, email }) => {
                let key_id = email.key_id;
                *registration = Some(Registration { credential_id, key_id, name, phone_number, request });
            }
            (Some(user), UserEvent::ProfileChanged { name, phone_number }) => {
                user.name = name;
                user.phone_number = phone_number;
            }
            (Some(user), UserEvent::PasswordChanged { credential_id }) => user.credential_id = credential_id,
            (registration, UserEvent::UserErased { .. }) => *registration = None,
            (None, _) => {}
        }
    }
}

aggregate!(User, UserCommand, UserEvent, UserError);

#[cfg(test)]
mod tests {
    use cqrs_es::test::TestFramework;

    use super::*;

    type Users = TestFramework<User>;

    #[test]
    fn registers_once_for_an_email() {
        Users::with(())
            .given(vec![registered(1, None)])
            .when(register(2, None))
            .then_expect_error(UserError::EmailTaken);
    }

    #[test]
    fn a_repeated_request_changes_nothing() {
        Users::with(()).given(vec![registered(1, Some("k"))]).when(register(2, Some("k"))).then_expect_events(vec![]);
    }

    #[test]
    fn a_profile_keeps_what_is_not_changed() {
        Users::with(())
            .given(vec![registered(1, None)])
            .when(UserCommand::ChangeProfile { name: None, phone_number: Some(Some(sealed("555"))) })
            .then_expect_events(vec![UserEvent::ProfileChanged {
                name: sealed("Ana"),
                phone_number: Some(sealed("555")),
            }]);
    }

    #[test]
    fn an_erased_user_is_gone_and_the_email_is_free() {
        let erased = UserEvent::UserErased { key_id: Uuid::nil(), credential_id: Uuid::from_u128(1) };
        Users::with(())
            .given(vec![registered(1, None)])
            .when(UserCommand::EraseUser)
            .then_expect_events(vec![erased.clone()]);
        Users::with(())
            .given(vec![registered(1, None), erased.clone()])
            .when(UserCommand::ChangePassword { credential_id: Uuid::from_u128(2) })
            .then_expect_error(UserError::NotFound);
        Users::with(())
            .given(vec![registered(1, None), erased])
            .when(register(2, None))
            .then_expect_events(vec![registered(2, None)]);
    }

    fn register(credential: u128, request: Option<&str>) -> UserCommand {
        UserCommand::RegisterUser {
            email: sealed("ana@example.com"),
            name: sealed("Ana"),
            phone_number: None,
            credential_id: Uuid::from_u128(credential),
            request: request.map(str::to_owned),
        }
    }

    fn registered(credential: u128, request: Option<&str>) -> UserEvent {
        UserEvent::UserRegistered {
            email: sealed("ana@example.com"),
            name: sealed("Ana"),
            phone_number: None,
            credential_id: Uuid::from_u128(credential),
            request: request.map(str::to_owned),
        }
    }

    fn sealed(text: &str) -> Sealed {
        Sealed { key_id: Uuid::nil(), data: text.to_owned() }
    }
}
