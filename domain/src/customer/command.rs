//! What can be asked of a customer.

use super::details::{ApiKeyDetails, CustomerChanges, CustomerDetails, MemberRole, StoreChanges, StoreDetails};
use crate::encrypted::Encrypted;
use crate::ids::{ApiKeyId, StoreId, UserId};
use crate::rfm::RfmGrid;

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
        changes: CustomerChanges,
        /// The version that the caller has seen, if it cares.
        expected_version: Option<u64>,
    },
    AddMember {
        user_id: UserId,
        /// What the member may do.
        role: MemberRole,
        /// The encrypted address of someone who has not signed up yet.
        email: Option<Encrypted>,
    },
    /// Changes what a member may do.
    ChangeMemberRole {
        user_id: UserId,
        /// What the member may do from now on.
        role: MemberRole,
        /// The version that the caller has seen, if it cares.
        expected_version: Option<u64>,
    },
    RemoveMember {
        user_id: UserId,
        /// The version that the caller has seen, if it cares.
        expected_version: Option<u64>,
    },
    OpenStore {
        /// The id of the store.
        store_id: StoreId,
        /// How it is described.
        details: StoreDetails,
    },
    /// Changes how a store is described.
    ChangeStoreDetails {
        store_id: StoreId,
        changes: StoreChanges,
        /// The version that the caller has seen, if it cares.
        expected_version: Option<u64>,
    },
    /// Closes a store. Its uploads and datasets stay.
    CloseStore {
        store_id: StoreId,
        /// The version that the caller has seen, if it cares.
        expected_version: Option<u64>,
    },
    /// Names and cuts the RFM grid of later reports; none is the classic one.
    ChangeRfmGrid { grid: Option<Box<RfmGrid>> },
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
    RevokeApiKey { key_id: ApiKeyId },
    /// Ends the customer; everything of it is to be removed.
    CloseCustomer {
        /// The version that the caller has seen, if it cares.
        expected_version: Option<u64>,
    },
}
