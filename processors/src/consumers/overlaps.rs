//! The consumer that is called `compare` on the wire: finds out which orders of a dataset stand in other datasets of its store too, because exports
//! overlap. The views show at least what came before the event, so of two datasets the later one always sees the earlier.

use std::time::Duration;

use anyhow::{Result, ensure};
use commands::CommandError;
use domain::dataset::{Overlap, Shape};
use domain::{CustomerId, Dataset, DatasetCommand, DatasetError, DatasetEvent, DatasetId, Event, Recorded, StoreId};
use projections::{DatasetFilter, DatasetRow, FrameId};

use crate::runtime::consumer::Consumer;
use crate::runtime::context::Context;
use crate::segmentation::load::orders::common_orders;
use crate::segmentation::overlap::spans_meet;

/// How long the views may take to show the event.
const SHOWN_WITHIN: Duration = Duration::from_secs(60);
/// Datasets that are read from the views at once.
const PAGE: u32 = 200;

/// The consumer.
pub const CONSUMER: Consumer =
    Consumer { name: "compare", concurrency: 1, wants: &["DatasetCreated", "ShoppersAggregated"] };

/// Compares the orders of the event's dataset. A second delivery finds them compared.
///
/// # Errors
/// When a store cannot be reached, or the views are far behind.
pub async fn handle(context: Context, event: Recorded) -> Result<()> {
    let (Some(customer), Event::Dataset(fact)) = (event.metadata.customer_id, event.event()?) else { return Ok(()) };
    let revision = match fact {
        DatasetEvent::ShoppersAggregated { revision, .. } => revision,
        _ => 0,
    };
    let id = DatasetId(event.aggregate_id);
    if context.commands.store.load::<Dataset>(id.0).await?.aggregate.is_compared(revision) {
        return Ok(());
    }
    let views = &context.projections.views;
    ensure!(views.wait_for(event.position, SHOWN_WITHIN).await?, "the views do not show the dataset yet");
    let Some(dataset) = views.dataset(customer, id).await?.filter(|row| row.body.revision == revision) else {
        return Ok(());
    };
    let overlaps = overlaps(&context, customer, &dataset.body).await?;
    let command = DatasetCommand::RecordOverlaps { revision, overlaps };
    match context.commands.store.execute::<Dataset>(id.0, command, &event.cause(CONSUMER.name)).await {
        Ok(_) | Err(CommandError::Refused(DatasetError::Deleted)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn overlaps(context: &Context, customer: CustomerId, dataset: &DatasetRow) -> Result<Vec<Overlap>> {
    let mut overlaps = vec![];
    let frames = &context.projections.frames;
    let own = FrameId::orders(dataset.id, dataset.revision);
    for other in of_store(context, customer, dataset.store_id).await? {
        if other.id == dataset.id || !may_overlap(dataset, &other) {
            continue;
        }
        let order_count = common_orders(frames, &own, &FrameId::orders(other.id, other.revision)).await?;
        if order_count > 0 {
            overlaps.push(Overlap { dataset_id: other.id, revision: other.revision, order_count });
        }
    }
    Ok(overlaps)
}

async fn of_store(context: &Context, customer: CustomerId, store: StoreId) -> Result<Vec<DatasetRow>> {
    let filter = DatasetFilter { store_id: Some(store) };
    let (mut datasets, mut after) = (Vec::new(), None);
    loop {
        let page = context.projections.views.datasets(customer, &filter, after, PAGE).await?;
        datasets.extend(page.items.into_iter().map(|row| row.body));
        after = page.next;
        if after.is_none() {
            return Ok(datasets);
        }
    }
}

/// Whether two datasets of a store may have orders in common: both hold purchases, and of a common time. Order numbers
/// that begin anew every month are other orders.
fn may_overlap(one: &DatasetRow, other: &DatasetRow) -> bool {
    let purchases = |dataset: &DatasetRow| dataset.shape == Some(Shape::Purchases);
    purchases(one) && purchases(other) && spans_meet(&one.columns, &other.columns)
}
