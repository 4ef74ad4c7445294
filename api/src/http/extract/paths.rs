//! The parts of an address below a customer. The customer itself is taken by the extractor that checks the role.

use domain::{ApiKeyId, CustomerId, DatasetId, ReportId, StoreId, UploadId, UserId};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

macro_rules! path {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])+ $field:ident: $id:ty),* }) => {
        $(#[$doc])*
        #[derive(Deserialize, IntoParams)]
        #[into_params(parameter_in = Path)]
        pub(crate) struct $name {
            /// The customer whose data it is; 404 for everybody but its members.
            #[serde(rename = "customer_id")]
            #[param(rename = "customer_id")]
            _customer_id: CustomerId,
            $(
                $(#[$field_doc])+
                pub(crate) $field: $id,
            )*
        }
    };
}

path! {
    /// A customer.
    CustomerPath {}
}
path! {
    /// A member of a customer.
    MemberPath {
        /// The user who is a member.
        user_id: UserId
    }
}
path! {
    /// An API key of a customer.
    ApiKeyPath {
        /// The API key.
        key_id: ApiKeyId
    }
}
path! {
    /// A store of a customer.
    StorePath {
        /// The store.
        store_id: StoreId
    }
}
path! {
    /// An upload of a customer.
    UploadPath {
        /// The upload.
        upload_id: UploadId
    }
}
path! {
    /// A dataset of a customer.
    DatasetPath {
        /// The dataset; another one whenever its file is read anew.
        dataset_id: DatasetId
    }
}
path! {
    /// A report of a customer.
    ReportPath {
        /// The report.
        report_id: ReportId
    }
}
path! {
    /// Two reports of a customer.
    ComparePath {
        /// One report.
        report_id: ReportId,
        /// The other report.
        other_report_id: ReportId
    }
}
path! {
    /// What a member of a customer is told about an upload or a report.
    NotificationPath {
        /// The notification: the id of its upload or report.
        notification_id: Uuid
    }
}
