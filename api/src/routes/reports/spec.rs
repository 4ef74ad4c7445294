//! From what a caller asks to a question with every default filled in, so that equal questions are equal.

use std::time::Duration;

use domain::dataset::{ColumnRole, Shape};
use domain::report::{DatasetRevision, Features, Parameters, ReportContext, ReportSpec};
use domain::rfm::RfmGrid;
use domain::{Customer, CustomerId, ReportId, StoreId};
use projections::{DatasetFilter, DatasetRow, ReportStatus, ReportSummary};

use super::new_report::NewReport;
use crate::app::App;
use crate::http::problem::{NO_DATA, Problem};
use crate::http::wait::wait_until;

/// How long a question waits for datasets whose roles were just changed.
const AGGREGATED_WITHIN: Duration = Duration::from_secs(10);
/// How many reports are looked at for one whose segments the new ones follow.
const RECENT: u32 = 200;

/// The question that the caller means, and what it is asked in view of.
///
/// # Errors
/// 409 when there is no ready dataset, 422 for what cannot be asked of the datasets.
pub(crate) async fn resolve(
    app: &App,
    customer: CustomerId,
    new: &NewReport,
) -> Result<(ReportSpec, ReportContext), Problem> {
    let datasets = chosen_datasets(app, customer, new).await?;
    let stored = app.commands.store.load::<Customer>(customer.0).await?.aggregate;
    let question = question(&datasets, new, stored.rfm_grid())?;
    let of_question = |dataset: &&DatasetRow| question.datasets.iter().any(|asked| asked.dataset_id == dataset.id);
    let mut store_ids: Vec<StoreId> = datasets.iter().filter(of_question).map(|dataset| dataset.store_id).collect();
    store_ids.sort();
    store_ids.dedup();
    let previous = previous(app, customer, &question, &store_ids).await?;
    Ok((question, ReportContext { previous, store_ids }))
}

/// The newest completed report that was asked in the same way about the same stores, on whatever data of theirs: its segments
/// the new ones shall follow.
async fn previous(
    app: &App,
    customer: CustomerId,
    question: &ReportSpec,
    store_ids: &[StoreId],
) -> Result<Option<ReportId>, Problem> {
    let page = app.projections.views.reports(customer, None, RECENT).await?;
    let own = question.report_id(customer);
    let is_alike = |report: &ReportSummary| {
        report.status == ReportStatus::Completed
            && report.id != own
            && report.store_ids == store_ids
            && asked_alike(&report.parameters, &question.parameters)
    };
    Ok(page.items.into_iter().map(|row| row.body).find(is_alike).map(|report| report.id))
}

/// Whether parameters say the same but for what changes from month to month, or does not matter to who is alike.
fn asked_alike(a: &Parameters, b: &Parameters) -> bool {
    let unchanging =
        |parameters: &Parameters| Parameters { as_of: None, rfm_grid: None, seed: 0, ..parameters.clone() };
    unchanging(a) == unchanging(b)
}

/// The datasets that the question is about, once their shoppers are known and what they have in common.
async fn chosen_datasets(app: &App, customer: CustomerId, new: &NewReport) -> Result<Vec<DatasetRow>, Problem> {
    let compared = |dataset: &DatasetRow| dataset.shape != Some(Shape::Purchases) || dataset.overlaps.is_some();
    let known = |dataset: &DatasetRow| dataset.shoppers.is_some() && compared(dataset);
    let settled = |datasets: &Vec<DatasetRow>| datasets.iter().all(known);
    wait_until(app, Some(AGGREGATED_WITHIN), || matching_datasets(app, customer, new), settled).await
}

async fn matching_datasets(app: &App, customer: CustomerId, new: &NewReport) -> Result<Vec<DatasetRow>, Problem> {
    let mut datasets = all_datasets(app, customer).await?;
    if let Some(ids) = &new.dataset_ids {
        if let Some(index) = ids.iter().position(|id| !datasets.iter().any(|dataset| dataset.id == *id)) {
            return Err(Problem::field(format!("/dataset_ids/{index}"), "there is no such dataset"));
        }
        datasets.retain(|dataset| ids.contains(&dataset.id));
    }
    if let Some(ids) = &new.store_ids {
        for (index, id) in ids.iter().enumerate() {
            if app.projections.views.store(customer, *id).await?.is_none() {
                return Err(Problem::field(format!("/store_ids/{index}"), "there is no such store"));
            }
        }
        datasets.retain(|dataset| ids.contains(&dataset.store_id));
    }
    Ok(datasets)
}

