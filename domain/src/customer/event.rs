//! What happens to a customer, as it is stored and published.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::details::{ApiKeyDetails, MemberRole, StoreDetails};
use crate::encrypted::Encrypted;
use crate::ids::{ApiKeyId, StoreId, UserId};
use crate::rfm::RfmGrid;

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
        email: Option<Encrypted>,
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
