//! What customers accept and refuse: given, when, then.

use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::*;
use crate::patch::Patch;
use crate::validation::Invalid;

type Customers = TestFramework<Customer>;

#[test]
fn the_classic_grid_is_no_grid_of_its_own() {
    let mut grid = Box::new(RfmGrid::default());
    let change = |grid: &RfmGrid| CustomerCommand::ChangeRfmGrid { grid: Some(Box::new(grid.clone())) };
    let given = |events: Vec<CustomerEvent>| TestFramework::<Customer>::with(()).given(events);
    given(registered()).when(change(&grid)).then_expect_events(vec![]);
    grid.cells[4][4] = "VIP".into();
    let changed = CustomerEvent::RfmGridChanged { grid: Some(grid.clone()) };
    given(registered()).when(change(&grid)).then_expect_events(vec![changed.clone()]);
    given([registered(), vec![changed]].concat()).when(change(&grid)).then_expect_events(vec![]);
}

#[test]
fn its_first_member_is_its_owner() {
    Customers::with(())
        .given_no_previous_events()
        .when(CustomerCommand::RegisterCustomer { details: details(" Acme "), owner: user(1) })
        .then_expect_events(registered());
}

#[test]
fn registering_again_under_the_same_id_changes_nothing() {
    Customers::with(())
        .given(registered())
        .when(CustomerCommand::RegisterCustomer { details: details("Acme"), owner: user(1) })
        .then_expect_events(vec![]);
    Customers::with(())
        .given(registered())
        .when(CustomerCommand::RegisterCustomer { details: details("Other"), owner: user(1) })
        .then_expect_error(CustomerError::KeyReused);
}

#[test]
fn the_last_owner_cannot_leave() {
    let leave = || CustomerCommand::RemoveMember { user_id: user(1), expected_version: None };
    Customers::with(()).given(registered()).when(leave()).then_expect_error(CustomerError::LastOwner);
    Customers::with(())
        .given([registered(), vec![added(2, MemberRole::Owner)]].concat())
        .when(leave())
        .then_expect_events(vec![CustomerEvent::MemberRemoved { user_id: user(1), key_id: None }]);
}

#[test]
fn the_last_owner_cannot_step_down() {
    Customers::with(())
        .given([registered(), vec![added(2, MemberRole::Analyst)]].concat())
        .when(CustomerCommand::ChangeMemberRole { user_id: user(1), role: MemberRole::Viewer, expected_version: None })
        .then_expect_error(CustomerError::LastOwner);
}

#[test]
fn a_change_based_on_an_old_version_is_stale() {
    let change = |expected| CustomerCommand::ChangeCustomerDetails {
        changes: CustomerChanges { name: Some("New".into()), ..Default::default() },
        expected_version: Some(expected),
    };
    Customers::with(()).given(registered()).when(change(7)).then_expect_error(CustomerError::Stale);
    Customers::with(())
        .given(registered())
        .when(change(1))
        .then_expect_events(vec![CustomerEvent::CustomerDetailsChanged { name: "New".into(), description: None }]);
}

#[test]
fn a_store_keeps_what_is_not_changed() {
    let mut changed = store("Centro");
    changed.city = None;
    Customers::with(())
        .given([registered(), vec![opened()]].concat())
        .when(CustomerCommand::ChangeStoreDetails {
            store_id: StoreId(Uuid::nil()),
            changes: StoreChanges { city: Patch::Clear, ..Default::default() },
            expected_version: Some(3),
        })
        .then_expect_events(vec![CustomerEvent::StoreDetailsChanged {
            store_id: StoreId(Uuid::nil()),
            details: changed,
        }]);
}

#[test]
fn refuses_a_place_that_is_not_on_the_earth() {
    let details = StoreDetails { location: Some(Location { longitude: 200.0, latitude: 0.0 }), ..store("Centro") };
    Customers::with(())
        .given(registered())
        .when(CustomerCommand::OpenStore { store_id: StoreId(Uuid::nil()), details })
        .then_expect_error(Invalid::new("location", "longitude must be -180 to 180 and latitude -90 to 90").into());
}

