//! What is decided about a customer, as its events say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::details::{ApiKeyDetails, CustomerDetails, MemberRole, StoreDetails};
use super::event::CustomerEvent;
use crate::ids::{ApiKeyId, StoreId, UserId};
use crate::rfm::RfmGrid;

/// What is decided about a customer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Customer {
    pub(super) status: CustomerLifecycle,
    /// Counts all events; the version of a part is the event that last changed it.
    pub(super) version: u64,
    pub(super) details: Versioned<CustomerDetails>,
    pub(super) members: BTreeMap<UserId, Versioned<MemberRole>>,
    /// The keys of the addresses of members who had not signed up when they were added.
    pub(super) invitations: BTreeMap<UserId, Uuid>,
    pub(super) stores: BTreeMap<StoreId, Versioned<StoreDetails>>,
    pub(super) rfm_grid: Option<Box<RfmGrid>>,
    pub(super) api_keys: BTreeMap<ApiKeyId, ApiKeyDetails>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum CustomerLifecycle {
    #[default]
    Unknown,
    Open,
    Closed,
}

/// A part of the customer and the sequence of the event that last changed it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Versioned<T> {
    pub(super) value: T,
    pub(super) version: u64,
}

impl Customer {
    /// Whether it was registered and has not left.
    pub fn is_open(&self) -> bool {
        self.status == CustomerLifecycle::Open
    }

    /// The RFM grid of its reports, when it is not the classic one.
    pub fn rfm_grid(&self) -> Option<&RfmGrid> {
        self.rfm_grid.as_deref()
    }

    /// Whether the store is open.
    pub fn has_store(&self, store_id: StoreId) -> bool {
        self.is_open() && self.stores.contains_key(&store_id)
    }

    pub(super) fn evolve(&mut self, event: CustomerEvent) {
        use CustomerEvent::*;
        self.version += 1;
        let version = self.version;
        match event {
            CustomerRegistered { name, description } | CustomerDetailsChanged { name, description } => {
                self.status = CustomerLifecycle::Open;
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
            CustomerClosed => self.status = CustomerLifecycle::Closed,
        }
    }
}
