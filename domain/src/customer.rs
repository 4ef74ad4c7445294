//! A customer: a company that is our client, with its members and stores.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::aggregate::aggregate;
use crate::field::{line, optional_line};
use crate::rfm::RfmGrid;
use crate::{ApiKeyId, Invalid, Patch, Sealed, StoreId, UserId};

/// What is decided about a customer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Customer {
    status: Status,
    /// Counts all events; the version of a part is the event that last changed it.
    version: u64,
    details: Versioned<CustomerDetails>,
    members: BTreeMap<UserId, Versioned<MemberRole>>,
    /// The keys of the addresses of members who had not signed up when they were added.
    invitations: BTreeMap<UserId, Uuid>,
    stores: BTreeMap<StoreId, Versioned<StoreDetails>>,
    rfm_grid: Option<Box<RfmGrid>>,
    api_keys: BTreeMap<ApiKeyId, ApiKeyDetails>,
}

/// More keys than this are a mistake.
const API_KEYS_MAX: usize = 100;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Status {
    #[default]
    Unknown,
    Open,
    Closed,
}

/// A part of the customer and the sequence of the event that last changed it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Versioned<T> {
    value: T,
    version: u64,
}

/// What a member may do.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema, strum::Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum MemberRole {
    /// Reads.
    #[default]
    Viewer,
    /// Also uploads, deletes uploads and asks for reports.
    Analyst,
    /// Also changes the customer, its stores and members.
    Owner,
}

/// How a customer describes itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CustomerDetails {
    /// The name of the company.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
}

/// A point on the Earth (WGS 84).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, try_from = "BTreeMap<String, f64>")]
pub struct Location {
    /// Degrees, -180 to 180, east is positive.
    pub longitude: f64,
    /// Degrees, -90 to 90, north is positive.
    pub latitude: f64,
}

/// By name only: serde would also take a list of two numbers, and nobody knows which of them is which.
impl TryFrom<BTreeMap<String, f64>> for Location {
    type Error = String;

    fn try_from(mut fields: BTreeMap<String, f64>) -> Result<Self, String> {
        let mut take = |name| fields.remove(name).ok_or_else(|| format!("missing field `{name}`"));
        let location = Self { longitude: take("longitude")?, latitude: take("latitude")? };
        match fields.keys().next() {
            Some(other) => Err(format!("unknown field `{other}`, expected `longitude` or `latitude`")),
            None => Ok(location),
        }
    }
}

/// How a store is described.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StoreDetails {
    /// The name of the store.
    pub name: String,
    /// The city it is in.
    pub city: Option<String>,
    /// Where it is.
    pub location: Option<Location>,
}

/// How an API key is described.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiKeyDetails {
    /// What it is for.
    pub name: String,
    /// What a program may do with it.
    pub role: MemberRole,
}

/// A change to some details of a customer.
#[derive(Clone, Debug, Default)]
pub struct CustomerChanges {
    /// The new name.
    pub name: Option<String>,
    /// The new description.
    pub description: Patch<String>,
}

/// A change to some details of a store.
#[derive(Clone, Debug, Default)]
pub struct StoreChanges {
    /// The new name.
    pub name: Option<String>,
    /// The new city.
    pub city: Patch<String>,
    /// The new location.
    pub location: Patch<Location>,
}

