//! What is true: the aggregates of DataCore, their commands, events and errors.
//!
//! Pure on purpose: no IO, no clock, no randomness. Ids and keys enter with the command, so every
//! decision can be tested with given, when, then and repeated from the log.

mod aggregate;
pub mod customer;
pub mod dataset;
pub mod dialect;
mod event;
mod field;
mod ids;
mod metadata;
pub mod notification;
pub mod report;
pub mod rfm;
mod sealed;
pub mod upload;
pub mod user;

pub use customer::{Customer, CustomerCommand, CustomerError, CustomerEvent, MemberRole};
pub use dataset::{Dataset, DatasetCommand, DatasetError, DatasetEvent};
pub use event::{Event, Recorded};
pub use field::{Invalid, Patch};
pub use ids::{ApiKeyId, CustomerId, DatasetId, ReportId, StoreId, UploadId, UserId};
pub use metadata::{Actor, Metadata};
pub use notification::{Notification, NotificationCommand, NotificationEvent};
pub use report::{Report, ReportCommand, ReportError, ReportEvent};
pub use sealed::{Sealed, SubjectKey};
pub use upload::{Upload, UploadCommand, UploadError, UploadEvent};
pub use user::{User, UserCommand, UserError, UserEvent};
