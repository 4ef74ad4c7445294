//! A customer: a company that is our client, with its members and stores.

mod details;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::aggregate::aggregate;
use crate::field::line;
use crate::rfm::RfmGrid;
use crate::{ApiKeyId, Invalid, Sealed, StoreId, UserId};

pub use details::{ApiKeyDetails, CustomerChanges, CustomerDetails, Location, MemberRole, StoreChanges, StoreDetails};
use details::{customer_details, store_details};

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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema, strum::IntoStaticStr, strum::VariantNames)]
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

#[cfg(test)]
mod tests;
