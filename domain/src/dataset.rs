//! A dataset: the dataframe that was made from one upload.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::aggregate::aggregate;
use crate::dialect::{Dialect, Question};
use crate::{CustomerId, DatasetId, Invalid, StoreId, UploadId};

/// What is decided about a dataset.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Dataset {
    status: Status,
    /// Counts the assignments of roles; what was aggregated belongs to one of them.
    revision: u32,
    /// The revision whose shoppers are known.
    aggregated: Option<u32>,
    /// The revision whose orders were compared with those of other datasets.
    compared: Option<u32>,
    columns: Vec<Column>,
    version: u64,
    /// The version since which the columns mean what they do.
    assigned: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Status {
    #[default]
    Unknown,
    Ready,
    Rejected,
    Deleted,
}

/// What the rows of a dataset are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, strum::Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Shape {
    /// Each row is a purchase; a shopper has many.
    Purchases,
    /// Each row is a shopper.
    Shoppers,
}

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// `true` or `false`.
    Boolean,
    /// A whole number of 64 bits.
    Integer,
    /// A 64-bit floating-point number.
    Decimal,
    /// A day.
    Date,
    /// A moment, in microseconds, without a time zone.
    Timestamp,
    /// Text.
    Text,
}

impl ColumnType {
    /// Whether its values can be calculated with.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal)
    }

    /// Whether shoppers can be compared by it: as a number, or as a category.
    pub fn can_be_feature(self) -> bool {
        !matches!(self, Self::Date | Self::Timestamp)
    }
}

/// What a column means to the segmentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema, strum::Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ColumnRole {
    /// Who bought.
    Shopper,
    /// The receipt or invoice that a row belongs to.
    Order,
    /// When it was bought.
    Time,
    /// How many pieces.
    Quantity,
    /// The price of one piece.
    UnitPrice,
    /// The price of the whole row.
    Amount,
    /// What was bought.
    Product,
    /// The kind of what was bought.
    Category,
    /// Describes a shopper, as a number or a category (shopper tables; any number of columns).
    Feature,
}

/// A column of a dataset with its statistics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Column {
    /// Its name from the header.
    pub name: String,
    /// The type of its values.
    #[serde(rename = "type")]
    pub column_type: ColumnType,
    /// How many rows have no value.
    pub null_count: u64,
    /// The least value, as JSON; text compares by its bytes.
    pub min: Value,
    /// The greatest value.
    pub max: Value,
    /// What the column means, guessed or said by a person.
    pub role: Option<ColumnRole>,
    /// Why it was taken to mean that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Orders that a dataset has in common with another of the same store. They count once, in the version of the later
/// upload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Overlap {
    /// The other dataset.
    pub dataset_id: DatasetId,
    /// The revision of its roles.
    pub revision: u32,
    /// How many orders stand in both.
    pub order_count: u64,
}

/// What is known about the shoppers of a dataset under one assignment of roles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ShopperSummary {
    /// What the rows are under these roles.
    pub shape: Shape,
    /// How many different shoppers have a purchase (or a row, in a shopper table).
    pub shopper_count: u64,
    /// How many different orders have a purchase; 0 in a shopper table.
    pub order_count: u64,
    /// Rows that are purchases: a shopper, a quantity and a price above zero, not cancelled.
    pub purchase_row_count: u64,
    /// The sum of all purchases, in the currency of the file.
    pub revenue: f64,
}

/// Everything known about a dataset when it is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewDataset {
    /// The upload it was made from.
    pub upload_id: UploadId,
    /// The customer it belongs to.
    pub customer_id: CustomerId,
    /// The store whose purchases it holds.
    pub store_id: StoreId,
    /// Rows that were read.
    pub row_count: u64,
    /// Rows that were left out; the rejects frame says why.
    pub rejected_row_count: u64,
    /// Rows that say the same as an earlier one in every column. They count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeated_row_count: Option<u64>,
    /// The text encoding, such as `UTF-8`.
    pub encoding: String,
    /// The separator of the fields, such as `,`.
    pub delimiter: String,
    /// How the file is written and how sure that is; unknown of datasets from before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<Dialect>,
    /// What the content leaves open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<Question>,
    /// The columns in file order.
    pub columns: Vec<Column>,
    /// The shoppers, or why there are none: then no report can use the dataset until roles are assigned.
    #[schema(value_type = Outcome)]
    pub shoppers: Result<ShopperSummary, String>,
    /// The roles of earlier files of the store that it was read with, so that it can be read alike again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, ColumnRole>>)]
    pub remembered: Option<Roles>,
}