/// What can be asked of a customer. `expected_version` is the version that the caller has seen.
#[derive(Clone, Debug)]
pub enum CustomerCommand {
    /// Takes a new customer, whose first member is its owner.
    RegisterCustomer {
        /// How it describes itself.
        details: CustomerDetails,
        /// The user who registers it.
        owner: UserId,
    },
    /// Changes name or description.
    ChangeCustomerDetails {
        /// What changes.
        changes: CustomerChanges,
        /// The version that the caller has seen, if it cares.
        expected_version: Option<u64>,
    },
    /// Adds a member.
    AddMember {
        /// The user.
        user_id: UserId,
        /// What the member may do.
        role: MemberRole,
        /// The sealed address of someone who has not signed up yet.
        email: Option<Sealed>,
    },
    /// Changes what a member may do.
    ChangeMemberRole {
        /// The user.
        user_id: UserId,
        /// What the member may do from now on.
        role: MemberRole,
        /// The version that the caller has seen, if it cares.
        expected_version: Option<u64>,
    },
    /// Removes a member.
    RemoveMember {
        /// The user.
        user_id: UserId,
        /// The version that the caller has seen, if it cares.
        expected_version: Option<u64>,
    },
    /// Opens a store.
    OpenStore {
        /// The id of the store.
        store_id: StoreId,
        /// How it is described.
        details: StoreDetails,
    },
    /// Changes how a store is described.
    ChangeStoreDetails {
        /// The store.
        store_id: StoreId,
        /// What changes.
        changes: StoreChanges,
        /// The version that the caller has seen, if it cares.
        expected_version: Option<u64>,
    },
    /// Closes a store. Its uploads and datasets stay.
    CloseStore {
        /// The store.
        store_id: StoreId,
        /// The version that the caller has seen, if it cares.
        expected_version: Option<u64>,
    },
    /// Names and cuts the RFM grid of later reports; none is the classic one.
    ChangeRfmGrid {
        /// The grid.
        grid: Option<Box<RfmGrid>>,
    },
    /// Creates a key for a program; its secret stands in a table of its own.
    CreateApiKey {
        /// The id of the key.
        key_id: ApiKeyId,
        /// How it is described.
        details: ApiKeyDetails,
        /// The user who creates it.
        created_by: UserId,
    },
    /// Makes a key worthless.
    RevokeApiKey {
        /// The key.
        key_id: ApiKeyId,
    },
    /// Ends the customer; everything of it is to be removed.
    CloseCustomer {
        /// The version that the caller has seen, if it cares.
        expected_version: Option<u64>,
    },
}

/// What happened to a customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantNames)]
pub enum CustomerEvent {
    /// A customer came.
    CustomerRegistered {
        /// The name of the company.
        name: String,
        /// What it does.
        description: Option<String>,
    },
    /// It describes itself like this now.
    CustomerDetailsChanged {
        /// The name of the company.
        name: String,
        /// What it does.
        description: Option<String>,
    },
    /// A user became a member.
    MemberAdded {
        /// The user.
        user_id: UserId,
        /// What the member may do.
        role: MemberRole,
        /// The sealed address of someone who had not signed up yet, under a key of its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        email: Option<Sealed>,
    },
    /// A member may do something else now.
    MemberRoleChanged {
        /// The user.
        user_id: UserId,
        /// What the member may do.
        role: MemberRole,
    },
    /// A member left.
    MemberRemoved {
        /// The user.
        user_id: UserId,
        /// The key of the address that came with the invitation: it is to be destroyed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key_id: Option<Uuid>,
    },
    /// A store was opened.
    StoreOpened {
        /// The store.
        store_id: StoreId,
        /// How it is described.
        #[serde(flatten)]
        details: StoreDetails,
    },
    /// A store is described like this now.
    StoreDetailsChanged {
        /// The store.
        store_id: StoreId,
        /// How it is described.
        #[serde(flatten)]
        details: StoreDetails,
    },
    /// A store was closed.
    StoreClosed {
        /// The store.
        store_id: StoreId,
    },
    /// Later reports have this RFM grid; none is the classic one.
    RfmGridChanged {
        /// The grid.
        grid: Option<Box<RfmGrid>>,
    },
    /// A program may act for the customer.
    ApiKeyCreated {
        /// The key.
        key_id: ApiKeyId,
        /// How it is described.
        #[serde(flatten)]
        details: ApiKeyDetails,
        /// The user who created it.
        created_by: UserId,
    },
    /// A key is worth nothing any more.
    ApiKeyRevoked {
        /// The key.
        key_id: ApiKeyId,
    },
    /// The customer left.
    CustomerClosed,
}

