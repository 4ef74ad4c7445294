//! What is true: the aggregates of DataCore, their commands, events and errors.
//!
//! Pure on purpose: no IO, no clock, no randomness. Ids and keys enter with the command, so every
//! decision can be tested with given, when, then and repeated from the log.

#![allow(missing_docs, reason = "a field whose comment would only repeat its name has none")]
#![warn(unreachable_pub)]

mod aggregate;
pub mod csv_dialect;
pub mod customer;
pub mod dataset;
mod encrypted;
mod event;
mod ids;
mod metadata;
pub mod notification;
mod patch;
pub mod report;
pub mod rfm;
pub mod upload;
pub mod user;
mod validation;

pub use customer::{Customer, CustomerCommand, CustomerError, CustomerEvent, MemberRole};
pub use dataset::{Dataset, DatasetCommand, DatasetError, DatasetEvent};
pub use encrypted::{Encrypted, SubjectKey};
pub use event::{Event, Recorded};
pub use ids::{ApiKeyId, CustomerId, DatasetId, ReportId, StoreId, UploadId, UserId};
pub use metadata::{Actor, Metadata};
pub use notification::{Notification, NotificationCommand, NotificationEvent};
pub use patch::Patch;
pub use report::{Report, ReportCommand, ReportError, ReportEvent};
pub use upload::{Upload, UploadCommand, UploadError, UploadEvent};
pub use user::{User, UserCommand, UserError, UserEvent};
pub use validation::Invalid;