/// How a result of adding shoppers up is written.
#[derive(ToSchema)]
#[allow(dead_code, reason = "it describes what serde makes of a Result")]
enum Outcome {
    /// The shoppers.
    Ok(ShopperSummary),
    /// Why there are none, for a person.
    Err(String),
}

/// The meaning of columns by name; a column that is not named keeps no role.
pub type Roles = BTreeMap<String, ColumnRole>;

/// What can be asked of a dataset.
#[derive(Clone, Debug)]
pub enum DatasetCommand {
    /// Takes the result of reading an upload.
    CreateDataset(Box<NewDataset>),
    /// Says that an upload cannot be read.
    RejectDataset {
        /// The upload.
        upload_id: UploadId,
        /// What is wrong with the file and what to do, for a person.
        reason: String,
    },
    /// Says what the columns mean.
    AssignColumnRoles {
        /// The new meaning of all columns.
        roles: Roles,
        /// The version that the caller has seen, if it cares.
        expected_version: Option<u64>,
    },
    /// Takes the result of aggregating the shoppers under a revision of the roles.
    RecordShoppers {
        /// The revision of the roles that was aggregated.
        revision: u32,
        /// The shoppers, or why there are none.
        shoppers: Result<ShopperSummary, String>,
    },
    /// Takes what the orders under a revision of the roles have in common with other datasets of the store.
    RecordOverlaps {
        /// The revision of the roles.
        revision: u32,
        /// The datasets with common orders.
        overlaps: Vec<Overlap>,
    },
    /// Removes the dataset, also before it was made.
    DeleteDataset {
        /// The upload it belongs to.
        upload_id: UploadId,
    },
}

/// What happened to a dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema, strum::IntoStaticStr, strum::VariantNames)]
pub enum DatasetEvent {
    /// The upload was read.
    DatasetCreated(Box<NewDataset>),
    /// The upload cannot be read.
    DatasetRejected {
        /// The upload.
        upload_id: UploadId,
        /// What is wrong, for a person.
        reason: String,
    },
    /// Somebody said what the columns mean.
    ColumnRolesAssigned {
        /// Counts the assignments.
        revision: u32,
        /// The meaning of the columns.
        #[schema(value_type = BTreeMap<String, ColumnRole>)]
        roles: Roles,
    },
    /// The shoppers were aggregated anew.
    ShoppersAggregated {
        /// The revision of the roles.
        revision: u32,
        /// The shoppers, or why there are none.
        #[schema(value_type = Outcome)]
        shoppers: Result<ShopperSummary, String>,
    },
    /// The orders were compared with those of the datasets that the store had by then.
    OrdersCompared {
        /// The revision of the roles.
        revision: u32,
        /// The datasets with common orders; empty when there are none.
        overlaps: Vec<Overlap>,
    },
    /// The dataset is gone.
    DatasetDeleted {
        /// The upload it belonged to.
        upload_id: UploadId,
    },
}

/// Why something cannot be done to a dataset.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DatasetError {
    /// There is no such dataset.
    #[error("there is no such dataset")]
    NotFound,
    /// It was deleted while it was being made.
    #[error("the dataset was deleted")]
    Deleted,
    /// Somebody else changed it since the caller looked.
    #[error("the dataset was changed by someone else")]
    Stale,
    /// The roles cannot be assigned like this.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

impl Dataset {
    /// Whether it was decided what the upload is: made, rejected or deleted.
    pub fn is_decided(&self) -> bool {
        self.status != Status::Unknown
    }

    /// Whether its shoppers have been aggregated under this revision of the roles, or never will be.
    pub fn is_aggregated(&self, revision: u32) -> bool {
        self.status != Status::Ready || revision != self.revision || self.aggregated == Some(revision)
    }

    /// Whether its orders have been compared under this revision of the roles, or never will be.
    pub fn is_compared(&self, revision: u32) -> bool {
        self.status != Status::Ready || revision != self.revision || self.compared == Some(revision)
    }