/// Why something cannot be done to a customer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CustomerError {
    /// There is no such customer, or no longer.
    #[error("there is no such customer")]
    NotFound,
    /// There is no such member.
    #[error("there is no such member")]
    MemberNotFound,
    /// There is no such store, or no longer.
    #[error("there is no such store")]
    StoreNotFound,
    /// There is no such API key, or no longer.
    #[error("there is no such API key")]
    ApiKeyNotFound,
    /// The customer has as many API keys as it may have.
    #[error("a customer has at most {API_KEYS_MAX} API keys; revoke one that is not used any more")]
    TooManyApiKeys,
    /// The user is a member already, with another role.
    #[error("this user is already a member, with another role")]
    AlreadyMember,
    /// A customer needs an owner.
    #[error("the last owner cannot leave or step down; make someone else an owner first")]
    LastOwner,
    /// The id was used for something else, such as a repeated idempotency key with another body.
    #[error("this idempotency key was used for another request")]
    KeyReused,
    /// Somebody else changed it since the caller looked.
    #[error("it was changed by someone else")]
    Stale,
    /// A field cannot be accepted.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

type Decision = Result<Vec<CustomerEvent>, CustomerError>;

impl Customer {
    /// Whether it was registered and has not left.
    pub fn is_open(&self) -> bool {
        self.status == Status::Open
    }

    /// The RFM grid of its reports, when it is not the classic one.
    pub fn rfm_grid(&self) -> Option<&RfmGrid> {
        self.rfm_grid.as_deref()
    }

    /// Whether the store is open.
    pub fn has_store(&self, store_id: StoreId) -> bool {
        self.is_open() && self.stores.contains_key(&store_id)
    }

    fn decide(&self, command: CustomerCommand) -> Decision {
        use {CustomerCommand::*, CustomerEvent::*};
        match (self.status, command) {
            (Status::Unknown, RegisterCustomer { details, owner }) => register(details, owner),
            (Status::Open, RegisterCustomer { details, .. }) => self.register_again(details),
            (Status::Unknown | Status::Closed, _) => Err(CustomerError::NotFound),
            (_, ChangeCustomerDetails { changes, expected_version }) => self.change_details(changes, expected_version),
            (_, AddMember { user_id, role, email }) => self.add_member(user_id, role, email),
            (_, ChangeMemberRole { user_id, role, expected_version }) => {
                self.change_role(user_id, role, expected_version)
            }
            (_, RemoveMember { user_id, expected_version }) => self.remove_member(user_id, expected_version),
            (_, OpenStore { store_id, details }) => self.open_store(store_id, details),
            (_, ChangeStoreDetails { store_id, changes, expected_version }) => {
                self.change_store(store_id, changes, expected_version)
            }
            (_, CloseStore { store_id, expected_version }) => {
                fresh(self.store(store_id)?.version, expected_version)?;
                Ok(vec![StoreClosed { store_id }])
            }
            (_, ChangeRfmGrid { grid }) => self.change_grid(grid),
            (_, CreateApiKey { key_id, details, created_by }) => self.create_api_key(key_id, &details, created_by),
            (_, RevokeApiKey { key_id }) if self.api_keys.contains_key(&key_id) => Ok(vec![ApiKeyRevoked { key_id }]),
            (_, RevokeApiKey { .. }) => Err(CustomerError::ApiKeyNotFound),
            (_, CloseCustomer { expected_version }) => {
                fresh(self.details.version, expected_version)?;
                Ok(vec![CustomerClosed])
            }
        }
    }

    fn register_again(&self, details: CustomerDetails) -> Decision {
        if customer_details(details)? == self.details.value { Ok(vec![]) } else { Err(CustomerError::KeyReused) }
    }

