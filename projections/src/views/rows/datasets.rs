//! What is in this dataset, and what do its columns mean?

use anyhow::Result;
use chrono::{DateTime, Utc};
use domain::csv_dialect::{Dialect, Question};
use domain::dataset::{Column, NewDataset, Overlap, Shape, ShopperSummary, assign_roles};
use domain::{CustomerId, DatasetEvent, DatasetId, Event, StoreId, UploadId};
use serde::{Deserialize, Serialize};

use crate::views::page::Page;
use crate::views::sql::{Selection, Views};
use crate::views::view::{Fact, Row, View};

/// A dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DatasetRow {
    /// The dataset.
    pub id: DatasetId,
    /// The upload it was made from.
    pub upload_id: UploadId,
    /// The store whose purchases it holds.
    pub store_id: StoreId,
    /// Rows that were read.
    pub row_count: u64,
    /// Rows that were left out; the rejects frame says why.
    pub rejected_row_count: u64,
    /// Rows that say the same as an earlier one in every column; unknown for datasets of old.
    pub repeated_row_count: Option<u64>,
    /// The text encoding, such as `UTF-8`.
    pub encoding: String,
    /// The separator of the fields, such as `,`.
    pub delimiter: String,
    /// How the file is written and how sure that is.
    #[serde(default)]
    pub dialect: Option<Dialect>,
    /// What the content leaves open.
    #[serde(default)]
    pub questions: Vec<Question>,
    /// What the rows are; unknown while the shoppers are, or when there are none.
    pub shape: Option<Shape>,
    /// The columns in file order.
    pub columns: Vec<Column>,
    /// How many different shoppers; unknown while they are aggregated, or when there are none.
    pub shopper_count: Option<u64>,
    /// Counts the assignments of roles.
    pub revision: u32,
    /// The shoppers under this revision, or why there are none; absent while they are aggregated.
    pub shoppers: Option<Result<ShopperSummary, String>>,
    /// Datasets with which it has orders in common under this revision; absent until they are compared.
    pub overlaps: Option<Vec<Overlap>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Which datasets to list.
#[derive(Clone, Debug, Default)]
pub struct DatasetFilter {
    /// Only datasets of this store.
    pub store_id: Option<StoreId>,
}

impl View for DatasetRow {
    const TABLE: &'static str = "datasets";

    fn keys(fact: &Fact<'_>) -> impl IntoIterator<Item = String> {
        matches!(fact.event, Event::Dataset(_)).then(|| fact.recorded.aggregate_id.to_string())
    }

    fn evolve(row: Option<Row<Self>>, fact: &Fact<'_>) -> Option<Row<Self>> {
        let Event::Dataset(event) = &fact.event else { return row };
        match event {
            DatasetEvent::DatasetCreated(new) => Some(Row::new(Some(new.customer_id), fact, made(new, fact))),
            DatasetEvent::ColumnRolesAssigned { revision, roles } => Some(row?.changed(fact, |dataset| {
                dataset.revision = *revision;
                assign_roles(&mut dataset.columns, roles);
                dataset.set_shoppers(None);
                dataset.overlaps = None;
            })),
            DatasetEvent::ShoppersAggregated { revision, shoppers } => Some(row?.changed(fact, |dataset| {
                if dataset.revision == *revision {
                    dataset.set_shoppers(Some(shoppers.clone()));
                }
            })),
            DatasetEvent::OrdersCompared { revision, overlaps } => Some(row?.changed(fact, |dataset| {
                if dataset.revision == *revision {
                    dataset.overlaps = Some(overlaps.clone());
                }
            })),
            DatasetEvent::DatasetRejected { .. } => row,
            DatasetEvent::DatasetDeleted { .. } => None,
        }
    }

    fn store_id(&self) -> Option<StoreId> {
        Some(self.store_id)
    }
}

impl DatasetRow {
    fn set_shoppers(&mut self, shoppers: Option<Result<ShopperSummary, String>>) {
        let summary = shoppers.as_ref().and_then(|shoppers| shoppers.as_ref().ok());
        self.shape = summary.map(|summary| summary.shape);
        self.shopper_count = summary.map(|summary| summary.shopper_count);
        self.shoppers = shoppers;
    }
}

