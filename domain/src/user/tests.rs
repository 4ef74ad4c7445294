//! What users accept and refuse: given, when, then.

use cqrs_es::test::TestFramework;

use super::*;

type Users = TestFramework<User>;

#[test]
fn registers_once_for_an_email() {
    Users::with(()).given(vec![registered(1, None)]).when(register(2, None)).then_expect_error(UserError::EmailTaken);
}

#[test]
fn a_repeated_request_changes_nothing() {
    Users::with(()).given(vec![registered(1, Some("k"))]).when(register(2, Some("k"))).then_expect_events(vec![]);
}

#[test]
fn a_profile_keeps_what_is_not_changed() {
    Users::with(())
        .given(vec![registered(1, None)])
        .when(UserCommand::ChangeProfile { name: None, phone_number: Some(Some(encrypted("555"))) })
        .then_expect_events(vec![UserEvent::ProfileChanged {
            name: encrypted("Ana"),
            phone_number: Some(encrypted("555")),
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
        email: encrypted("ana@example.com"),
        name: encrypted("Ana"),
        phone_number: None,
        credential_id: Uuid::from_u128(credential),
        request: request.map(str::to_owned),
    }
}

fn registered(credential: u128, request: Option<&str>) -> UserEvent {
    UserEvent::UserRegistered {
        email: encrypted("ana@example.com"),
        name: encrypted("Ana"),
        phone_number: None,
        credential_id: Uuid::from_u128(credential),
        request: request.map(str::to_owned),
    }
}

fn encrypted(text: &str) -> Encrypted {
    Encrypted { key_id: Uuid::nil(), data: text.to_owned() }
}
