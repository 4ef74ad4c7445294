//! The parts of an address below a customer. The customer itself is taken by the extractor that checks the role.

use domain::{ApiKeyId, CustomerId, DatasetId, ReportId, StoreId, UploadId, UserId};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

macro_rules! path {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $id:ty),+ }) => {
        $(#[$doc])*
        #[derive(Deserialize, IntoParams)]
        #[into_params(parameter_in = Path)]
        pub(crate) struct $name {
            #[serde(rename = "customer_id")]
            #[param(rename = "customer_id")]
            _customer_id: CustomerId,
            $(
                #[doc = concat!("The ", stringify!($field), " in the address.")]
                pub(crate) $field: $id,
            )+
        }
    };
}

path! {
    /// A member of a customer.
    MemberPath { user_id: UserId }
}
path! {
    /// An API key of a customer.
    ApiKeyPath { key_id: ApiKeyId }
}
path! {
    /// A store of a customer.
    StorePath { store_id: StoreId }
}
path! {
    /// An upload of a customer.
    UploadPath { upload_id: UploadId }
}
path! {
    /// A dataset of a customer.
    DatasetPath { dataset_id: DatasetId }
}
path! {
    /// A report of a customer.
    ReportPath { report_id: ReportId }
}
path! {
    /// Two reports of a customer.
    ComparePath { report_id: ReportId, other_report_id: ReportId }
}
path! {
    /// What a member of a customer is told about an upload or a report.
    NotificationPath { notification_id: Uuid }
}
