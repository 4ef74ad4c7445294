//! From what a caller asks to a question with every default filled in, so that equal questions are equal.

use std::time::Duration;

use domain::CustomerId;
use domain::dataset::{ColumnRole, Shape};
use domain::report::{DatasetRevision, Features, Parameters, Question};
use projections::{DatasetFilter, DatasetRow};

use super::NewReport;
use crate::app::App;
use crate::problem::{NO_DATA, Problem};
use crate::wait::wait_until;

/// How long a question waits for datasets whose roles were just changed.
const AGGREGATED_WITHIN: Duration = Duration::from_secs(10);

/// The question that the caller means.
///
/// # Errors
/// 409 when there is no ready dataset, 422 for what cannot be asked of the datasets.
pub async fn ask(app: &App, customer: CustomerId, new: &NewReport) -> Result<Question, Problem> {
    question(&chosen_datasets(app, customer, new).await?, new)
}

/// The datasets that the question is about, once their shoppers are known.
async fn chosen_datasets(app: &App, customer: CustomerId, new: &NewReport) -> Result<Vec<DatasetRow>, Problem> {
    let settled = |datasets: &Vec<DatasetRow>| datasets.iter().all(|dataset| dataset.shoppers.is_some());
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
fn question(datasets: &[DatasetRow], new: &NewReport) -> Result<Question, Problem> {
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
    let shape = if features == Features::Rfm { Shape::Purchases } else { Shape::Shoppers };
    let (fitting, others): (Vec<&DatasetRow>, Vec<_>) =
        usable.into_iter().partition(|dataset| dataset.shape == Some(shape));
    if !others.is_empty() && (new.dataset_ids.is_some() || fitting.is_empty()) {
        return Err(Problem::field("/features", format!("do not fit: these datasets hold no {shape}")));
    }
    if fitting.is_empty() {
        return Err(NO_DATA.because("There is no ready dataset. Upload a file and wait until it is ready."));
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
        seed: new.seed,
    };
    let question = Question::new(revisions.collect(), parameters);
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
        let numeric = |dataset: &&DatasetRow| {
            dataset.columns.iter().any(|column| column.name == *name && column.column_type.is_numeric())
        };
        if !datasets.iter().all(numeric) {
            let detail = format!("not every dataset has a numeric column '{name}'");
            return Err(Problem::field(format!("/features/columns/{index}"), detail));
        }
        if names[..index].contains(name) {
            return Err(Problem::field(format!("/features/columns/{index}"), "is named twice"));
        }
    }
    Ok(())
}