    fn change_details(&self, changes: CustomerChanges, expected: Option<u64>) -> Decision {
        fresh(self.details.version, expected)?;
        let current = self.details.value.clone();
        let details = customer_details(CustomerDetails {
            name: changes.name.unwrap_or(current.name),
            description: changes.description.apply(current.description),
        })?;
        if details == self.details.value {
            return Ok(vec![]);
        }
        let CustomerDetails { name, description } = details;
        Ok(vec![CustomerEvent::CustomerDetailsChanged { name, description }])
    }

    fn add_member(&self, user_id: UserId, role: MemberRole, email: Option<Sealed>) -> Decision {
        match self.members.get(&user_id) {
            None => Ok(vec![CustomerEvent::MemberAdded { user_id, role, email }]),
            Some(member) if member.value == role => Ok(vec![]),
            Some(_) => Err(CustomerError::AlreadyMember),
        }
    }

    fn change_role(&self, user_id: UserId, role: MemberRole, expected: Option<u64>) -> Decision {
        let member = self.member(user_id)?;
        fresh(member.version, expected)?;
        if member.value == role {
            return Ok(vec![]);
        }
        self.keep_an_owner(member.value)?;
        Ok(vec![CustomerEvent::MemberRoleChanged { user_id, role }])
    }

    fn remove_member(&self, user_id: UserId, expected: Option<u64>) -> Decision {
        let member = self.member(user_id)?;
        fresh(member.version, expected)?;
        self.keep_an_owner(member.value)?;
        Ok(vec![CustomerEvent::MemberRemoved { user_id, key_id: self.invitations.get(&user_id).copied() }])
    }

    fn keep_an_owner(&self, leaving: MemberRole) -> Result<(), CustomerError> {
        let owners = self.members.values().filter(|member| member.value == MemberRole::Owner).count();
        if leaving == MemberRole::Owner && owners == 1 { Err(CustomerError::LastOwner) } else { Ok(()) }
    }

    fn open_store(&self, store_id: StoreId, details: StoreDetails) -> Decision {
        let details = store_details(details)?;
        match self.stores.get(&store_id) {
            None => Ok(vec![CustomerEvent::StoreOpened { store_id, details }]),
            Some(store) if store.value == details => Ok(vec![]),
            Some(_) => Err(CustomerError::KeyReused),
        }
    }

    fn change_store(&self, store_id: StoreId, changes: StoreChanges, expected: Option<u64>) -> Decision {
        let store = self.store(store_id)?;
        fresh(store.version, expected)?;
        let current = store.value.clone();
        let details = store_details(StoreDetails {
            name: changes.name.unwrap_or(current.name),
            city: changes.city.apply(current.city),
            location: changes.location.apply(current.location),
        })?;
        if details == store.value {
            return Ok(vec![]);
        }
        Ok(vec![CustomerEvent::StoreDetailsChanged { store_id, details }])
    }

    fn change_grid(&self, grid: Option<Box<RfmGrid>>) -> Decision {
        grid.as_ref().map_or(Ok(()), |grid| grid.check())?;
        let grid = grid.filter(|grid| **grid != RfmGrid::default());
        if grid == self.rfm_grid { Ok(vec![]) } else { Ok(vec![CustomerEvent::RfmGridChanged { grid }]) }
    }

    fn create_api_key(&self, key_id: ApiKeyId, details: &ApiKeyDetails, created_by: UserId) -> Decision {
        let details = ApiKeyDetails { name: line("name", &details.name, 200)?, role: details.role };
        match self.api_keys.get(&key_id) {
            Some(key) if *key == details => Ok(vec![]),
            Some(_) => Err(CustomerError::KeyReused),
            None if self.api_keys.len() >= API_KEYS_MAX => Err(CustomerError::TooManyApiKeys),
            None => Ok(vec![CustomerEvent::ApiKeyCreated { key_id, details, created_by }]),
        }
    }

