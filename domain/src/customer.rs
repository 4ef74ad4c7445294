//! A customer: a company that is our client, with its members and stores.

mod command;
mod details;
mod error;
mod event;
mod state;

use crate::aggregate::aggregate;
use crate::encrypted::Encrypted;
use crate::ids::{ApiKeyId, StoreId, UserId};
use crate::rfm::RfmGrid;
use crate::validation::line;

pub use command::CustomerCommand;
pub use details::{ApiKeyDetails, CustomerChanges, CustomerDetails, Location, MemberRole, StoreChanges, StoreDetails};
pub use error::CustomerError;
pub use event::CustomerEvent;
pub use state::Customer;

use details::{customer_details, store_details};
use error::API_KEYS_MAX;
use state::{CustomerLifecycle, Versioned};

type Decision = Result<Vec<CustomerEvent>, CustomerError>;

impl Customer {
    fn decide(&self, command: CustomerCommand) -> Decision {
        use {CustomerCommand::*, CustomerEvent::*};
        match (self.status, command) {
            (CustomerLifecycle::Unknown, RegisterCustomer { details, owner }) => register(details, owner),
            (CustomerLifecycle::Open, RegisterCustomer { details, .. }) => self.register_again(details),
            (CustomerLifecycle::Unknown | CustomerLifecycle::Closed, _) => Err(CustomerError::NotFound),
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

    fn add_member(&self, user_id: UserId, role: MemberRole, email: Option<Encrypted>) -> Decision {
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