fn made(new: &NewDataset, fact: &Fact<'_>) -> DatasetRow {
    let mut dataset = DatasetRow {
        id: DatasetId(fact.recorded.aggregate_id),
        upload_id: new.upload_id,
        store_id: new.store_id,
        row_count: new.row_count,
        rejected_row_count: new.rejected_row_count,
        repeated_row_count: new.repeated_row_count,
        encoding: new.encoding.clone(),
        delimiter: new.delimiter.clone(),
        dialect: new.dialect.clone(),
        questions: new.questions.clone(),
        shape: None,
        columns: new.columns.clone(),
        shopper_count: None,
        revision: 0,
        shoppers: None,
        overlaps: None,
        created_at: fact.at(),
    };
    dataset.set_shoppers(Some(new.shoppers.clone()));
    dataset
}

impl Views {
    /// A dataset.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn dataset(&self, customer: CustomerId, dataset: DatasetId) -> Result<Option<Row<DatasetRow>>> {
        self.owned(customer, dataset).await
    }

    /// The datasets that a filter lets through, newest first.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn datasets(
        &self,
        customer: CustomerId,
        filter: &DatasetFilter,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Page<Row<DatasetRow>>> {
        let selection = Selection { store_id: filter.store_id, ..Selection::of(customer) };
        self.page(selection.newest_first(), after, limit).await
    }
}

#[cfg(test)]
mod tests {
    use domain::dataset::ColumnRole;

    use super::*;
    use crate::views::test_log::{Log, aggregated, assigned, created};

    #[test]
    fn shows_what_was_read() {
        let row = Log::new().dataset(1, 1, created(1)).only::<DatasetRow>();
        assert_eq!((row.body.shape, row.body.shopper_count), (Some(Shape::Purchases), Some(2)));
        assert_eq!((row.body.row_count, row.version), (3, 1));
    }

    #[test]
    fn new_roles_leave_the_shoppers_unknown_until_they_are_aggregated() {
        let log = Log::new().dataset(1, 1, created(1)).dataset(1, 1, assigned(1, "who", ColumnRole::Shopper));
        let row = log.only::<DatasetRow>().body;
        assert_eq!((row.revision, row.shape, row.shopper_count, row.shoppers), (1, None, None, None));
        assert_eq!(row.columns[0].role, Some(ColumnRole::Shopper));
        assert_eq!(row.columns[1].role, None, "a column that is not named loses its role");

        let row = log.dataset(1, 1, aggregated(1, 9)).only::<DatasetRow>();
        assert_eq!((row.body.shopper_count, row.version), (Some(9), 3));
    }

    #[test]
    fn shoppers_of_an_older_revision_do_not_count() {
        let log = Log::new().dataset(1, 1, created(1)).dataset(1, 1, assigned(1, "who", ColumnRole::Shopper));
        assert_eq!(log.dataset(1, 1, aggregated(0, 9)).only::<DatasetRow>().body.shopper_count, None);
    }

    #[test]
    fn overlaps_belong_to_a_revision() {
        let compared = |revision| DatasetEvent::OrdersCompared { revision, overlaps: vec![] };
        let log = Log::new().dataset(1, 1, created(1)).dataset(1, 1, compared(0));
        assert_eq!(log.only::<DatasetRow>().body.overlaps, Some(vec![]));
        let log = log.dataset(1, 1, assigned(1, "who", ColumnRole::Shopper)).dataset(1, 1, compared(0));
        assert_eq!(log.only::<DatasetRow>().body.overlaps, None);
    }

    #[test]
    fn a_deleted_dataset_is_not_there() {
        let deleted = DatasetEvent::DatasetDeleted { upload_id: UploadId::default() };
        assert!(Log::new().dataset(1, 1, created(1)).dataset(1, 1, deleted).rows::<DatasetRow>().is_empty());
    }
}