    fn member(&self, user_id: UserId) -> Result<&Versioned<MemberRole>, CustomerError> {
        self.members.get(&user_id).ok_or(CustomerError::MemberNotFound)
    }

    fn store(&self, store_id: StoreId) -> Result<&Versioned<StoreDetails>, CustomerError> {
        self.stores.get(&store_id).ok_or(CustomerError::StoreNotFound)
    }

    fn evolve(&mut self, event: CustomerEvent) {
        use CustomerEvent::*;
        self.version += 1;
        let version = self.version;
        match event {
            CustomerRegistered { name, description } | CustomerDetailsChanged { name, description } => {
                self.status = Status::Open;
                self.details = Versioned { value: CustomerDetails { name, description }, version };
            }
            MemberAdded { user_id, role, email } => {
                self.members.insert(user_id, Versioned { value: role, version });
                self.invitations.extend(email.map(|email| (user_id, email.key_id)));
            }
            MemberRoleChanged { user_id, role } => {
                self.members.insert(user_id, Versioned { value: role, version });
            }
            MemberRemoved { user_id, .. } => {
                self.members.remove(&user_id);
                self.invitations.remove(&user_id);
            }
            StoreOpened { store_id, details } | StoreDetailsChanged { store_id, details } => {
                self.stores.insert(store_id, Versioned { value: details, version });
            }
            StoreClosed { store_id } => {
                self.stores.remove(&store_id);
            }
            RfmGridChanged { grid } => self.rfm_grid = grid,
            ApiKeyCreated { key_id, details, .. } => {
                self.api_keys.insert(key_id, details);
            }
            ApiKeyRevoked { key_id } => {
                self.api_keys.remove(&key_id);
            }
            CustomerClosed => self.status = Status::Closed,
        }
    }
}

aggregate!(Customer, CustomerCommand, CustomerEvent, CustomerError);

fn register(details: CustomerDetails, owner: UserId) -> Decision {
    let CustomerDetails { name, description } = customer_details(details)?;
    Ok(vec![
        CustomerEvent::CustomerRegistered { name, description },
        CustomerEvent::MemberAdded { user_id: owner, role: MemberRole::Owner, email: None },
    ])
}

fn fresh(version: u64, expected: Option<u64>) -> Result<(), CustomerError> {
    if expected.is_some_and(|expected| expected != version) { Err(CustomerError::Stale) } else { Ok(()) }
}

fn customer_details(details: CustomerDetails) -> Result<CustomerDetails, Invalid> {
    Ok(CustomerDetails {
        name: line("name", &details.name, 200)?,
        description: optional_line("description", details.description, 2_000)?,
    })
}

fn store_details(details: StoreDetails) -> Result<StoreDetails, Invalid> {
    if let Some(Location { longitude, latitude }) = details.location
        && !((-180.0..=180.0).contains(&longitude) && (-90.0..=90.0).contains(&latitude))
    {
        return Err(Invalid::new("location", "longitude must be -180 to 180 and latitude -90 to 90"));
    }
    Ok(StoreDetails {
        name: line("name", &details.name, 200)?,
        city: optional_line("city", details.city, 200)?,
        location: details.location,
    })
}

#[cfg(test)]
mod tests {
    use cqrs_es::test::TestFramework;

    use super::*;

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
            .when(CustomerCommand::ChangeMemberRole {
                user_id: user(1),
                role: MemberRole::Viewer,
                expected_version: None,
            })
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
        let email = Sealed { key_id: Uuid::from_u128(9), data: "00".into() };
        let invited = CustomerEvent::MemberAdded { user_id: user(2), role: MemberRole::Viewer, email: Some(email) };
        Customers::with(())
            .given([registered(), vec![invited]].concat())
            .when(CustomerCommand::RemoveMember { user_id: user(2), expected_version: None })
            .then_expect_events(vec![CustomerEvent::MemberRemoved {
                user_id: user(2),
                key_id: Some(Uuid::from_u128(9)),
            }]);
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
}