#[test]
fn the_address_of_an_invitation_goes_with_the_member() {
    let email = Encrypted { key_id: Uuid::from_u128(9), data: "00".into() };
    let invited = CustomerEvent::MemberAdded { user_id: user(2), role: MemberRole::Viewer, email: Some(email) };
    Customers::with(())
        .given([registered(), vec![invited]].concat())
        .when(CustomerCommand::RemoveMember { user_id: user(2), expected_version: None })
        .then_expect_events(vec![CustomerEvent::MemberRemoved { user_id: user(2), key_id: Some(Uuid::from_u128(9)) }]);
}

#[test]
fn an_api_key_is_created_once_and_revoked_once() {
    let create = |name: &str| CustomerCommand::CreateApiKey {
        key_id: ApiKeyId(Uuid::nil()),
        details: ApiKeyDetails { name: name.into(), role: MemberRole::Analyst },
        created_by: user(1),
    };
    let created = || [registered(), vec![key_created(0)]].concat();
    let revoke = || CustomerCommand::RevokeApiKey { key_id: ApiKeyId(Uuid::nil()) };
    let revoked = CustomerEvent::ApiKeyRevoked { key_id: ApiKeyId(Uuid::nil()) };
    Customers::with(()).given(registered()).when(create(" Nightly ")).then_expect_events(vec![key_created(0)]);
    Customers::with(()).given(created()).when(create("Nightly")).then_expect_events(vec![]);
    Customers::with(()).given(created()).when(create("Other")).then_expect_error(CustomerError::KeyReused);
    Customers::with(()).given(created()).when(revoke()).then_expect_events(vec![revoked.clone()]);
    Customers::with(())
        .given([created(), vec![revoked]].concat())
        .when(revoke())
        .then_expect_error(CustomerError::ApiKeyNotFound);
}

#[test]
fn api_keys_are_few() {
    let many = (0..API_KEYS_MAX as u128).map(|id| key_created(id + 1)).collect();
    Customers::with(())
        .given([registered(), many].concat())
        .when(CustomerCommand::CreateApiKey {
            key_id: ApiKeyId(Uuid::nil()),
            details: ApiKeyDetails { name: "One more".into(), role: MemberRole::Viewer },
            created_by: user(1),
        })
        .then_expect_error(CustomerError::TooManyApiKeys);
}

#[test]
fn nothing_can_be_done_to_a_closed_customer() {
    Customers::with(())
        .given([registered(), vec![CustomerEvent::CustomerClosed]].concat())
        .when(CustomerCommand::AddMember { user_id: user(2), role: MemberRole::Viewer, email: None })
        .then_expect_error(CustomerError::NotFound);
}

fn registered() -> Vec<CustomerEvent> {
    vec![CustomerEvent::CustomerRegistered { name: "Acme".into(), description: None }, added(1, MemberRole::Owner)]
}

fn added(id: u128, role: MemberRole) -> CustomerEvent {
    CustomerEvent::MemberAdded { user_id: user(id), role, email: None }
}

fn key_created(id: u128) -> CustomerEvent {
    CustomerEvent::ApiKeyCreated {
        key_id: ApiKeyId(Uuid::from_u128(id)),
        details: ApiKeyDetails { name: "Nightly".into(), role: MemberRole::Analyst },
        created_by: user(1),
    }
}

fn opened() -> CustomerEvent {
    CustomerEvent::StoreOpened { store_id: StoreId(Uuid::nil()), details: store("Centro") }
}

fn store(name: &str) -> StoreDetails {
    StoreDetails { name: name.into(), city: Some("Madrid".into()), location: None }
}

fn details(name: &str) -> CustomerDetails {
    CustomerDetails { name: name.into(), description: None }
}

fn user(id: u128) -> UserId {
    UserId(Uuid::from_u128(id))
}
