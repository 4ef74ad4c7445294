//! What reports accept and refuse: given, when, then.

use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::*;
use crate::ids::DatasetId;

type Reports = TestFramework<Report>;

#[test]
fn the_same_question_is_asked_once() {
    Reports::with(()).given(vec![requested(kmeans())]).when(request(kmeans())).then_expect_events(vec![]);
}

#[test]
fn a_question_that_failed_may_be_asked_again() {
    Reports::with(())
        .given(vec![requested(kmeans()), ReportEvent::ReportFailed { reason: "disk full".into() }])
        .when(request(kmeans()))
        .then_expect_events(vec![requested(kmeans())]);
}

#[test]
fn refuses_a_question_about_nothing() {
    let spec = ReportSpec::new(vec![], kmeans());
    Reports::with(())
        .given_no_previous_events()
        .when(ReportCommand::RequestReport {
            customer_id: CustomerId(Uuid::nil()),
            spec,
            context: ReportContext::default(),
            requested_by: UserId(Uuid::nil()),
        })
        .then_expect_error(ReportError::NoData);
}

#[test]
fn refuses_dbscan_without_a_radius() {
    let parameters = Parameters { algorithm: Algorithm::Dbscan, min_points: Some(5), ..kmeans() };
    Reports::with(())
        .given_no_previous_events()
        .when(request(parameters))
        .then_expect_error(Invalid::new("epsilon", "is needed for dbscan").into());
}

#[test]
fn the_order_of_datasets_does_not_make_another_report() {
    let revision = |id| DatasetRevision { dataset_id: DatasetId(Uuid::from_u128(id)), revision: 0 };
    let customer = CustomerId(Uuid::nil());
    let one = ReportSpec::new(vec![revision(1), revision(2)], kmeans()).report_id(customer);
    let other = ReportSpec::new(vec![revision(2), revision(1), revision(2)], kmeans()).report_id(customer);
    assert_eq!(one, other);
}

#[test]
fn habits_in_another_order_are_the_same_question() {
    let asked = |habits: &[Habit]| {
        ReportSpec::new(vec![], Parameters { features: Features::Purchases(habits.to_vec()), ..kmeans() })
    };
    use Habit::*;
    assert_eq!(asked(&[Tenure, Recency]), asked(&[Recency, Tenure, Recency]));
    assert_eq!(asked(&[Monetary, Recency, Frequency]).parameters.features, Features::Rfm);
}

fn request(parameters: Parameters) -> ReportCommand {
    let ReportEvent::ReportRequested { customer_id, spec, context, requested_by } = requested(parameters) else {
        unreachable!()
    };
    ReportCommand::RequestReport { customer_id, spec, context, requested_by }
}

fn requested(parameters: Parameters) -> ReportEvent {
    let datasets = vec![DatasetRevision { dataset_id: DatasetId(Uuid::nil()), revision: 0 }];
    ReportEvent::ReportRequested {
        customer_id: CustomerId(Uuid::nil()),
        spec: ReportSpec::new(datasets, parameters),
        context: ReportContext::default(),
        requested_by: UserId(Uuid::nil()),
    }
}

fn kmeans() -> Parameters {
    Parameters {
        features: Features::Rfm,
        scale: Scale::Auto,
        algorithm: Algorithm::Kmeans,
        clusters: ClusterCount::Auto,
        epsilon: None,
        min_points: None,
        as_of: None,
        rfm_grid: None,
        seed: 0,
    }
}