async fn all_datasets(app: &App, customer: CustomerId) -> Result<Vec<DatasetRow>, Problem> {
    let (mut datasets, mut after) = (Vec::new(), None);
    loop {
        let page = app.projections.views.datasets(customer, &DatasetFilter::default(), after, 200).await?;
        datasets.extend(page.items.into_iter().map(|row| row.body));
        after = page.next;
        if after.is_none() {
            return Ok(datasets);
        }
    }
}

/// Fills in what the caller left open, from what the datasets are.
fn question(datasets: &[DatasetRow], new: &NewReport, grid: Option<&RfmGrid>) -> Result<ReportSpec, Problem> {
    let usable: Vec<_> = datasets.iter().filter(|dataset| dataset.shape.is_some()).collect();
    if new.dataset_ids.is_some() && usable.len() < datasets.len() {
        let detail = "one of the datasets has no shoppers; say what its columns mean with PUT …/roles";
        return Err(Problem::field("/dataset_ids", detail));
    }
    let purchases = usable.iter().any(|dataset| dataset.shape == Some(Shape::Purchases));
    let features = match &new.features {
        Some(features) => features.clone(),
        None if purchases => Features::Rfm,
        None => Features::Columns(common_features(&usable)),
    };
    let shape = if features.habits().is_some() { Shape::Purchases } else { Shape::Shoppers };
    let (fitting, others): (Vec<&DatasetRow>, Vec<_>) =
        usable.into_iter().partition(|dataset| dataset.shape == Some(shape));
    if !others.is_empty() && (new.dataset_ids.is_some() || fitting.is_empty()) {
        return Err(Problem::field("/features", format!("do not fit: these datasets hold no {shape}")));
    }
    if fitting.is_empty() {
        return Err(NO_DATA.with_detail("There is no ready dataset. Upload a file and wait until it is ready."));
    }
    check_columns(&fitting, &features)?;
    let revisions = fitting.iter().map(|row| DatasetRevision { dataset_id: row.id, revision: row.revision });
    let parameters = Parameters {
        features,
        scale: new.scale,
        algorithm: new.algorithm,
        clusters: new.clusters,
        epsilon: new.epsilon,
        min_points: new.min_points,
        as_of: new.as_of,
        rfm_grid: grid.filter(|_| shape == Shape::Purchases).cloned().map(Box::new),
        seed: new.seed,
    };
    let question = ReportSpec::new(revisions.collect(), parameters);
    question.check()?;
    Ok(question)
}

/// The feature columns that all datasets have.
fn common_features(datasets: &[&DatasetRow]) -> Vec<String> {
    let features = |dataset: &DatasetRow| -> Vec<String> {
        let features = dataset.columns.iter().filter(|column| column.role == Some(ColumnRole::Feature));
        features.map(|column| column.name.clone()).collect()
    };
    let mut common = datasets.first().map(|dataset| features(dataset)).unwrap_or_default();
    for dataset in datasets {
        let own = features(dataset);
        common.retain(|name| own.contains(name));
    }
    common
}

fn check_columns(datasets: &[&DatasetRow], features: &Features) -> Result<(), Problem> {
    let Features::Columns(names) = features else { return Ok(()) };
    if names.is_empty() {
        return Err(Problem::field("/features", "the datasets have no numeric column in common; name some"));
    }
    for (index, name) in names.iter().enumerate() {
        let fits = |dataset: &&DatasetRow| {
            dataset.columns.iter().any(|column| column.name == *name && column.column_type.can_be_feature())
        };
        if !datasets.iter().all(fits) {
            let detail = format!("not every dataset has a column '{name}' of numbers or categories");
            return Err(Problem::field(format!("/features/columns/{index}"), detail));
        }
        if names[..index].contains(name) {
            return Err(Problem::field(format!("/features/columns/{index}"), "is named twice"));
        }
    }
    Ok(())
}
