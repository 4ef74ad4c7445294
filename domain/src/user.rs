//! A user: a person who signs in. Personal fields are encrypted; the password is not here at all.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::aggregate::aggregate;
use crate::encrypted::Encrypted;

/// What is decided about a user.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct User {
    registration: Option<RegisteredUser>,
}

/// What is known about a user who is registered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegisteredUser {
    /// The credential that signs the user in; its hash stands in a table of its own.
    pub credential_id: Uuid,
    /// The key of the personal fields.
    pub key_id: Uuid,
    pub name: Encrypted,
    pub phone_number: Option<Encrypted>,
    /// Distinguishes registrations under one idempotency key.
    pub request: Option<String>,
}

/// What can be asked of a user.
#[derive(Clone, Debug)]
pub enum UserCommand {
    /// Takes a new user.
    RegisterUser {
        email: Encrypted,
        name: Encrypted,
        phone_number: Option<Encrypted>,
        /// The credential made from the password.
        credential_id: Uuid,
        /// The keyed hash of idempotency key and body, so that a repeated request is no conflict.
        request: Option<String>,
    },
    /// Changes name or phone number; what is `None` stays.
    ChangeProfile {
        name: Option<Encrypted>,
        /// Encrypted phone number, or none from now on.
        phone_number: Option<Option<Encrypted>>,
    },
    ChangePassword {
        /// The credential made from the new password.
        credential_id: Uuid,
    },
    EraseUser,
}

/// What happened to a user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema, strum::IntoStaticStr, strum::VariantNames)]
pub enum UserEvent {
    /// A user came.
    UserRegistered {
        /// Sealed e-mail address.
        email: Encrypted,
        /// Sealed full name.
        name: Encrypted,
        /// Sealed phone number.
        phone_number: Option<Encrypted>,
        /// The credential that signs the user in.
        credential_id: Uuid,
        /// The keyed hash of idempotency key and body.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<String>,
    },
    /// Name and phone number are these now.
    ProfileChanged {
        /// Sealed full name.
        name: Encrypted,
        /// Sealed phone number.
        phone_number: Option<Encrypted>,
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
    pub fn registration(&self) -> Option<&RegisteredUser> {
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
                *registration = Some(RegisteredUser { credential_id, key_id, name, phone_number, request });
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
mod tests;