    /// The columns with their roles now.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    fn decide(&self, command: DatasetCommand) -> Result<Vec<DatasetEvent>, DatasetError> {
        use {DatasetCommand::*, DatasetEvent::*};
        match (self.status, command) {
            (Status::Deleted, DeleteDataset { .. }) => Ok(vec![]),
            (_, DeleteDataset { upload_id }) => Ok(vec![DatasetDeleted { upload_id }]),
            (Status::Deleted, _) => Err(DatasetError::Deleted),
            (Status::Unknown, CreateDataset(new)) => Ok(vec![DatasetCreated(new)]),
            (Status::Unknown, RejectDataset { upload_id, reason }) => Ok(vec![DatasetRejected { upload_id, reason }]),
            (_, CreateDataset(_) | RejectDataset { .. }) => Ok(vec![]),
            (Status::Ready, AssignColumnRoles { roles, expected_version }) => self.assign(roles, expected_version),
            (Status::Ready, RecordShoppers { revision, shoppers }) => Ok(self.record(revision, shoppers)),
            (Status::Ready, RecordOverlaps { revision, .. }) if self.is_compared(revision) => Ok(vec![]),
            (Status::Ready, RecordOverlaps { revision, overlaps }) => Ok(vec![OrdersCompared { revision, overlaps }]),
            (_, AssignColumnRoles { .. } | RecordShoppers { .. } | RecordOverlaps { .. }) => {
                Err(DatasetError::NotFound)
            }
        }
    }

    fn assign(&self, roles: Roles, expected: Option<u64>) -> Result<Vec<DatasetEvent>, DatasetError> {
        // What was only counted since then does not make the caller's view of the columns stale.
        if expected.is_some_and(|version| !(self.assigned..=self.version).contains(&version)) {
            return Err(DatasetError::Stale);
        }
        check_roles(&self.columns, &roles)?;
        if roles == roles_of(&self.columns) {
            return Ok(vec![]);
        }
        Ok(vec![DatasetEvent::ColumnRolesAssigned { revision: self.revision + 1, roles }])
    }

    fn record(&self, revision: u32, shoppers: Result<ShopperSummary, String>) -> Vec<DatasetEvent> {
        if revision != self.revision || self.aggregated == Some(revision) {
            return vec![];
        }
        vec![DatasetEvent::ShoppersAggregated { revision, shoppers }]
    }

    fn evolve(&mut self, event: DatasetEvent) {
        self.version += 1;
        match event {
            DatasetEvent::DatasetCreated(new) => {
                self.status = Status::Ready;
                self.aggregated = Some(0);
                self.assigned = self.version;
                self.columns = new.columns;
            }
            DatasetEvent::DatasetRejected { .. } => self.status = Status::Rejected,
            DatasetEvent::ColumnRolesAssigned { revision, roles } => {
                self.revision = revision;
                self.assigned = self.version;
                assign_roles(&mut self.columns, &roles);
            }
            DatasetEvent::ShoppersAggregated { revision, .. } => self.aggregated = Some(revision),
            DatasetEvent::OrdersCompared { revision, .. } => self.compared = Some(revision),
            DatasetEvent::DatasetDeleted { .. } => self.status = Status::Deleted,
        }
    }
}

aggregate!(Dataset, DatasetCommand, DatasetEvent, DatasetError);

/// The roles that columns have now.
pub fn roles_of(columns: &[Column]) -> Roles {
    columns.iter().filter_map(|column| Some((column.name.clone(), column.role?))).collect()
}

/// Gives columns new roles; a column that is not named loses its role.
pub fn assign_roles(columns: &mut [Column], roles: &Roles) {
    for column in columns {
        column.role = roles.get(&column.name).copied();
        column.reason = column.role.map(|_| "said by a person".to_owned());
    }
}

fn check_roles(columns: &[Column], roles: &Roles) -> Result<(), Invalid> {
    for (name, role) in roles {
        let Some(column) = columns.iter().find(|column| column.name == *name) else {
            return Err(Invalid::new("roles", format!("the dataset has no column '{name}'")));
        };
        let numeric = column.column_type.is_numeric();
        let dated = matches!(column.column_type, ColumnType::Date | ColumnType::Timestamp);
        match role {
            ColumnRole::Feature if !column.column_type.can_be_feature() => {
                return Err(Invalid::new("roles", format!("'{name}' cannot be {role}: dates cannot be compared")));
            }
            ColumnRole::Quantity | ColumnRole::UnitPrice | ColumnRole::Amount if !numeric => {
                return Err(Invalid::new("roles", format!("'{name}' cannot be {role}: it does not hold numbers")));
            }
            ColumnRole::Time if !dated => {
                return Err(Invalid::new("roles", format!("'{name}' cannot be {role}: it does not hold dates")));
            }
            _ => {}
        }
        let same = roles.values().filter(|other| *other == role).count();
        if *role != ColumnRole::Feature && same > 1 {
            return Err(Invalid::new("roles", format!("only one column can be {role}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
